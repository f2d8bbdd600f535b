// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/trust_points.hpp"

#include <Eigen/QR>

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "secateur/core/rng.hpp"
#include "secateur/lp/session.hpp"

namespace secateur::model {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
/// What counts as nothing in units in which every coordinate spans about 1.
constexpr double tiny = 1e-9;

/// argmin |sum a_i p_i|^2 over all a with sum 1, the rows p_i of `corral`: (1 1' + P P') u = 1, a = u / sum u.
Vector affine_minimum(const Matrix& corral) {
  const Index size = corral.rows();
  const Matrix gram = corral * corral.transpose() + Matrix::Ones(size, size);
  const Vector u = gram.colPivHouseholderQr().solve(Vector::Ones(size));
  return u / u.sum();
}

}  // namespace

/// Wolfe's method keeps a *corral*: affinely independent rows whose affine hull's point nearest to the target lies
/// inside their convex hull. As long as some row p is beyond that point z (z'p < z'z, seen from the target), p joins;
/// where the new affine minimum has negative weights, the walk towards it stops at the boundary and drops what became
/// zero. Every step gets nearer to the target, so that no corral returns.
HullPoint nearest_in_hull(const Matrix& points, const Vector& target) {
  if (points.rows() == 0) throw std::invalid_argument("model::nearest_in_hull: no points");
  const Index dimensions = points.cols();
  const Vector norms = (points.rowwise() - target.transpose()).rowwise().squaredNorm();
  HullPoint result;
  auto& rows = result.rows;
  Index nearest = 0;
  norms.minCoeff(&nearest);
  rows = {nearest};
  Vector weights = Vector::Ones(1);
  const auto corral = [&] {
    Matrix matrix(static_cast<Index>(rows.size()), dimensions);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      matrix.row(static_cast<Index>(i)) = points.row(rows[i]) - target.transpose();
    }
    return matrix;
  };
  Vector z = corral().transpose() * weights;
  const double size = std::max(norms.maxCoeff(), 1e-300);
  const int most_rounds = 50 + 20 * static_cast<int>(dimensions);
  for (int round = 0; round < most_rounds; ++round) {
    Index beyond = 0;
    const double lowest = (points * z).minCoeff(&beyond) - target.dot(z);
    if (lowest >= z.squaredNorm() - 1e-14 * size) break;
    if (std::find(rows.begin(), rows.end(), beyond) != rows.end()) break;
    rows.push_back(beyond);
    weights.conservativeResize(weights.size() + 1);
    weights(weights.size() - 1) = 0;
    while (true) {
      const Vector goal = affine_minimum(corral());
      constexpr double zero = 1e-12;
      double step = 1;
      for (Index i = 0; i < goal.size(); ++i) {
        if (goal(i) <= zero && weights(i) > goal(i)) step = std::min(step, weights(i) / (weights(i) - goal(i)));
      }
      if (!goal.allFinite()) step = 0;
      if (step > 0) weights += step * (goal - weights);
      std::vector<Index> kept;
      std::vector<double> kept_weights;
      for (Index i = 0; i < weights.size(); ++i) {
        if (weights(i) <= zero) continue;
        kept.push_back(rows[static_cast<std::size_t>(i)]);
        kept_weights.push_back(weights(i));
      }
      const bool dropped = kept.size() < rows.size();
      rows = kept;
      weights = Eigen::Map<const Vector>(kept_weights.data(), static_cast<Index>(kept_weights.size()));
      weights /= weights.sum();
      if (step >= 1 || !dropped || rows.size() <= 1) break;
    }
    const Vector before = z;
    z = corral().transpose() * weights;
    if (z.squaredNorm() >= before.squaredNorm()) break;  // as near as arithmetic allows
  }
  result.weights.assign(weights.begin(), weights.end());
  result.residual = -z;
  result.distance = z.norm();
  return result;
}

double separation_from_hull(const Matrix& points, const Vector& target) {
  if (points.rows() == 0) throw std::invalid_argument("model::separation_from_hull: no points");
  const Index dimensions = points.cols();
  // max w'(target - c) - v with w = plus - minus, sum (plus + minus) <= 1, v >= w'(row - c) for every row; c moves the
  // origin to where the target is, so that the numbers are as small as what they tell apart.
  lp::Model model;
  model.sense = Sense::maximize;
  const auto d = static_cast<int>(dimensions);
  for (int j = 0; j < 2 * d; ++j) model.add_column(0, 1, 0, false, {});
  const int v = model.add_column(-infinity, infinity, -1, false, {});
  for (int j = 0; j < 2 * d; ++j) model.add_entry(j, 1);
  model.close_row(-infinity, 1, {});
  const Matrix moved = points.rowwise() - target.transpose();
  std::vector<bool> known(static_cast<std::size_t>(points.rows()), false);
  const auto add = [&](lp::Rows& rows, Index row) {
    if (known[static_cast<std::size_t>(row)]) return;
    known[static_cast<std::size_t>(row)] = true;
    for (int j = 0; j < d; ++j) {
      if (moved(row, j) == 0) continue;
      rows.add_entry(j, moved(row, j));
      rows.add_entry(d + j, -moved(row, j));
    }
    rows.add_entry(v, -1);
    rows.close_row(-infinity, 0);
  };
  lp::Rows first;
  for (Index j = 0; j < dimensions; ++j) {
    Index low = 0, high = 0;
    moved.col(j).minCoeff(&low);
    moved.col(j).maxCoeff(&high);
    add(first, low);
    add(first, high);
  }
  if (dimensions == 0) return 0;
  model.append(first);
  const auto session = lp::make_session();
  session->load(model);
  lp::RunSettings settings;
  settings.feasibility = settings.optimality = tiny;
  double proven = 0;  // w = 0 separates by nothing
  while (true) {
    const lp::Outcome outcome = session->run(settings);
    if (outcome.status != Status::optimal) throw lp::SolverError("the distance to a convex hull was not found");
    Vector w(dimensions);
    for (int j = 0; j < d; ++j) w(j) = outcome.primal(j) - outcome.primal(d + j);
    const double length = w.lpNorm<1>();
    if (length > 1) w /= length;
    const Vector along = moved * w;
    Index violated = 0;
    const double highest = along.maxCoeff(&violated);
    proven = std::max(proven, -highest);
    const bool met = highest <= outcome.primal(v) + tiny;
    if (met || known[static_cast<std::size_t>(violated)]) return proven;
    // The few rows that violate most: one at a time would solve many more programs.
    std::vector<Index> order(static_cast<std::size_t>(points.rows()));
    std::iota(order.begin(), order.end(), Index{0});
    const auto count = std::min<std::ptrdiff_t>(5, static_cast<std::ptrdiff_t>(order.size()));
    std::partial_sort(order.begin(), order.begin() + count, order.end(),
                      [&](Index a, Index b) { return along(a) > along(b) || (along(a) == along(b) && a < b); });
    lp::Rows more;
    for (auto i = order.begin(); i != order.begin() + count; ++i) {
      if (along(*i) > outcome.primal(v)) add(more, *i);
    }
    session->add_rows(more);
  }
}

Extremes extreme_rows(const Matrix& points, Index most, std::uint64_t seed) {
  if (most < 1) throw std::invalid_argument("model::extreme_rows: at least one row has to be allowed");
  const Index count = points.rows(), dimensions = points.cols();
  if (count <= most && count <= 1)
    return {.rows = count == 1 ? std::vector<Index>{0} : std::vector<Index>{}, .exact = true};

  // How often a row is the farthest of all; and how near it came to being so.
  Rng rng(seed);
  constexpr double work = 2e8;
  const auto directions =
      static_cast<Index>(std::clamp(work / static_cast<double>(count * std::max<Index>(dimensions, 1)), 100.0, 5000.0));
  std::vector<Index> hits(static_cast<std::size_t>(count), 0);
  Vector slack = Vector::Constant(count, infinity);
  for (Index t = 0; t < directions + 2 * dimensions; ++t) {
    Vector direction = Vector::Zero(dimensions);
    if (t < 2 * dimensions) {
      direction(t / 2) = t % 2 == 0 ? 1 : -1;
    } else {
      for (Index j = 0; j < dimensions; ++j) direction(j) = rng.normal();
    }
    const Vector along = points * direction;
    Index farthest = 0;
    const double highest = along.maxCoeff(&farthest);
    hits[static_cast<std::size_t>(farthest)] += t < 2 * dimensions ? directions : 1;  // no axis is left out
    slack = slack.cwiseMin(Vector::Constant(count, highest) - along);
  }
  Extremes result;
  for (Index i = 0; i < count; ++i) {
    if (hits[static_cast<std::size_t>(i)] > 0) result.rows.push_back(i);
  }
  std::stable_sort(result.rows.begin(), result.rows.end(), [&](Index a, Index b) {
    return hits[static_cast<std::size_t>(a)] > hits[static_cast<std::size_t>(b)];
  });
  if (static_cast<Index>(result.rows.size()) > most) result.rows.resize(static_cast<std::size_t>(most));

  // Clarkson: a row outside the hull so far shows a direction; the row that is farthest in it is extreme.
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return slack(a) < slack(b); });
  constexpr std::size_t most_questions = 20000;
  Matrix chosen(std::min(most, count), dimensions);
  Index size = 0;
  for (const Index row : result.rows) chosen.row(size++) = points.row(row);
  result.exact = order.size() <= most_questions;
  for (std::size_t q = 0; q < std::min(order.size(), most_questions); ++q) {
    const Vector row = points.row(order[q]).transpose();
    while (true) {
      const HullPoint nearest = nearest_in_hull(chosen.topRows(size), row);
      if (nearest.distance <= tiny) break;
      if (size == chosen.rows()) {
        result.exact = false;
        return result;
      }
      Index farthest = 0;
      (points * nearest.residual).maxCoeff(&farthest);
      const bool known = std::find(result.rows.begin(), result.rows.end(), farthest) != result.rows.end();
      const Index extreme = known ? order[q] : farthest;  // known: by rounding; then the row itself serves
      result.rows.push_back(extreme);
      chosen.row(size++) = points.row(extreme);
      if (known) break;
    }
  }
  return result;
}

Cover covering_rows(const Matrix& points, Index most) {
  if (most < 1) throw std::invalid_argument("model::covering_rows: at least one row has to be allowed");
  Cover cover;
  if (points.rows() == 0) return cover;
  // Begins in the middle; distances are zero for what is chosen.
  const Vector middle = 0.5 * (points.colwise().minCoeff() + points.colwise().maxCoeff()).transpose();
  const auto to = [&](const Vector& point) -> Vector {
    if (points.cols() == 0) return Vector::Zero(points.rows());
    return (points.rowwise() - point.transpose()).cwiseAbs().rowwise().maxCoeff();
  };
  Index next = 0;
  to(middle).minCoeff(&next);
  Vector distance = Vector::Constant(points.rows(), infinity);
  do {
    cover.rows.push_back(next);
    distance = distance.cwiseMin(to(points.row(next).transpose()));
    cover.radius = distance.maxCoeff(&next);
  } while (cover.radius > 0 && static_cast<Index>(cover.rows.size()) < most);
  return cover;
}

Neighbours neighbours(const Matrix& points, Index most) {
  const Index count = points.rows();
  if (count < 2) throw std::invalid_argument("model::neighbours: at least two points are needed");
  Neighbours result;
  const Index asked = std::min(count, most);
  for (Index k = 0; k < asked; ++k) {
    const Index row = k * count / asked;
    const Matrix difference = points.rowwise() - points.row(row);
    Vector euclidean = difference.rowwise().squaredNorm();
    Vector maximum =
        difference.cols() == 0 ? Vector(Vector::Zero(count)) : Vector(difference.cwiseAbs().rowwise().maxCoeff());
    euclidean(row) = maximum(row) = infinity;
    result.euclidean.push_back(std::sqrt(euclidean.minCoeff()));
    result.maximum.push_back(maximum.minCoeff());
  }
  std::sort(result.euclidean.begin(), result.euclidean.end());
  std::sort(result.maximum.begin(), result.maximum.end());
  return result;
}

}  // namespace secateur::model
