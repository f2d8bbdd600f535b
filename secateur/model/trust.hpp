// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "secateur/core/box.hpp"
#include "secateur/core/names.hpp"
#include "secateur/core/options.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"

namespace secateur::model {

/// Where a surrogate is believed: in the convex hull of its training data, or near some point of it.
enum class TrustRegion { hull, distance };

/// Options of the region. Distances are measured in ranges: a coordinate counts as its difference divided by the range
/// (largest minus smallest value) that the input has in the data.
struct TrustSettings {
  std::optional<TrustRegion> region = std::nullopt;
  std::optional<double> radius = std::nullopt;
  std::optional<int> points = std::nullopt;
};

template <class Visitor>
void describe(TrustSettings& s, Visitor&& visit) {
  visit("trust", s.region,
        "keep the search where the surrogate was trained: in the convex hull of the data, or at most a distance from "
        "one of its rows");
  visit("trust-radius", s.radius,
        "that distance, in ranges of the inputs: 0.1 lets every input differ by 10 % of its range (default: so that "
        "no row is outside)",
        Range<double>{0, 10});
  visit("trust-points", s.points, "rows that stand for the data, at most (default: 500 for hull, 100 for distance)",
        Range<int>{1, 5000});
}

/// What a restriction made of the data; see Trust::confine.
struct TrustRestriction {
  TrustRegion region = TrustRegion::hull;
  Index points = 0;     ///< rows that span the hull, or that are centres
  bool exact = false;   ///< hull: of all rows; otherwise an inner approximation
  double inside = 0;    ///< share of the data's rows that lie in the region (of a sample where there are many)
  double radius = 0;    ///< distance: the one that holds
  double covering = 0;  ///< distance: every row of the data is at most this far from a centre
};

/// Where a point lies with respect to the data.
struct TrustReport {
  /// To the nearest row: Euclidean, in ranges. Infinite where an input differs that is constant in the data.
  double distance = 0;
  Index row = 0;          ///< that row, counted from 0
  double percentile = 0;  ///< % of the data's rows that are nearer to their own nearest neighbour than that
  bool inside_box = false;
  /// A linear program decides; outside means that a direction separates the point from all rows by more than 1e-6.
  bool inside_hull = false;
  double hull_distance = 0;  ///< maximum norm, in ranges; 0 inside; infinite as `distance` is
};

/// The data that a problem's networks were trained on, as far as the problem's variables go: what it says of a point,
/// and constraints that keep a problem inside it (docs/trust.md).
class Trust {
 public:
  /// `columns` and `rows` (rows x columns): a table, whose columns are matched by name with the problem's variables;
  /// what counts are the inputs of every network all of whose inputs are there. `file` is how messages call the table.
  /// Throws InputError when there is no such network, for fewer than two rows, and for numbers that are not finite.
  Trust(const Problem& problem, const std::vector<std::string>& columns, const Matrix& rows, std::string file = {});

  /// The networks that the data covers, and their inputs: indices of the problem, ascending.
  [[nodiscard]] const std::vector<int>& networks() const { return m_networks; }
  [[nodiscard]] const std::vector<int>& variables() const { return m_variables; }
  [[nodiscard]] Index rows() const { return m_points.rows(); }

  /// Of a point of the problem (one entry a variable; further ones do not count).
  [[nodiscard]] TrustReport report(const Vector& point) const;
  /// The same for the point of a result; nothing when it has none. `problem`: the one that was solved.
  [[nodiscard]] std::optional<TrustReport> report(const Problem& problem, const SolveResult& result) const;

  /// Adds linear constraints that only points in the region satisfy, with auxiliary variables at the end of the
  /// problem (the others keep their indices), and a repair for local search. `problem`: the one of the constructor, or
  /// one that begins with its variables.
  ///
  /// hull: x = sum of w_i row_i with w >= 0 and sum 1 over at most settings.points (500) rows; the rest of the hull is
  /// lost when it has more corners. distance: every input at most radius * range from one and the same row, out of at
  /// most settings.points (100) rows, one binary each. Throws std::invalid_argument when settings.region is empty.
  TrustRestriction confine(Problem& problem, const TrustSettings& settings, std::uint64_t seed = 0) const;

 private:
  [[nodiscard]] Vector scaled(const Vector& point) const;

  std::string m_file;
  std::vector<int> m_networks;
  std::vector<int> m_variables;      ///< of the problem, one a coordinate
  std::vector<std::string> m_names;  ///< of these
  Box m_box;                         ///< of the rows, in the user's units
  Vector m_middle, m_range;          ///< of that box; a range of 1 where it is a point
  std::vector<bool> m_constant;      ///< where it is one
  Matrix m_points;                   ///< rows x coordinates: (value - middle) / range
  std::vector<double> m_neighbours;  ///< distances to the nearest other row, ascending
  double m_spacing = 0;              ///< 95 % of the rows are nearer to another one than this, in the maximum norm
};

/// distance (null: infinite), percentile, row, inside_box, inside_hull, hull_distance.
nlohmann::ordered_json to_json(const TrustReport& report);
/// name, points, inside, and what belongs to the region: exact; radius and covering.
nlohmann::ordered_json to_json(const TrustRestriction& restriction);

}  // namespace secateur::model

namespace secateur {
template <>
struct Names<model::TrustRegion> {
  static constexpr std::array<std::string_view, 2> value{"hull", "distance"};
};
}  // namespace secateur
