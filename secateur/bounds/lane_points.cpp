// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/lane_points.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "secateur/bounds/cell_walk.hpp"
#include "secateur/core/kernels.hpp"
#include "secateur/core/rng.hpp"

namespace secateur::bounds {

namespace {

constexpr Index lanes = crown_lanes;

/// As many points as there are lanes.
class Points {
 public:
  explicit Points(const Folded& folded)
      : m_inputs(folded.inputs),
        m_batch(folded.batch()),
        m_x(m_inputs, lanes),
        m_slope(m_inputs, lanes),
        m_work(2 * folded.values(), lanes) {
    m_batch.work = m_work.data();
  }

  /// One point a column.
  Matrix& x() { return m_x; }
  [[nodiscard]] const Matrix& slope() const { return m_slope; }
  [[nodiscard]] double value(Index lane) const { return m_value[static_cast<std::size_t>(lane)]; }
  void evaluate(bool slope) {
    bound_kernels().evaluate({&m_batch, m_x.data(), m_value.data(), slope ? m_slope.data() : nullptr});
  }

 private:
  Index m_inputs;
  CrownBatch m_batch;
  Matrix m_x, m_slope, m_work;
  std::array<double, crown_lanes> m_value{};
};

bool better(const Point& a, const Point& b) { return a.value < b.value; }

std::vector<Point> sample(Points& points, const Box& box, Index count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<Point> result;
  for (Index begin = 0; begin < count; begin += lanes) {
    for (Index p = 0; p < lanes; ++p) {
      for (Index j = 0; j < box.size(); ++j) {
        const double share = begin + p == 0 ? 0.5 : rng.uniform();
        points.x()(j, p) = std::clamp((1 - share) * box.lower(j) + share * box.upper(j), box.lower(j), box.upper(j));
      }
    }
    points.evaluate(false);
    for (Index p = 0; p < lanes; ++p) result.push_back({points.x().col(p), points.value(p)});
  }
  std::stable_sort(result.begin(), result.end(), better);
  result.resize(static_cast<std::size_t>(lanes));
  return result;
}

/// Projected gradient descent from every lane at once; `best` are the best points so far, lane by lane.
void descend(Points& points, const Box& box, int steps, double first_step, double last_step, std::vector<Point>& best) {
  const Vector width = box.upper - box.lower;
  const double shrink = std::pow(last_step / first_step, 1.0 / std::max(1, steps - 1));
  double step = first_step;
  for (int t = 0; t <= steps; ++t, step *= shrink) {
    points.evaluate(t < steps);
    for (Index p = 0; p < lanes; ++p) {
      Point& known = best[static_cast<std::size_t>(p)];
      if (points.value(p) < known.value) known = {points.x().col(p), points.value(p)};
      if (t == steps) continue;
      // In coordinates where the box is the unit cube, a step of that length in the largest coordinate.
      const Vector direction = points.slope().col(p).cwiseProduct(width);
      const double size = direction.cwiseAbs().maxCoeff();
      if (!(size > 0) || !std::isfinite(size)) continue;
      points.x().col(p) = box.clamp(points.x().col(p) - step / size * direction.cwiseProduct(width));
    }
  }
}

/// Corners of cells, and from each a few short steps on every side of it: at a corner the neighbouring cell may fall
/// further, and there is no gradient that would say so.
Point polish(Points& points, const Folded& folded, const Box& box, Point best) {
  constexpr int most_rounds = 4, steps = 5;
  const Vector width = box.upper - box.lower;
  Rng rng(1);
  for (int round = 0; round < most_rounds; ++round) {
    const double before = best.value;
    points.x().colwise() = best_of_cell(folded, box, best.x);
    // Nearer and nearer to the corner.
    double radius = 1e-2;
    for (Index p = 1; p < lanes; ++p, radius *= 0.3) {
      for (Index j = 0; j < box.size(); ++j) points.x()(j, p) += rng.uniform(-radius, radius) * width(j);
      points.x().col(p) = box.clamp(points.x().col(p));
    }
    std::vector<Point> found(static_cast<std::size_t>(lanes), best);
    descend(points, box, steps, 3e-3, 1e-6, found);
    best = *std::min_element(found.begin(), found.end(), better);
    if (!(best.value < before - 1e-9 * std::max(1.0, std::abs(before)))) break;
  }
  return best;
}

}  // namespace

std::vector<Point> lane_points(const Folded& folded, const Box& box, const LaneSearch& search) {
  Points points(folded);
  std::vector<Point> best = sample(points, box, std::max(search.samples, lanes), search.seed);
  for (Index p = 0; p < lanes; ++p) points.x().col(p) = best[static_cast<std::size_t>(p)].x;
  descend(points, box, search.steps, search.first_step, search.last_step, best);
  std::stable_sort(best.begin(), best.end(), better);
  best.front() = polish(points, folded, box, best.front());
  return best;
}

Point polished(const Folded& folded, const Box& box, const Point& point) {
  Points points(folded);
  return polish(points, folded, box, point);
}

}  // namespace secateur::bounds
