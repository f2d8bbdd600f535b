// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/incumbent.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "secateur/core/rng.hpp"

namespace secateur::mip {

namespace {

int affordable(double budget, double price, int least, int most) {
  return static_cast<int>(std::clamp(budget / price, static_cast<double>(least), static_cast<double>(most)));
}

}  // namespace

double work_of_a_point(const graph::ReluGraph& graph) {
  double work = static_cast<double>(graph.inputs());
  for (const auto& layer : graph.layers) work += static_cast<double>(layer.weight.nonZeros() + layer.units());
  return work;
}

Matrix uniform_points(const Box& box, Index count, std::uint64_t seed) {
  Rng rng(seed);
  Matrix points(count, box.size());
  if (count > 0) points.row(0) = (0.5 * box.lower + 0.5 * box.upper).transpose();
  for (Index p = 1; p < count; ++p) {
    for (Index j = 0; j < box.size(); ++j) points(p, j) = rng.uniform(box.lower(j), box.upper(j));
  }
  return points;
}

Vector objectives(const graph::ReluGraph& graph, const Goal& goal, const Matrix& points, Matrix* gradient) {
  // One row a value and one column a point, row-major: every weight then acts on a contiguous run of points.
  const Index count = points.rows();
  Matrix values(graph.values(), count);
  values.topRows(graph.inputs()) = points.transpose();
  const int last = graph.depth() - 1;
  const auto preactivation = [&](int k) {
    const graph::AffineLayer& layer = graph.layers[static_cast<std::size_t>(k)];
    Matrix z = layer.weight * values.topRows(graph.first_value(k));
    z.colwise() += layer.bias;
    return z;
  };
  for (int k = 0; k < last; ++k) {
    values.middleRows(graph.first_value(k), graph.layers[static_cast<std::size_t>(k)].units()) =
        preactivation(k).cwiseMax(0.0);
  }
  const Matrix outputs = preactivation(last);
  Vector result = outputs.transpose() * goal.objective;
  for (const Goal::Range& range : goal.ranges) {
    for (Index p = 0; p < count; ++p) {
      const double y = outputs(range.output, p);
      result(p) += range.weight * std::max({0.0, range.lower - y, y - range.upper});
    }
  }
  if (gradient == nullptr) return result;

  Matrix slopes = Matrix::Zero(graph.values(), count);
  const SparseMatrix& last_weight = graph.layers.back().weight;
  const Vector seed = last_weight.transpose() * goal.objective;
  slopes.colwise() += seed;
  for (const Goal::Range& range : goal.ranges) {
    for (Index p = 0; p < count; ++p) {
      const double y = outputs(range.output, p);
      const double side = y > range.upper ? range.weight : y < range.lower ? -range.weight : 0.0;
      if (side == 0) continue;
      for (SparseMatrix::InnerIterator entry(last_weight, range.output); entry; ++entry) {
        slopes(entry.col(), p) += side * entry.value();
      }
    }
  }
  for (int k = last - 1; k >= 0; --k) {
    const graph::AffineLayer& layer = graph.layers[static_cast<std::size_t>(k)];
    const Index first = graph.first_value(k);
    // The ReLU's slope is 0 where its value is 0.
    const Matrix through =
        (values.middleRows(first, layer.units()).array() > 0).select(slopes.middleRows(first, layer.units()), 0.0);
    slopes.topRows(first) += layer.weight.transpose() * through;
  }
  *gradient = slopes.topRows(graph.inputs()).transpose();
  return result;
}

Vector descend(const graph::ReluGraph& graph, const Goal& goal, Matrix& points, int iterations, double first_step,
               double last_step, const Stop& stop, const std::vector<bool>& fixed) {
  Vector width = graph.domain.upper - graph.domain.lower;
  for (std::size_t j = 0; j < fixed.size(); ++j) {
    if (fixed[j]) width(static_cast<Index>(j)) = 0;
  }
  Matrix best = points, gradient;
  Vector best_value = Vector::Constant(points.rows(), std::numeric_limits<double>::infinity());
  const double shrink = std::pow(last_step / first_step, 1.0 / std::max(1, iterations - 1));
  double step = first_step;
  for (int t = 0; t <= iterations; ++t, step *= shrink) {
    const Vector value = objectives(graph, goal, points, &gradient);
    for (Index p = 0; p < points.rows(); ++p) {
      if (value(p) >= best_value(p)) continue;
      best_value(p) = value(p);
      best.row(p) = points.row(p);
    }
    if (t == iterations || stop.reason()) break;
    for (Index p = 0; p < points.rows(); ++p) {
      // In coordinates where the box is the unit cube, a step of that length in the largest coordinate.
      const Vector direction = gradient.row(p).transpose().cwiseProduct(width);
      const double size = direction.cwiseAbs().maxCoeff();
      if (!(size > 0) || !std::isfinite(size)) continue;
      const Vector moved = points.row(p).transpose() - step / size * direction.cwiseProduct(width);
      points.row(p) = graph.domain.clamp(moved).transpose();
    }
  }
  points = best;
  return best_value;
}

std::vector<Sighting> improved(const graph::ReluGraph& graph, const Goal& goal, const Matrix& points, Index starts,
                               int iterations, double first_step, const Stop& stop) {
  const Vector value = objectives(graph, goal, points);
  std::vector<Index> order(static_cast<std::size_t>(points.rows()));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return value(a) < value(b); });
  Matrix best(std::min(starts, points.rows()), points.cols());
  for (Index s = 0; s < best.rows(); ++s) best.row(s) = points.row(order[static_cast<std::size_t>(s)]);
  const Vector best_value = descend(graph, goal, best, iterations, first_step, 1e-4, stop);
  std::vector<Sighting> result;
  for (Index s = 0; s < best.rows(); ++s) {
    result.push_back({graph.domain.clamp(best.row(s).transpose()), best_value(s)});
  }
  return result;
}

std::vector<Sighting> best_of(std::vector<Sighting> found, const Vector& width, std::size_t count) {
  std::stable_sort(found.begin(), found.end(), [](const Sighting& a, const Sighting& b) { return a.value < b.value; });
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

std::vector<Vector> good_points(const graph::ReluGraph& graph, const Goal& goal, std::uint64_t seed, const Stop& stop,
                                const PointSearch& search) {
  const double price = work_of_a_point(graph);
  const int samples = affordable(search.sampling_work, price, 16, search.most_samples);
  const int starts =
      std::min(samples, affordable(search.descent_work, 2.0 * price * search.iterations, 4, search.most_starts));
  const Matrix points = uniform_points(graph.domain, samples, seed);
  std::vector<Sighting> found = improved(graph, goal, points, starts, search.iterations, 0.25, stop);
  const std::size_t all = found.size();
  std::vector<Vector> result;
  for (Sighting& each : best_of(std::move(found), graph.domain.upper - graph.domain.lower, all)) {
    result.push_back(std::move(each.x));
  }
  return result;
}

}  // namespace secateur::mip
