// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/scout.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

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

}  // namespace

Scout::Scout(const graph::ReluGraph& graph, const mip::Goal& goal, const std::vector<Values>& values,
             std::uint64_t seed, const Stop& stop)
    : m_graph(graph), m_goal(goal), m_values(values), m_seed(seed), m_stop(stop) {
  if (!std::all_of(values.begin(), values.end(), [](const Values& each) { return each.any(); })) {
    for (const Values& each : values) m_isolated.push_back(!each.any());
  }
  // Forwards and backwards.
  const double pass = mip::work_of_a_point(graph) / passes_a_microsecond, descent = 2 * iterations * pass;
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

std::vector<mip::Sighting> Scout::values_of(const std::vector<Vector>& points) const {
  Matrix rows(static_cast<Index>(points.size()), m_graph.inputs());
  for (std::size_t p = 0; p < points.size(); ++p) rows.row(static_cast<Index>(p)) = points[p];
  const Vector value = mip::objectives(m_graph, m_goal, rows);
  std::vector<mip::Sighting> result;
  for (std::size_t p = 0; p < points.size(); ++p) result.push_back({points[p], value(static_cast<Index>(p))});
  return result;
}

Vector Scout::admissible(Vector x) const {
  for (std::size_t j = 0; j < m_isolated.size(); ++j) {
    if (!m_isolated[j]) continue;
    double& at = x(static_cast<Index>(j));
    at = m_values[j].nearest(at);
  }
  return m_graph.domain.clamp(x);
}

std::vector<mip::Sighting> Scout::descents(const Batch& batch) const {
  std::vector<mip::Sighting> found;
  const auto descend = [&](const Matrix& points, Index starts, double step) {
    for (mip::Sighting& each : mip::improved(m_graph, m_goal, points, starts, iterations, step, m_stop)) {
      found.push_back(std::move(each));
    }
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
    descend(points, inside, 0.05);
  }
  return found;
}

std::vector<mip::Sighting> Scout::search(const Batch& batch) const {
  const Vector width = m_graph.domain.upper - m_graph.domain.lower;
  std::vector<mip::Sighting> starts = mip::best_of(values_of(batch.suggested), width, improved);
  for (mip::Sighting& each : mip::best_of(descents(batch), width, improved)) starts.push_back(std::move(each));
  mip::CellSteps steps(m_graph, m_goal);
  for (mip::Sighting& each : starts) each = steps.improve(admissible(each.x), m_isolated, m_stop);
  std::stable_sort(starts.begin(), starts.end(),
                   [](const mip::Sighting& a, const mip::Sighting& b) { return a.value < b.value; });
  return starts;
}

}  // namespace secateur::search
