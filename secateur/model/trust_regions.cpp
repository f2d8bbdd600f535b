// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/trust_regions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "secateur/model/trust_points.hpp"

namespace secateur::model {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Keeps names apart when a problem is restricted twice.
std::string prefix_of(const Problem& problem, const char* region) {
  const auto taken = [&](const std::string& candidate) {
    return std::any_of(problem.constraints.begin(), problem.constraints.end(),
                       [&](const Constraint& c) { return c.name.rfind(candidate + ":", 0) == 0; });
  };
  std::string prefix = fmt::format("trust {}", region);
  for (int k = 2; taken(prefix); ++k) prefix = fmt::format("trust {} {}", region, k);
  return prefix;
}

/// lower <= x_j <= upper as a row: bounds stay what the user has stated. Propagation sees nothing of the range of
/// sum w_i row_i, whose terms it takes apart.
void add_range(Problem& problem, const ScaledData& data, std::size_t j, double lower, double upper,
               const std::string& prefix) {
  problem.add_constraint(fmt::format("{}: range of {}", prefix, data.names[j]), {{data.variables[j], 1.0}}, lower,
                         upper);
}

/// -room <= (x_j - middle_j) / range_j - sum of w_i point_ij <= room, in units of the range so that a tolerance means
/// the same for every input.
void add_coordinate(Problem& problem, const ScaledData& data, std::size_t j, const std::vector<Index>& rows,
                    int first_weight, double room, const std::string& prefix) {
  const auto coordinate = static_cast<Index>(j);
  std::vector<Term> terms{{data.variables[j], 1 / data.range(coordinate)}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double value = data.points(rows[i], coordinate);
    if (value != 0) terms.push_back({first_weight + static_cast<int>(i), -value});
  }
  const double middle = data.middle(coordinate) / data.range(coordinate);
  problem.add_constraint(fmt::format("{}: {}", prefix, data.names[j]), std::move(terms), middle - room, middle + room);
}

/// One weight a row, sum 1; returns the first one's variable.
int add_weights(Problem& problem, std::size_t count, bool binary, const std::string& prefix) {
  const auto first = static_cast<int>(problem.variables.size());
  std::vector<Term> sum;
  for (std::size_t i = 0; i < count; ++i) {
    Variable weight;
    weight.name = fmt::format("{}: weight {}", prefix, i);
    weight.type = binary ? VariableType::binary : VariableType::continuous;
    weight.lower = 0;
    weight.upper = 1;
    weight.auxiliary = true;
    sum.push_back({problem.add_variable(std::move(weight)), 1.0});
  }
  problem.add_constraint(prefix + ": one point", std::move(sum), 1, 1);
  return first;
}

/// What repairs need of the data: a copy, since the problem outlives it.
struct Local {
  std::vector<int> variables;
  Vector middle, range;
  std::vector<bool> constant;
  Matrix points;  ///< the rows that have a weight
  Box bounds;     ///< of the problem's variables
  int first_weight = 0;

  [[nodiscard]] Vector scaled(const Vector& point) const {
    Vector at(middle.size());
    for (Index j = 0; j < at.size(); ++j) {
      at(j) = (point(variables[static_cast<std::size_t>(j)]) - middle(j)) / range(j);
    }
    return at;
  }
  [[nodiscard]] auto weights(Vector& point) const { return point.segment(first_weight, points.rows()); }
};

Local local_of(const Problem& problem, const ScaledData& data, const std::vector<Index>& rows, int first_weight) {
  Local local{data.variables, data.middle, data.range, data.constant, data.points(rows, Eigen::all), {}, first_weight};
  const auto size = static_cast<Index>(data.variables.size());
  local.bounds = {Vector(size), Vector(size)};
  for (Index j = 0; j < size; ++j) {
    const auto& variable = problem.variables[static_cast<std::size_t>(data.variables[static_cast<std::size_t>(j)])];
    local.bounds.lower(j) = variable.lower;
    local.bounds.upper(j) = variable.upper;
  }
  return local;
}

/// Repairs move decisions; what a network determines is not theirs.
bool all_decisions(const Problem& problem, const ScaledData& data) {
  const std::vector<int> determined = structure(problem).determined;
  return std::none_of(data.variables.begin(), data.variables.end(),
                      [&](int v) { return std::binary_search(determined.begin(), determined.end(), v); });
}

/// Keeps weights that fit the point, and projects it onto the hull otherwise. In either case the inputs become exactly
/// what the weights say.
void repair_hull(const Local& local, Vector& point) {
  auto weights = local.weights(point);
  Vector w = weights.cwiseMax(0.0);
  const Vector at = local.scaled(point);
  constexpr double fits = 1e-6;
  const double sum = w.sum();
  const bool kept = std::abs(sum - 1) <= fits && (local.points.transpose() * w - at).lpNorm<Eigen::Infinity>() <= fits;
  if (kept) {
    w /= sum;
  } else {
    const HullPoint nearest = nearest_in_hull(local.points, at);
    w.setZero();
    for (std::size_t i = 0; i < nearest.rows.size(); ++i) w(nearest.rows[i]) += nearest.weights[i];
  }
  weights = w;
  const Vector moved = local.points.transpose() * w;
  for (Index j = 0; j < moved.size(); ++j) {
    point(local.variables[static_cast<std::size_t>(j)]) = local.middle(j) + local.range(j) * moved(j);
  }
}

/// Into the nearest cube, whose centre is chosen.
void repair_distance(const Local& local, double radius, Vector& point) {
  const Vector at = local.scaled(point);
  Vector room = Vector::Constant(at.size(), radius);
  for (Index j = 0; j < at.size(); ++j) {
    if (local.constant[static_cast<std::size_t>(j)]) room(j) = 0;
  }
  const Matrix away = (local.points.rowwise() - at.transpose()).cwiseAbs();
  Index nearest = 0;
  (away.rowwise() - room.transpose()).cwiseMax(0.0).rowwise().squaredNorm().minCoeff(&nearest);
  auto weights = local.weights(point);
  weights.setZero();
  weights(nearest) = 1;
  for (Index j = 0; j < at.size(); ++j) {
    const double centre = local.points(nearest, j);
    if (std::abs(at(j) - centre) <= room(j)) continue;
    point(local.variables[static_cast<std::size_t>(j)]) =
        local.middle(j) + local.range(j) * std::clamp(at(j), centre - room(j), centre + room(j));
  }
}

}  // namespace

/// x = sum w_i p_i, w >= 0, sum w_i = 1: no binaries, exactly the hull of the rows that were chosen.
TrustRestriction restrict_to_hull(Problem& problem, const ScaledData& data, const TrustSettings& settings,
                                  std::uint64_t seed) {
  constexpr int usual_points = 500;
  const Extremes extremes = extreme_rows(data.points, settings.points.value_or(usual_points), seed);
  const std::string prefix = prefix_of(problem, "hull");
  const int first = add_weights(problem, extremes.rows.size(), false, prefix);
  for (std::size_t j = 0; j < data.variables.size(); ++j) {
    const auto coordinate = static_cast<Index>(j);
    add_range(problem, data, j, data.box.lower(coordinate), data.box.upper(coordinate), prefix);
    add_coordinate(problem, data, j, extremes.rows, first, 0, prefix);
  }
  const Local local = local_of(problem, data, extremes.rows, first);
  if (all_decisions(problem, data)) {
    problem.repairs.emplace_back([local](Vector& point) { repair_hull(local, point); });
  }
  TrustRestriction result{.region = TrustRegion::hull,
                          .points = static_cast<Index>(extremes.rows.size()),
                          .exact = extremes.exact,
                          .inside = 1};
  if (!extremes.exact) {
    // Of a sample: a projection each.
    const Index asked = std::min<Index>(data.points.rows(), 300);
    Index inside = 0;
    for (Index k = 0; k < asked; ++k) {
      const Vector row = data.points.row(k * data.points.rows() / asked).transpose();
      if (nearest_in_hull(local.points, row).distance <= 1e-6) ++inside;
    }
    result.inside = static_cast<double>(inside) / static_cast<double>(asked);
  }
  return result;
}

/// The union of equal cubes around centres c_i: |(x_j - m_j) / r_j - sum w_i c_ij| <= radius with binary w, sum 1. All
/// cubes are translates of one, so that the convex hull of their union is the hull of the centres plus that cube, which
/// is what these rows say once the binaries are relaxed: no formulation has a tighter relaxation (Balas 1988). Centres
/// are rows of the data, so that every point of the region is within the radius of one.
TrustRestriction restrict_to_distance(Problem& problem, const ScaledData& data, const TrustSettings& settings) {
  constexpr int usual_points = 100;
  const Cover cover = covering_rows(data.points, settings.points.value_or(usual_points));
  const double radius = settings.radius.value_or(std::max(cover.radius, data.spacing));
  const Local all = local_of(problem, data, cover.rows, 0);
  const auto room = [&](Index j) { return data.constant[static_cast<std::size_t>(j)] ? 0.0 : radius; };
  // Cubes outside the problem's bounds are left out, as long as another one is left.
  std::vector<Index> rows;
  for (const Index row : cover.rows) {
    bool meets = true;
    for (Index j = 0; j < data.points.cols(); ++j) {
      const double half = room(j) * data.range(j);
      const double centre = data.middle(j) + data.range(j) * data.points(row, j);
      // Room for rounding: a cube is left out only if it is clearly outside.
      const double slack = 1e-9 * data.range(j);
      meets = meets && centre + half + slack >= all.bounds.lower(j) && centre - half - slack <= all.bounds.upper(j);
    }
    if (meets) rows.push_back(row);
  }
  if (rows.empty()) rows = cover.rows;
  const std::string prefix = prefix_of(problem, "distance");
  const int first = add_weights(problem, rows.size(), true, prefix);
  for (std::size_t j = 0; j < data.variables.size(); ++j) {
    const auto coordinate = static_cast<Index>(j);
    double low = infinity, high = -infinity;
    for (const Index row : rows) {
      low = std::min(low, data.points(row, coordinate));
      high = std::max(high, data.points(row, coordinate));
    }
    const double margin = room(coordinate) + 1e-9;  // the row below is the constraint; this one helps propagation
    const double middle = data.middle(coordinate), range = data.range(coordinate);
    add_range(problem, data, j, middle + range * (low - margin), middle + range * (high + margin), prefix);
    add_coordinate(problem, data, j, rows, first, room(coordinate), prefix);
  }
  if (all_decisions(problem, data)) {
    problem.repairs.emplace_back([local = local_of(problem, data, rows, first), radius](Vector& point) {
      repair_distance(local, radius, point);
    });
  }
  TrustRestriction result{.region = TrustRegion::distance, .points = static_cast<Index>(rows.size())};
  result.radius = radius;
  result.covering = cover.radius;
  Index inside = 0;
  for (Index k = 0; k < data.points.rows(); ++k) {
    const auto row = data.points.row(k);
    if ((all.points.rowwise() - row).cwiseAbs().rowwise().maxCoeff().minCoeff() <= radius) ++inside;
  }
  result.inside = static_cast<double>(inside) / static_cast<double>(data.points.rows());
  return result;
}

}  // namespace secateur::model
