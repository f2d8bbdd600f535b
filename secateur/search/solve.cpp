// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/solve.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "secateur/bounds/folded.hpp"
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
  constexpr int most_layers = 60;
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
  Native(const model::Problem& problem, const model::SolveSettings& settings, const Vector* known)
      : m_problem(problem), m_settings(settings), m_known(known) {}

  mip::Outcome operator()(const mip::Stage& stage) {
    const model::Compiled& compiled = stage.prepared.problem;
    const Index inputs = compiled.graph.inputs();
    if (!m_asked) {
      m_asked = true;
      m_refusal = refusal(compiled, m_problem.variables.size());
    }
    const bool now = stage.tightened == (inputs <= few_inputs);
    if (m_refusal || !now) return {};
    return search(stage);
  }

  /// One line on how the engine was chosen; empty where the user chose and had it.
  [[nodiscard]] std::string note() const {
    if (m_left) return "the native search left a part unproven to the MILP path";
    if (m_refusal) return "by the MILP path, since " + *m_refusal;
    return m_choice;
  }

 private:
  /// The rule of `auto`, measured (docs/engine.md): how many nodes a search may take before more than `still_open` of
  /// its tree has to be closed. On few inputs with dense rows the MILP path would get even less far.
  [[nodiscard]] static std::int64_t patience(const model::Compiled& compiled) {
    constexpr Index medium_inputs = 10;
    constexpr double dense = 12;
    if (compiled.graph.inputs() > medium_inputs) return 1000;
    return fan_in(compiled.graph) < dense ? 4000 : std::numeric_limits<std::int64_t>::max();
  }

  mip::Outcome search(const mip::Stage& stage) {
    const model::Compiled& compiled = stage.prepared.problem;
    const graph::ReluGraph& graph = compiled.graph;
    const double sign = m_problem.sense == Sense::minimize ? 1 : -1;
    Task task;
    for (const mip::Goal::Range& range : stage.goal.ranges) {
      task.ranges.push_back({range.output, range.lower, range.upper, 0.1 * range.weight});
    }
    Box box = graph.domain;
    for (std::size_t j = 0; j < compiled.frame.inputs.size(); ++j) {
      task.values.push_back(values_of(m_problem.variables[static_cast<std::size_t>(compiled.frame.inputs[j])]));
      const auto input = static_cast<Index>(j);
      box.lower(input) = task.values.back().up(box.lower(input));
      box.upper(input) = task.values.back().down(box.upper(input));
      if (box.lower(input) > box.upper(input)) return {};
    }
    if (m_known != nullptr) {
      Vector x(graph.inputs());
      for (Index j = 0; j < x.size(); ++j) x(j) = (*m_known)(compiled.frame.inputs[static_cast<std::size_t>(j)]);
      task.sentinel.emplace(std::move(x));
    }
    Vector objective = Vector::Zero(graph.outputs());
    objective(compiled.objective.output) = sign;
    auto network =
        std::make_shared<const Network>(bounds::fold(graph, box, stage.prepared.bounds, objective), task.ranges);
    Listener listener;
    listener.probe = [&](const Vector& x) { return sign * stage.probe(x); };
    listener.prove = [&](double bound, std::int64_t nodes) { stage.prove(sign * bound, nodes); };
    constexpr double still_open = 0.3;
    const bool choose = m_settings.engine == model::Engine::auto_;
    const std::int64_t patient = choose ? patience(compiled) : std::numeric_limits<std::int64_t>::max();
    if (choose) {
      m_choice =
          fmt::format("native search: {} inputs, {:.0f} non-zeros in a neuron's row", graph.inputs(), fan_in(graph));
    }
    listener.enough = [&](const TreeState& state) {
      if (state.nodes < patient || state.open < still_open) return false;
      m_choice = fmt::format("handed over to the MILP path: after {} nodes {:.0f} % of the native search was open",
                             state.nodes, 100 * state.open);
      return true;
    };
    TreeLimits limits;
    limits.threads = m_settings.threads;
    limits.memory = 0x1p20 * std::min(0.5 * m_settings.memory_limit, 2048.0);
    const TreeResult found =
        search_tree(task, std::move(network), box, sign * stage.cutoff, limits, listener, stage.stop);
    mip::Outcome outcome;
    outcome.nodes = found.nodes;
    if (std::isfinite(found.bound)) stage.prove(sign * found.bound, found.nodes);
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

  const model::Problem& m_problem;
  const model::SolveSettings& m_settings;
  const Vector* m_known;
  bool m_asked = false;
  bool m_left = false;  ///< the tree has ended, but not everything in it is proven
  std::optional<std::string> m_refusal;
  std::string m_choice;
};

}  // namespace

model::SolveResult solve(const model::Problem& problem, const model::SolveSettings& settings,
                         const mip::SolverOptions& options, const ProgressSink& progress, const Vector* known) {
  if (settings.engine == model::Engine::milp) return mip::solve(problem, settings, options, progress);
  Native native(problem, settings, known);
  model::SolveSettings inner = settings;
  inner.engine = model::Engine::milp;
  model::SolveResult result =
      mip::solve(problem, inner, options, progress, nullptr, [&](const mip::Stage& stage) { return native(stage); });
  const std::string note = native.note();
  if (!note.empty()) result.note += (result.note.empty() ? "" : "; ") + note;
  return result;
}

}  // namespace secateur::search
