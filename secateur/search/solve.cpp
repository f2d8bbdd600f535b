// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/solve.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "secateur/bounds/folded.hpp"
#include "secateur/core/error.hpp"
#include "secateur/search/alternatives.hpp"
#include "secateur/search/contest.hpp"
#include "secateur/search/cut_tree.hpp"
#include "secateur/search/learned_costs.hpp"
#include "secateur/search/part_tree.hpp"
#include "secateur/search/scout.hpp"
#include "secateur/search/tree.hpp"

namespace secateur::search {

namespace {

/// Up to so many inputs, subdivision of the box alone closes most gaps.
constexpr Index few_inputs = 6;

/// Why the native search does not take a problem; nothing: it does. Variables without finite bounds, and those that a
/// trust region adds, are no inputs of the graph.
std::optional<std::string> refusal(const model::Compiled& problem, std::size_t variables) {
  std::size_t columns = problem.frame.inputs.size();
  for (const int column : problem.frame.outputs) columns += column >= 0 ? 1 : 0;
  bool whole = problem.objective.whole && columns == variables;
  for (const auto& constraint : problem.constraints) whole = whole && constraint.whole;
  if (!whole) return "it has variables without finite bounds, or of a trust region";
  if (problem.graph.inputs() == 0) return "there is nothing to branch on";
  if (problem.graph.depth() > most_layers) return "its networks have more than 60 layers";
  return std::nullopt;
}

Values values_of(const model::Variable& variable) {
  switch (variable.type) {
    case model::VariableType::continuous:
      return Values::continuous();
    case model::VariableType::binary:
    case model::VariableType::integer:
      return Values::integer();
    case model::VariableType::discrete:
      break;
  }
  return Values::one_of(variable.values);
}

/// Non-zeros of a row on average, over the hidden layers.
double fan_in(const graph::ReluGraph& graph) {
  double entries = 0, rows = 0;
  for (int k = 0; k + 1 < graph.depth(); ++k) {
    entries += static_cast<double>(graph.layers[static_cast<std::size_t>(k)].weight.nonZeros());
    rows += static_cast<double>(graph.layers[static_cast<std::size_t>(k)].units());
  }
  return rows > 0 ? entries / rows : 0;
}

/// The interlude of one run.
class Native {
 public:
  /// `checkpoint`: none if null.
  /// `learned`: nothing if null.
  Native(const model::Problem& problem, const model::SolveSettings& settings, const Vector* known, Method method,
         Checkpoint* checkpoint, const Learned* learned)
      : m_problem(problem),
        m_settings(settings),
        m_sign(problem.sense == Sense::minimize ? 1 : -1),
        m_known(known),
        m_method(method),
        m_checkpoint(checkpoint),
        m_learned(learned) {}

  mip::Outcome operator()(const mip::Stage& stage) {
    const model::Compiled& compiled = stage.prepared.problem;
    const Index inputs = compiled.graph.inputs();
    if (!m_asked) {
      m_asked = true;
      m_refusal = refusal(compiled, m_problem.variables.size());
    }
    const bool saved = m_checkpoint != nullptr && m_checkpoint->found();
    const bool now = saved || stage.tightened == (inputs <= few_inputs);
    if (m_refusal || m_searched || !now) return {};
    m_searched = true;
    return search(stage);
  }

  /// Adds to what was learned what only the search knows.
  void teach(Learned& learned, const model::SolveResult& result) const {
    if (!m_costs.empty()) learned.costs = m_costs;
    if (m_asked && result.status == Status::optimal) {
      learned.way = result.engine == model::Engine::milp ? Way::milp : m_way;
    }
  }
  /// Whether points and bounds alone have left anything to search.
  [[nodiscard]] bool asked() const { return m_asked; }

  /// One line on how the engine was chosen; empty where the user chose and had it.
  [[nodiscard]] std::string note() const {
    if (m_left) return "the native search left a part unproven to the MILP path";
    if (m_refusal) return "by the MILP path, since " + *m_refusal;
    return m_choice;
  }

 private:
  /// What `measured` means for a problem (docs/engine.md): the searches that may take part, the one that begins first,
  /// and, where the user leaves the choice and a tableau of every unit would be large, how many nodes dual ascent may
  /// take before more than `still_open` of its tree is left to the MILP path.
  struct Plan {
    std::vector<Way> ways;
    std::int64_t patience = std::numeric_limits<std::int64_t>::max();

    [[nodiscard]] bool has(Way way) const { return std::ranges::find(ways, way) != ways.end(); }
  };
  [[nodiscard]] Plan plan(const graph::ReluGraph& graph, const Task& task, Index units) const {
    constexpr Index subdivided_inputs = 8, medium_inputs = 10, most_units = 250;
    constexpr double dense = 12;
    if (m_method == Method::dual) return {{Way::dual}};
    if (m_method == Method::cut) return {{Way::cut}};
    if (m_method == Method::subdivision) return {{Way::subdivision}};
    Plan result{{Way::dual}};
    const bool small = units <= most_units, many = graph.inputs() > medium_inputs, sparse = fan_in(graph) < dense;
    const bool ranges = !task.ranges.empty();
    if (small) {
      const bool first = sparse || ranges;
      result.ways.insert(first ? result.ways.begin() : result.ways.end(), Way::cut);
    }
    if (graph.inputs() <= subdivided_inputs && (small || !sparse)) {
      const bool first = ranges || graph.inputs() <= few_inputs;
      result.ways.insert(first ? result.ways.begin() : result.ways.end(), Way::subdivision);
    }
    if (m_learned != nullptr) {
      const auto best = std::ranges::find(result.ways, m_learned->way);
      if (best != result.ways.end()) std::rotate(result.ways.begin(), best, best + 1);
    }
    if (!small && m_settings.engine == model::Engine::auto_) {
      if (many) result.patience = 1000;
      if (!many && sparse) result.patience = 4000;
    }
    return result;
  }

  mip::Outcome search(const mip::Stage& stage) {
    const model::Compiled& compiled = stage.prepared.problem;
    const graph::ReluGraph& graph = compiled.graph;
    Task task = task_of(stage);
    Box box = graph.domain;
    for (Index j = 0; j < box.size(); ++j) {
      const Values& values = task.values[static_cast<std::size_t>(j)];
      box.lower(j) = values.up(box.lower(j));
      box.upper(j) = values.down(box.upper(j));
      if (box.lower(j) > box.upper(j)) return {};
    }
    Vector objective = Vector::Zero(graph.outputs());
    objective(compiled.objective.output) = m_sign;
    double cutoff = m_sign * stage.cutoff;
    Saved saved{{box, task.ranges, bounds::fold(graph, box, stage.prepared.bounds, objective)}, {}, 0, {}};
    const bool goes_on = m_checkpoint != nullptr && m_checkpoint->found();
    if (goes_on) {
      saved = m_checkpoint->take();
      cutoff = resume(stage, saved, graph.inputs());
      task.ranges = saved.root.ranges;
    }
    const TreeResult found = by_methods(stage, task, saved, cutoff);
    if (std::isfinite(found.bound)) stage.prove(m_sign * found.bound, found.nodes);
    mip::Outcome outcome;
    if (found.stopped) {
      outcome.kind = mip::Outcome::Kind::stopped;
      outcome.status = *found.stopped;
    } else if (found.exhausted && found.bound >= found.cutoff) {
      outcome.kind = mip::Outcome::Kind::closed;
    } else {
      m_left = found.exhausted;
    }
    return outcome;
  }

  [[nodiscard]] Task task_of(const mip::Stage& stage) const {
    const std::vector<int>& inputs = stage.prepared.problem.frame.inputs;
    Task task;
    for (const mip::Goal::Range& range : stage.goal.ranges) {
      task.ranges.push_back({range.output, range.lower, range.upper, 0.1 * range.weight});
    }
    for (const int v : inputs) task.values.push_back(values_of(m_problem.variables[static_cast<std::size_t>(v)]));
    if (m_learned != nullptr) task.costs = known_costs(*m_learned, m_problem, stage.prepared);
    if (m_known != nullptr) task.sentinel.emplace(Vector((*m_known)(inputs)));
    return task;
  }

  /// Dual ascent, cuts, or whichever gets on better, as planned. `saved` holds the root, and the searches to go on with
  /// if there are any.
  TreeResult by_methods(const mip::Stage& stage, const Task& task, Saved& saved, double cutoff) {
    const graph::ReluGraph& graph = stage.prepared.problem.graph;
    const auto network = std::make_shared<const Network>(saved.root.folded, task.ranges);
    ContestMemory memory;
    memory.earlier = std::move(saved.contest);
    Plan plan = this->plan(graph, task, network->folded().units());
    for (const SavedSearch& search : memory.earlier.begun) {
      if (!plan.has(search.way)) plan.ways.push_back(search.way);
    }
    if (m_checkpoint != nullptr) {
      memory.due = [&] { return m_checkpoint->due(); };
      memory.save = [&](SavedContest contest) { save(stage, std::move(contest), saved); };
    }
    Listener listener;
    if (m_learned != nullptr) {
      listener.learned = [&](const std::vector<KnownCost>& costs) {
        m_costs = learned_costs(costs, *m_learned, m_problem, stage.prepared);
      };
    }
    listener.prove = [&](double bound, std::int64_t nodes) { stage.prove(m_sign * bound, nodes); };
    Scout scout(graph, stage.goal, task.values, m_settings.seed, stage.stop);
    listener.probe = [&](const Vector& x) {
      const double before = known_best(stage), now = m_sign * stage.probe(x);
      if (!(known_best(stage) < before)) scout.suggest(x);
      return now;
    };
    listener.errand = [&](double work, const std::vector<Box>& parts) { return scout.errand(work, parts); };
    listener.returned = [&](const std::vector<mip::Sighting>& sightings) { return take(sightings, stage); };
    bool handed_over = false, out_of_nodes = false;
    listener.enough = [&](const TreeState& state) {
      out_of_nodes = static_cast<double>(state.nodes) >= m_settings.node_limit;
      if (out_of_nodes) return true;
      constexpr double still_open = 0.3;
      handed_over = state.nodes >= plan.patience && state.open >= still_open;
      if (handed_over) {
        m_choice = fmt::format("handed over to the MILP path: after {} nodes {:.0f} % of the native search was open",
                               state.nodes, 100 * state.open);
      }
      return handed_over;
    };
    TreeLimits limits;
    limits.threads = m_settings.threads;
    limits.memory = 0x1p20 * std::min(0.5 * m_settings.memory_limit, 2048.0);
    limits.memory /= static_cast<double>(plan.ways.size());
    const auto contestant = [&](Way way, const char* name, auto make, double entry) {
      return Contestant{way, name,
                        [&, make](double best, const Listener& inner, const SavedTree* earlier) {
                          return make(task, network, saved.root.box, best, limits, inner, stage.stop, earlier);
                        },
                        entry};
    };
    std::vector<Contestant> contestants;
    for (const Way way : plan.ways) {
      if (way == Way::dual) {
        contestants.push_back(contestant(way, "native search", make_tree, tree_entry_work(*network)));
      } else if (way == Way::cut) {
        contestants.push_back(contestant(way, "native search with cuts", make_cut_tree, cut_entry_work(*network)));
      } else {
        contestants.push_back(contestant(way, "subdivision", make_part_tree, part_entry_work(*network)));
      }
    }
    ContestResult found = contest(contestants, cutoff, listener, std::move(memory));
    if (out_of_nodes) found.tree.stopped = Status::node_limit;
    m_way = found.last;
    if (!handed_over && m_settings.engine == model::Engine::auto_) {
      m_choice = fmt::format("{}: {} inputs, {:.0f} non-zeros in a neuron's row", fmt::join(found.ran, ", then "),
                             graph.inputs(), fan_in(graph));
    }
    return found.tree;
  }

  [[nodiscard]] double known_best(const mip::Stage& stage) const {
    const auto known = stage.incumbent();
    return known ? m_sign * known->second : std::numeric_limits<double>::infinity();
  }

  /// Tries those that may be better than what is known, those that just miss their ranges with linear programs. Returns
  /// the cut-off.
  double take(const std::vector<mip::Sighting>& sightings, const mip::Stage& stage) const {
    double cutoff = std::numeric_limits<double>::infinity();
    for (const mip::Sighting& each : sightings) {
      const double best = known_best(stage);
      if (!(each.value < best)) break;
      cutoff = m_sign * stage.probe(each.x);
      if (!(known_best(stage) < best)) cutoff = m_sign * stage.polish(each.x);
    }
    return cutoff;
  }

  /// Gives back what a checkpoint holds: its incumbent, without which its cut-off closes nothing, and its bound.
  /// Returns the cut-off.
  double resume(const mip::Stage& stage, const Saved& saved, Index inputs) const {
    const auto refuse = [&](const char* what) {
      throw InputError(
          std::string("is a checkpoint that this run cannot go on from: ") + what + "; remove it to start anew",
          m_checkpoint->file());
    };
    if (saved.root.box.size() != inputs) refuse("the problem has other inputs now");
    double cutoff = m_sign * stage.cutoff;
    if (saved.incumbent.size() > 0) {
      if (saved.incumbent.size() != static_cast<Index>(m_problem.variables.size()))
        refuse("its point has another size");
      cutoff = m_sign * stage.offer(saved.incumbent);
      const auto known = stage.incumbent();
      // Another machine may round differently.
      const double slack = 1e-9 * std::max(1.0, std::abs(saved.objective));
      if (!known || m_sign * known->second > m_sign * saved.objective + slack) refuse("its best point is not accepted");
    }
    stage.prove(m_sign * saved.contest.bound(), saved.contest.nodes());
    return cutoff;
  }

  void save(const mip::Stage& stage, SavedContest contest, Saved& saved) const {
    saved.incumbent.resize(0);
    if (const auto known = stage.incumbent()) std::tie(saved.incumbent, saved.objective) = *known;
    saved.contest = std::move(contest);
    m_checkpoint->save(saved);
    saved.contest = {};
  }

  const model::Problem& m_problem;
  const model::SolveSettings& m_settings;
  const double m_sign;  ///< the search minimises this times the objective
  const Vector* m_known;
  const Method m_method;
  Checkpoint* m_checkpoint;
  const Learned* m_learned;
  std::vector<Learned::Cost> m_costs;
  Way m_way = Way::subdivision;
  bool m_asked = false, m_searched = false;
  bool m_left = false;  ///< the tree has ended, but not everything in it is proven
  std::optional<std::string> m_refusal;
  std::string m_choice;
};

}  // namespace

model::SolveResult solve(const model::Problem& problem, const model::SolveSettings& settings,
                         const mip::SolverOptions& options, const ProgressSink& progress, const Vector* known,
                         const Continuation& continuation, Method method) {
  if (settings.solutions > 1) {
    if (!continuation.checkpoint.file.empty()) {
      throw InputError("does not go with several solutions: one search is saved, not one a solution",
                       continuation.checkpoint.file);
    }
    const SolveOne one = [&](const model::Problem& part, const model::SolveSettings& how, const ProgressSink& sink) {
      const bool whole = &part == &problem;
      return solve(part, how, options, sink, whole ? known : nullptr, whole ? continuation : Continuation{}, method);
    };
    return alternatives(problem, settings, one, progress);
  }
  std::optional<Checkpoint> checkpoint;
  if (!continuation.checkpoint.file.empty()) checkpoint.emplace(continuation.checkpoint, problem, settings);
  mip::Start start{continuation.starts, {}};
  Learned* const learned = continuation.learned;
  if (learned != nullptr) {
    take_up(*learned, problem);
    Known known_before = search::known(*learned, problem);
    start.bound = known_before.bound;
    std::move(known_before.points.begin(), known_before.points.end(), std::back_inserter(start.points));
  }
  Native native(problem, settings, known, method, checkpoint ? &*checkpoint : nullptr, learned);
  model::SolveSettings inner = settings;
  inner.engine = model::Engine::milp;
  mip::Interlude interlude;
  if (settings.engine != model::Engine::milp) interlude = [&](const mip::Stage& stage) { return native(stage); };
  model::SolveResult result = mip::solve(problem, inner, options, progress, nullptr, interlude, start);
  model::add_note(result, native.note());
  if (checkpoint) model::add_note(result, checkpoint->finish(result));
  if (learned != nullptr) {
    learn(*learned, problem, settings, result);
    native.teach(*learned, result);
    if (!native.asked() && start.bound && result.bound == start.bound) {
      model::add_note(result, "what an earlier solve has proven holds here");
    }
  }
  return result;
}

}  // namespace secateur::search
