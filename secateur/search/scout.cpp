// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/scout.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "secateur/mip/incumbent.hpp"

namespace secateur::search {

namespace {

/// Of the trees' work: with ranges or isolated values, and where every point is feasible.
constexpr double share = 0.05, free_share = 0.02;
constexpr int iterations = 60;
/// Samples that a start is the best of.
constexpr Index samples_a_start = 8;
/// Multiply-adds of a pass through the graph that take as long as a unit of work.
constexpr double passes_a_microsecond = 2000;
/// Descents of a batch are no more work than that.
constexpr double most_work = 3e3;
/// So many of the best descents, and of the best points that are suggested, are improved from cell to cell; each over
/// so many cells on average, with linear programs for so much work.
constexpr std::size_t improved = 2;
constexpr double cells = 6, program_work = 50;
/// Suggestions that are kept for a batch.
constexpr std::size_t most_suggested = 64;

double entries(const graph::ReluGraph& graph) {
  double entries = static_cast<double>(graph.inputs());
  for (const auto& layer : graph.layers) entries += static_cast<double>(layer.weight.nonZeros() + layer.units());
  return entries;
}

/// The best `count` rows.
Matrix best_rows(const Matrix& points, const Vector& value, Index count) {
  std::vector<Index> order(static_cast<std::size_t>(points.rows()));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return value(a) < value(b); });
  Matrix best(std::min(count, points.rows()), points.cols());
  for (Index p = 0; p < best.rows(); ++p) best.row(p) = points.row(order[static_cast<std::size_t>(p)]);
  return best;
}

bool better(const Sighting& a, const Sighting& b) { return a.value < b.value; }

/// The best ones that differ from one another by more than a thousandth of the box, the best first.
std::vector<Sighting> best_of(std::vector<Sighting> found, std::size_t count, const Vector& width) {
  std::stable_sort(found.begin(), found.end(), better);
  std::vector<Sighting> best;
  for (Sighting& each : found) {
    if (best.size() >= count) break;
    const bool known = std::any_of(best.begin(), best.end(), [&](const Sighting& other) {
      return ((each.x - other.x).cwiseAbs().array() <= 1e-3 * width.array()).all();
    });
    if (!known) best.push_back(std::move(each));
  }
  return best;
}

}  // namespace

Scout::Scout(const graph::ReluGraph& graph, const mip::Goal& goal, const std::vector<Values>& values,
             std::uint64_t seed, const Stop& stop)
    : m_graph(graph), m_goal(goal), m_values(values), m_seed(seed), m_stop(stop) {
  if (!std::all_of(values.begin(), values.end(), [](const Values& each) { return each.any(); })) {
    for (const Values& each : values) m_isolated.push_back(!each.any());
  }
  // Forwards and backwards.
  const double pass = entries(graph) / passes_a_microsecond, descent = 2 * iterations * pass;
  m_starts = static_cast<int>(std::clamp(most_work / descent, 4.0, 32.0));
  const double cell = (static_cast<double>(graph.inputs()) + iterations) * pass + program_work;
  m_price = m_starts * descent + 2 * static_cast<double>(improved) * cells * cell;
  // Where every point is feasible, the search for first points has been as much as a batch.
  const bool free = goal.ranges.empty() && m_isolated.empty();
  if (free) m_spent = m_price;
  m_share = free ? free_share : share;
}

void Scout::suggest(const Vector& x) {
  if (m_suggested.size() < most_suggested) m_suggested.push_back(x);
}

Errand Scout::errand(double work, const std::vector<Box>& parts) {
  if (m_share * work < m_spent) return {};
  m_spent += m_price;
  return [this, batch = Batch{parts, std::exchange(m_suggested, {}), m_seed + (++m_batches << 20)}] {
    return search(batch);
  };
}

std::vector<Sighting> Scout::values_of(const std::vector<Vector>& points) const {
  Matrix rows(static_cast<Index>(points.size()), m_graph.inputs());
  for (std::size_t p = 0; p < points.size(); ++p) rows.row(static_cast<Index>(p)) = points[p];
  const Vector value = mip::objectives(m_graph, m_goal, rows);
  std::vector<Sighting> result;
  for (std::size_t p = 0; p < points.size(); ++p) result.push_back({points[p], value(static_cast<Index>(p))});
  return result;
}

Vector Scout::admissible(Vector x) const {
  for (std::size_t j = 0; j < m_isolated.size(); ++j) {
    if (!m_isolated[j]) continue;
    double& at = x(static_cast<Index>(j));
    const double below = m_values[j].down(at), above = m_values[j].up(at);
    at = at - below <= above - at ? below : above;
  }
  return m_graph.domain.clamp(x);
}

std::vector<Sighting> Scout::descents(const Batch& batch) const {
  std::vector<Sighting> found;
  const auto descend = [&](Matrix points, Index starts, double step) {
    points = best_rows(points, mip::objectives(m_graph, m_goal, points), starts);
    const Vector value = mip::descend(m_graph, m_goal, points, iterations, step, 1e-4, m_stop);
    for (Index p = 0; p < points.rows(); ++p) found.push_back({points.row(p).transpose(), value(p)});
  };
  const Index inside = batch.parts.empty() ? 0 : m_starts / 2, anywhere = m_starts - inside;
  descend(mip::uniform_points(m_graph.domain, samples_a_start * anywhere, batch.seed), anywhere, 0.25);
  if (inside > 0) {
    const auto parts = static_cast<Index>(batch.parts.size());
    const Index each = std::max<Index>(1, samples_a_start * inside / parts);
    Matrix points(each * parts, m_graph.inputs());
    for (Index p = 0; p < parts; ++p) {
      points.middleRows(p * each, each) = mip::uniform_points(batch.parts[static_cast<std::size_t>(p)], each,
                                                              batch.seed + 1 + static_cast<std::uint64_t>(p));
    }
    descend(std::move(points), inside, 0.05);
  }
  return found;
}

std::vector<Sighting> Scout::search(const Batch& batch) const {
  const Vector width = m_graph.domain.upper - m_graph.domain.lower;
  std::vector<Sighting> starts = best_of(values_of(batch.suggested), improved, width);
  for (Sighting& each : best_of(descents(batch), improved, width)) starts.push_back(std::move(each));
  CellSteps steps(m_graph, m_goal);
  for (Sighting& each : starts) each = steps.improve(admissible(each.x), m_isolated, m_stop);
  std::stable_sort(starts.begin(), starts.end(), better);
  return starts;
}

}  // namespace secateur::search
