// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/cut_node.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "secateur/core/rounding.hpp"
#include "secateur/search/kept_points.hpp"
#include "secateur/search/separation.hpp"

namespace secateur::search {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
/// Binaries and integer inputs closer to an integer count as one.
constexpr double integral = 1e-6;
constexpr int sweeps = 3;
constexpr int most_exchanges = 2000, trial_exchanges = 12;
/// A binary whose pseudo-costs rest on fewer trials is tried; so many at most, and so many in vain.
constexpr int reliable = 4;
constexpr std::size_t most_trials = 8, vain_trials = 3;
/// The tableau is built anew after so many exchanges.
constexpr std::int64_t refactor_every = 1000;
/// Rows that the tableau may have beyond those that a dive begins with.
constexpr int spare_rows = 30;
/// Rounds of cuts at the beginning of a dive.
constexpr int own_rounds = 2;
/// What a dive's own form takes besides exchanges, in entries of a tableau exchanged, for each entry of the folded
/// network: 9 to 11 nanoseconds where rows are sparse, 18 where they are dense.
constexpr double form_work = 67;

}  // namespace

CutDiver::CutDiver(const CutTask& shared, const Stop& stop) : m_shared(shared), m_stop(stop) {
  if (!shared.watched || !shared.task.sentinel) return;
  const Vector& x = shared.task.sentinel->point();
  m_known.emplace();
  m_known_objective = shared.form.complete(x.data(), *m_known);
  const bounds::Folded& folded = shared.form.network->folded();
  for (Index i = 0; i < folded.units(); ++i) {
    double z = folded.bias(i);
    for (Index v = 0; v < folded.values(); ++v) z += folded.weight(i, v) * (*m_known)[static_cast<std::size_t>(v)];
    m_known_z.push_back(z);
  }
}

bool CutDiver::holds_known(const CutNode& node) const {
  if (!m_known) return false;
  const Form& form = m_shared.form;
  for (int j = 0; j < form.inputs; ++j) {
    const auto i = static_cast<std::size_t>(j);
    if ((*m_known)[i] < node.bounds.input_lower[i] || (*m_known)[i] > node.bounds.input_upper[i]) return false;
  }
  for (int u = 0; u < form.units; ++u) {
    const auto i = static_cast<std::size_t>(u);
    // Within round-off of a border it may count as outside.
    const double margin = 1e-9 * std::max(1.0, form.network->folded().magnitude(u));
    if (m_known_z[i] < node.bounds.lower[i] + margin || m_known_z[i] > node.bounds.upper[i] - margin) return false;
  }
  return true;
}

void CutDiver::watch(const CutNode& node, bool inside, bool closed) const {
  if (!inside) return;
  const Form& form = m_shared.form;
  const double margin = 1e-9 * std::max(1.0, form.network->folded().magnitude(form.units));
  if (node.bound > m_known_objective + margin && node.bound < infinity) {
    throw std::logic_error("a bound lies above the known point's objective");
  }
  if (closed && m_known_objective < m_cutoff - margin) throw std::logic_error("a node with the known point is dropped");
}

void CutDiver::dive(CutNode node, double cutoff, int budget, const PseudoCosts& costs, CutDive& result) {
  const Form& form = m_shared.form;
  m_costs = costs;
  m_cutoff = cutoff;
  m_program_cutoff = cutoff - form.offset + form.objective_error;
  m_program_cutoff += 1e-9 * std::max(1.0, std::abs(m_program_cutoff));
  const bool held = holds_known(node);
  const bool any = begin(node);
  watch(node, held, !any);
  if (!any) {
    ++result.nodes;
    return;
  }
  const bool own = m_form != &form;
  const bounds::Folded& folded = form.network->folded();
  if (own) result.work += form_work * static_cast<double>(folded.rows()) * static_cast<double>(folded.values());
  const double before = own ? 0 : m_shared.root.simplex().work();
  result.open.push_back(std::move(node));
  while (!result.open.empty() && result.nodes < budget && !m_stop.reason()) {
    CutNode at = std::move(result.open.back());
    result.open.pop_back();
    if (at.bound > m_cutoff) continue;
    ++result.nodes;
    const bool inside = holds_known(at);
    const Fate fate = bound(at);
    watch(at, inside, fate == Fate::closed);
    learn(at, fate, result);
    if (fate == Fate::closed) continue;
    if (split(std::move(at), result)) watch({}, inside, true);
  }
  result.work += m_program.simplex().work() - before;
  leave(result);
}

/// Makes the dive's form and program. The root, and what has been saved, begin with the root's. False: the node holds
/// nothing.
bool CutDiver::begin(CutNode& node) {
  m_bases.clear();
  m_form = &m_shared.form;
  if (node.basis) {
    if (!narrow(node)) return false;
    m_own = std::make_unique<Form>(form_within(m_shared.form, node.bounds));
    m_form = m_own.get();
    KeptPoints kept(*m_own, m_shared.task.values, 20);
    if (m_known && holds_known(node)) kept.add(*m_known);
    for (std::size_t i = 0; i < node.cuts->rows.size(); ++i) m_own->rows.push_back(node.cuts->rows[i]);
    m_program = CutProgram(*m_own);
    m_program.go_to(*node.basis);
    add_hulls();
    // Its bound no longer says what the branching that made it has gained.
    node.column = -1;
    for (std::size_t i = 0; i < m_own->rows.size(); ++i) kept.check(*m_own, m_own->rows[i]);
  } else {
    m_program = m_shared.root;
  }
  m_bases.push_back(std::make_shared<lp::Basis>(m_program.basis()));
  node.basis = m_bases.back();
  node.cuts = nullptr;
  m_rows = m_program.simplex().rows();
  m_refactored = m_program.simplex().exchanges();
  return true;
}

/// Hulls of units within the bounds of the dive's first node.
void CutDiver::add_hulls() {
  Separator separator(*m_own);
  for (int round = 0; round < own_rounds; ++round) {
    if (m_program.solve(m_program_cutoff, most_exchanges) != lp::SimplexEnd::optimal) return;
    m_program.simplex().point(m_x);
    const std::vector<Cut> cuts = separator.run_hulls(m_x, std::max(10, m_own->units));
    if (cuts.empty()) break;
    for (const Cut& cut : cuts) m_own->rows.push_back(cut.row);
    m_program.shed(0);
  }
  if (m_program.solve(m_program_cutoff, most_exchanges) == lp::SimplexEnd::optimal) m_program.shed(0);
}

/// Open nodes take the cuts along that their bases name.
void CutDiver::leave(CutDive& result) {
  if (result.open.empty()) return;
  const auto first = static_cast<std::size_t>(m_form->formulation_rows);
  std::vector<int> name(m_form->rows.size() - first, 0);
  std::erase_if(m_bases, [](const auto& basis) { return basis.use_count() == 1; });
  const auto each_cut = [&](const auto& visit) {
    for (const auto& basis : m_bases) {
      for (int& row : basis->rows) {
        if (row >= m_form->formulation_rows) visit(row, name[static_cast<std::size_t>(row) - first]);
      }
    }
  };
  each_cut([](int, int& used) { used = 1; });
  const auto pool = std::make_shared<CutPool>();
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == 0) continue;
    name[i] = m_form->formulation_rows + static_cast<int>(pool->rows.size());
    pool->rows.push_back(m_form->rows[first + i]);
  }
  each_cut([](int& row, int renamed) { row = renamed; });
  for (CutNode& node : result.open) node.cuts = pool;
  m_bases.clear();
}

/// A closed node has gained as much as it took, at least.
void CutDiver::learn(CutNode& node, Fate fate, CutDive& result) {
  if (node.column < 0 || !std::isfinite(m_program_cutoff)) return;
  const double reached = fate == Fate::closed ? std::max(m_program_cutoff, node.from) : m_program.simplex().objective();
  const PseudoCosts::Event event{node.column, node.up, std::max(0.0, reached - node.from) / node.distance};
  m_costs.learn(event);
  result.learned.push_back(event);
  node.column = -1;
}

/// Propagation, and inputs with isolated values between two of these. False: the node holds nothing.
bool CutDiver::narrow(CutNode& node) const {
  bool any = m_shared.propagation.run(node.bounds, m_cutoff, sweeps);
  for (std::size_t j = 0; any && j < m_shared.task.values.size(); ++j) {
    const Values& values = m_shared.task.values[j];
    if (values.any()) continue;
    node.bounds.input_lower[j] = values.up(node.bounds.input_lower[j]);
    node.bounds.input_upper[j] = values.down(node.bounds.input_upper[j]);
    any = node.bounds.input_lower[j] <= node.bounds.input_upper[j];
  }
  if (!any) node.bound = infinity;
  return any;
}

CutDiver::Fate CutDiver::bound(CutNode& node) {
  const Form& form = *m_form;
  if (!narrow(node)) return Fate::closed;
  form.column_bounds(node.bounds, m_lower, m_upper);
  m_program.shed(m_rows + spare_rows);
  m_program.set_bounds(m_lower, m_upper);
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (attempt > 0 || m_program.simplex().exchanges() - m_refactored > refactor_every) {
      m_program.refactor();
      m_refactored = m_program.simplex().exchanges();
    }
    const lp::SimplexEnd end = m_program.solve(m_program_cutoff, most_exchanges);
    node.bound = std::max(node.bound, m_program.proven(end, m_lower, m_upper));
    if (node.bound > m_cutoff) return Fate::closed;
    const double said = m_program.simplex().objective() + form.offset;
    // A proof that is far from what plain arithmetic says asks for a fresh tableau.
    if (end == lp::SimplexEnd::optimal && said - node.bound < 1e-6 * std::max(1.0, std::abs(said))) break;
  }
  return Fate::open;
}

CutNode CutDiver::child(const CutNode& node, int column, bool up) const {
  const Form& form = *m_form;
  CutNode result;
  result.bounds = node.bounds;
  result.bound = node.bound;
  result.depth = node.depth + 1;
  if (form.is_binary(column)) {
    const auto u = static_cast<std::size_t>(column - form.inputs - form.units);
    if (up) {
      result.bounds.lower[u] = std::max(result.bounds.lower[u], 0.0);
    } else {
      result.bounds.upper[u] = std::min(result.bounds.upper[u], 0.0);
    }
    return result;
  }
  const auto j = static_cast<std::size_t>(column);
  const Values& values = m_shared.task.values[j];
  double below = values.down(m_x[j]), above = values.up(m_x[j]);
  if (values.off(m_x[j]) <= integral || below < node.bounds.input_lower[j] || above > node.bounds.input_upper[j]) {
    const Values::Parts parts = values.halves(node.bounds.input_lower[j], node.bounds.input_upper[j]);
    below = parts.first;
    above = parts.second;
  }
  if (up) {
    result.bounds.input_lower[j] = above;
  } else {
    result.bounds.input_upper[j] = below;
  }
  return result;
}

/// True: nothing was left to split.
bool CutDiver::split(CutNode node, CutDive& result) {
  const Form& form = *m_form;
  m_program.simplex().point(m_x);
  const double objective = m_program.simplex().objective();
  Vector x = Eigen::Map<const Vector>(m_x.data(), form.inputs);
  bool whole = true;
  for (int j = 0; j < form.inputs; ++j) {
    const auto i = static_cast<std::size_t>(j);
    x(j) = std::clamp(x(j), node.bounds.input_lower[i], node.bounds.input_upper[i]);
    const Values& values = m_shared.task.values[i];
    if (values.any()) continue;
    whole = whole && values.off(x(j)) <= integral;
    x(j) = values.nearest(x(j));
  }
  const double reached = form.complete(x.data(), m_completed);
  if (reached <= m_cutoff) result.candidates.push_back(x);
  const double size = std::max(1.0, std::abs(reached));
  if (!node.met && whole && reached <= m_cutoff && reached - node.bound <= 1e-6 * size) {
    node.met = true;
    result.open.insert(result.open.begin(), std::move(node));
    return false;
  }
  bool closed = false;
  const int column = choose(node, result, closed);
  if (closed) return true;
  if (column < 0) {
    result.settled = std::min(result.settled, node.bound);
    return false;
  }
  const auto c = static_cast<std::size_t>(column);
  CutNode down = child(node, column, false), up = child(node, column, true);
  const double fraction = form.is_binary(column) ? m_x[c] : 0.5;
  const auto basis = m_bases.emplace_back(std::make_shared<lp::Basis>(m_program.basis()));
  for (CutNode* each : {&down, &up}) {
    each->basis = basis;
    each->column = column;
    each->up = each == &up;
    each->distance = std::max(each->up ? 1 - fraction : fraction, 1e-3);
    each->from = objective;
  }
  // The child that is thought to cost less is searched first.
  const bool up_first = m_costs.gain(column, true) * up.distance < m_costs.gain(column, false) * down.distance;
  result.open.push_back(std::move(up_first ? down : up));
  result.open.push_back(std::move(up_first ? up : down));
  return false;
}

/// What a child's bound is thought to gain, from a few exchanges; learns from it. `closed`: it is proven to hold
/// nothing.
double CutDiver::look(const CutNode& node, int column, bool up, CutDive& result, bool& closed) {
  const Form& form = *m_form;
  CutNode next = child(node, column, up);
  closed = !m_shared.propagation.run(next.bounds, m_cutoff, 1);
  const double fraction = m_x[static_cast<std::size_t>(column)];
  const auto gained = [&](double gain) {
    const PseudoCosts::Event event{column, up, gain / std::max(up ? 1 - fraction : fraction, 1e-3)};
    m_costs.learn(event);
    result.learned.push_back(event);
    return gain;
  };
  const double all = std::max(0.0, m_program_cutoff - m_program.simplex().objective());
  if (closed) return std::isfinite(all) ? gained(all) : infinity;
  form.column_bounds(next.bounds, m_trial_lower, m_trial_upper);
  m_trial = m_program;
  const double before = m_trial.simplex().work();
  m_trial.set_bounds(m_trial_lower, m_trial_upper);
  const lp::SimplexEnd end = m_trial.solve(m_program_cutoff, trial_exchanges, true);
  result.work += m_trial.simplex().work() - before;
  if (end == lp::SimplexEnd::above || end == lp::SimplexEnd::infeasible) {
    closed = m_trial.proven(end, m_trial_lower, m_trial_upper) > m_cutoff;
    if (closed) return std::isfinite(all) ? gained(all) : infinity;
  }
  return gained(std::clamp(m_trial.simplex().objective() - m_program.simplex().objective(), 0.0, all));
}

/// The column to branch on, -1: there is none. Fractional binaries by the product of what both children are thought to
/// gain; those with few trials are tried (reliability branching, Achterberg, Koch & Martin 2005).
int CutDiver::choose(CutNode& node, CutDive& result, bool& closed) {
  const Form& form = *m_form;
  int input = -1;
  double furthest = integral;
  for (int j = 0; j < form.inputs; ++j) {
    const auto i = static_cast<std::size_t>(j);
    if (node.bounds.input_lower[i] >= node.bounds.input_upper[i]) continue;
    const double away = m_shared.task.values[i].off(m_x[i]);
    if (away > furthest) {
      furthest = away;
      input = j;
    }
  }
  if (input >= 0) return input;
  struct Choice {
    double score;
    int column;
  };
  std::vector<Choice> choices;
  int unfixed = -1;
  const auto product = [](double down, double up) { return std::max(down, 1e-6) * std::max(up, 1e-6); };
  for (int i = 0; i < form.units; ++i) {
    const auto u = static_cast<std::size_t>(i);
    if (!unstable(node.bounds.lower[u], node.bounds.upper[u])) continue;
    const int column = form.binary(i);
    const double delta = m_x[static_cast<std::size_t>(column)];
    if (unfixed < 0) unfixed = column;
    if (delta <= integral || delta >= 1 - integral) continue;
    choices.push_back({product(m_costs.gain(column, false) * delta, m_costs.gain(column, true) * (1 - delta)), column});
  }
  if (choices.empty()) {
    if (unfixed >= 0) return unfixed;
    // Every sign is known; integer inputs that happen to be whole may still be open.
    for (int j = 0; j < form.inputs; ++j) {
      const auto i = static_cast<std::size_t>(j);
      if (!m_shared.task.values[i].any() && node.bounds.input_lower[i] < node.bounds.input_upper[i]) return j;
    }
    return -1;
  }
  std::sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
    return a.score != b.score ? a.score > b.score : a.column < b.column;
  });
  Choice best{-1, choices.front().column};
  std::size_t trials = 0, vain = 0;
  for (const Choice& choice : choices) {
    double score = choice.score;
    if (m_costs.trials(choice.column) < reliable) {
      if (trials >= most_trials || vain >= vain_trials) continue;
      ++trials;
      bool no_down = false, no_up = false;
      const double down = look(node, choice.column, false, result, no_down);
      const double up = look(node, choice.column, true, result, no_up);
      if (no_down && no_up) {
        closed = true;
        return -1;
      }
      if (no_down || no_up) return choice.column;  // one child closes at once
      score = product(down, up);
    }
    if (score > best.score) {
      best = {score, choice.column};
      vain = 0;
    } else {
      ++vain;
    }
  }
  return best.column;
}

}  // namespace secateur::search
