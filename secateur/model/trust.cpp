// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/trust.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "secateur/core/error.hpp"
#include "secateur/model/trust_points.hpp"
#include "secateur/model/trust_regions.hpp"

namespace secateur::model {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
/// Rows whose neighbours are looked for: enough for percentiles.
constexpr Index most_neighbours = 1000;
/// A separation that a linear program's tolerances do not explain.
constexpr double separated = 1e-6;

std::string quoted_list(std::vector<std::string> names) {
  constexpr std::size_t most_shown = 12;
  const std::size_t count = names.size();
  names.resize(std::min(count, most_shown));
  for (std::string& name : names) name = fmt::format("\"{}\"", name);
  if (count > most_shown) names.push_back(fmt::format("and {} more", count - most_shown));
  return fmt::format("{}", fmt::join(names, ", "));
}

/// The networks all of whose inputs are columns. Others are not refused beside such a one: the data of one network
/// often has some input of another, when they share it or when it is the first one's output.
std::vector<int> covered_networks(const Problem& problem, const std::vector<std::string>& columns,
                                  const std::string& file) {
  const auto name_of = [&](int v) -> const std::string& { return problem.variables[static_cast<std::size_t>(v)].name; };
  std::vector<int> covered;
  std::vector<std::string> inputs, fewest;  // all names; those that the nearest network lacks
  const NetworkUse* nearest = nullptr;
  for (std::size_t n = 0; n < problem.networks.size(); ++n) {
    const NetworkUse& use = problem.networks[n];
    std::vector<std::string> missing;
    for (const int v : use.inputs) {
      if (std::find(columns.begin(), columns.end(), name_of(v)) == columns.end()) missing.push_back(name_of(v));
      if (std::find(inputs.begin(), inputs.end(), name_of(v)) == inputs.end()) inputs.push_back(name_of(v));
    }
    if (missing.empty()) covered.push_back(static_cast<int>(n));
    if (missing.size() == use.inputs.size() || (nearest != nullptr && missing.size() >= fewest.size())) continue;
    nearest = &use;
    fewest = std::move(missing);
  }
  if (!covered.empty()) return covered;
  if (nearest == nullptr) {
    throw InputError(
        fmt::format("no column is an input of a network ({}); there are {}", quoted_list(inputs), quoted_list(columns)),
        file);
  }
  throw InputError(fmt::format("no column{} {}, which the network \"{}\" reads; there are {}",
                               fewest.size() > 1 ? "s" : "", quoted_list(fewest), nearest->name, quoted_list(columns)),
                   file);
}

/// Their inputs, ascending.
std::vector<int> inputs_of(const Problem& problem, const std::vector<int>& networks) {
  std::vector<int> inputs;
  for (const int n : networks) {
    const auto& some = problem.networks[static_cast<std::size_t>(n)].inputs;
    inputs.insert(inputs.end(), some.begin(), some.end());
  }
  std::sort(inputs.begin(), inputs.end());
  inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
  return inputs;
}

}  // namespace

Trust::Trust(const Problem& problem, const std::vector<std::string>& columns, const Matrix& rows, std::string file)
    : m_file(std::move(file)),
      m_networks(covered_networks(problem, columns, m_file)),
      m_variables(inputs_of(problem, m_networks)) {
  if (static_cast<Index>(columns.size()) != rows.cols()) {
    throw std::invalid_argument("model::Trust: one name a column is needed");
  }
  if (rows.rows() < 2) {
    throw InputError(fmt::format("has {} row{}; at least 2 are needed", rows.rows(), rows.rows() == 1 ? "" : "s"),
                     m_file);
  }
  const auto coordinates = static_cast<Index>(m_variables.size());
  m_points.resize(rows.rows(), coordinates);
  for (Index j = 0; j < coordinates; ++j) {
    m_names.push_back(problem.variables[static_cast<std::size_t>(m_variables[static_cast<std::size_t>(j)])].name);
    const auto column = std::find(columns.begin(), columns.end(), m_names.back());
    m_points.col(j) = rows.col(column - columns.begin());
    if (!m_points.col(j).allFinite()) {
      throw InputError(fmt::format("column \"{}\" has a value that is not a finite number", m_names.back()), m_file);
    }
  }
  m_box = {m_points.colwise().minCoeff().transpose(), m_points.colwise().maxCoeff().transpose()};
  m_middle = 0.5 * m_box.lower + 0.5 * m_box.upper;
  m_range = m_box.upper - m_box.lower;
  for (Index j = 0; j < coordinates; ++j) {
    if (!std::isfinite(m_range(j))) {
      throw InputError(
          fmt::format("the values of column \"{}\" lie too far apart", m_names[static_cast<std::size_t>(j)]), m_file);
    }
    m_constant.push_back(m_range(j) == 0);
    if (m_constant.back()) {
      m_middle(j) = m_box.lower(j);
      m_range(j) = 1;
    }
    m_points.col(j) = (m_points.col(j).array() - m_middle(j)) / m_range(j);
  }
  Neighbours near = neighbours(m_points, most_neighbours);
  m_neighbours = std::move(near.euclidean);
  constexpr double share = 0.95;
  const auto last = static_cast<double>(near.maximum.size() - 1);
  m_spacing = near.maximum[static_cast<std::size_t>(std::lround(share * last))];
}

Vector Trust::scaled(const Vector& point) const {
  Vector result(static_cast<Index>(m_variables.size()));
  for (Index j = 0; j < result.size(); ++j) {
    result(j) = (point(m_variables[static_cast<std::size_t>(j)]) - m_middle(j)) / m_range(j);
  }
  return result;
}

TrustReport Trust::report(const Vector& point) const {
  const Vector at = scaled(point);
  TrustReport result;
  const double squared = (m_points.rowwise() - at.transpose()).rowwise().squaredNorm().minCoeff(&result.row);
  result.distance = std::sqrt(squared);
  result.hull_distance = separation_from_hull(m_points, at);
  result.inside_hull = result.hull_distance <= separated;
  if (result.inside_hull) result.hull_distance = 0;
  Vector value(at.size());
  bool off_constant = false;
  for (Index j = 0; j < at.size(); ++j) {
    value(j) = point(m_variables[static_cast<std::size_t>(j)]);
    off_constant = off_constant || (m_constant[static_cast<std::size_t>(j)] && std::abs(at(j)) > separated);
  }
  // Where a network has seen one value only, its answer to another one is a guess of any size.
  if (off_constant) result.distance = result.hull_distance = infinity;
  const Vector room = separated * m_range;
  result.inside_box = Box{m_box.lower - room, m_box.upper + room}.contains(value);
  const auto below = std::lower_bound(m_neighbours.begin(), m_neighbours.end(), result.distance);
  result.percentile =
      100.0 * static_cast<double>(below - m_neighbours.begin()) / static_cast<double>(m_neighbours.size());
  return result;
}

std::optional<TrustReport> Trust::report(const Problem& problem, const SolveResult& result) const {
  if (result.x.size() == 0) return std::nullopt;
  const Structure parts = structure(problem);
  Vector point = Vector::Zero(static_cast<Index>(problem.variables.size()));
  point(parts.decisions) = result.x;
  if (result.y.size() > 0) point(parts.determined) = result.y;
  return report(point);
}

TrustRestriction Trust::confine(Problem& problem, const TrustSettings& settings, std::uint64_t seed) const {
  if (!settings.region) throw std::invalid_argument("model::Trust::confine: no region is asked for");
  for (std::size_t j = 0; j < m_variables.size(); ++j) {
    const auto v = static_cast<std::size_t>(m_variables[j]);
    if (v >= problem.variables.size() || problem.variables[v].name != m_names[j]) {
      throw std::invalid_argument("model::Trust::confine: another problem than that of the data");
    }
  }
  const ScaledData data{m_variables, m_names, m_box, m_middle, m_range, m_constant, m_points, m_spacing};
  return *settings.region == TrustRegion::hull ? restrict_to_hull(problem, data, settings, seed)
                                               : restrict_to_distance(problem, data, settings);
}

nlohmann::ordered_json to_json(const TrustReport& report) {
  const auto number = [](double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
  };
  return {{"distance", number(report.distance)},
          {"percentile", report.percentile},
          {"row", report.row},
          {"inside_box", report.inside_box},
          {"inside_hull", report.inside_hull},
          {"hull_distance", number(report.hull_distance)}};
}

nlohmann::ordered_json to_json(const TrustRestriction& restriction) {
  nlohmann::ordered_json json{
      {"name", to_string(restriction.region)}, {"points", restriction.points}, {"inside", restriction.inside}};
  if (restriction.region == TrustRegion::hull) {
    json["exact"] = restriction.exact;
  } else {
    json["radius"] = restriction.radius;
    json["covering"] = restriction.covering;
  }
  return json;
}

}  // namespace secateur::model
