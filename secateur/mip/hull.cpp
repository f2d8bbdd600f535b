// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/hull.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "secateur/core/rounding.hpp"
#include "secateur/core/tracked_sum.hpp"
#include "secateur/lp/scaling.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/mip/incumbent.hpp"
#include "secateur/mip/units.hpp"

namespace secateur::mip {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A cut as a row of the model: a - terms - coefficient delta <= constant, beginning with a.
struct Row {
  graph::NeuronId origin;
  std::vector<std::pair<int, double>> entries;
  double side = 0;
};

/// Distance by which a point in natural units violates a row (negative when it is slack).
double violation(const Row& row, const lp::Scaling& units, const Vector& point) {
  // A row is measured by the column that it begins with.
  const int unit = units.column[static_cast<std::size_t>(row.entries.front().first)];
  double activity = 0, norm = 0;
  for (const auto& [column, value] : row.entries) {
    const double scaled = std::ldexp(value, units.column[static_cast<std::size_t>(column)] - unit);
    activity += scaled * point(column);
    norm += scaled * scaled;
  }
  return (activity - std::ldexp(row.side, -unit)) / std::sqrt(norm);
}

class Rounds {
 public:
  Rounds(Formulation& formulation, const model::Compiled& problem, const graph::NeuronBounds& bounds,
         const std::vector<std::vector<graph::NeuronId>>& origin, const HullSettings& settings, const Stop& stop)
      : m_formulation(formulation),
        m_graph(problem.graph),
        m_origin(origin),
        m_settings(settings),
        m_stop(stop),
        m_deadline(std::max(1e-3, settings.share * stop.seconds_left())),
        m_values(value_bounds(problem.graph, bounds)),
        m_units(natural_units(formulation, problem, uniform_points(problem.graph.domain, 64, settings.seed))),
        m_session(lp::make_session()) {}

  HullReport run() {
    m_session->load(lp::scaled(m_formulation.model, m_units));
    HullReport report;
    if (!solve()) return report;
    report.before = report.after = in_users_units(m_optimum);
    int stalled = 0;
    while (report.rounds < m_settings.rounds && stalled < most_stalled) {
      const std::vector<Row> found = separate();
      if (found.empty()) break;
      add(found);
      ++report.rounds;
      report.found += static_cast<int>(found.size());
      const double before = m_optimum;
      if (!solve()) break;
      stalled = std::abs(m_optimum - before) < least_progress * std::max(1.0, std::abs(m_optimum)) ? stalled + 1 : 0;
      report.after = in_users_units(m_optimum);
    }
    report.kept = keep_tight();
    return report;
  }

 private:
  /// In natural units, where columns are of size one.
  static constexpr double least_violation = 1e-3, least_progress = 1e-3, tight = 1e-6;
  static constexpr int most_stalled = 3;

  [[nodiscard]] double in_users_units(double optimum) const { return std::ldexp(optimum, -m_units.objective); }

  bool solve() {
    lp::RunSettings run;
    run.time_limit = m_deadline.seconds_left();
    run.threads = m_settings.threads;
    run.seed = m_settings.seed;
    lp::Callbacks callbacks;
    callbacks.stop = [this] { return m_stop.reason(); };
    if (m_stop.reason()) return false;
    try {
      const lp::Outcome outcome = m_session->run_relaxation(run, callbacks);
      if (outcome.status != Status::optimal || !outcome.objective || outcome.primal.size() == 0) return false;
      m_point = outcome.primal;
      m_optimum = *outcome.objective;
      return true;
    } catch (const lp::SolverError&) {
      return false;  // cuts are a bonus; numerical trouble in finding them is not the caller's
    }
  }

  /// The most violated inequality of every neuron that violates one.
  std::vector<Row> separate() const {
    const Vector point = lp::from_scaled(m_point, m_units);
    Vector values(m_graph.values());
    for (Index v = 0; v < values.size(); ++v) {
      const int column = m_formulation.values[static_cast<std::size_t>(v)];
      values(v) = column >= 0 ? point(column) : 0;
    }
    std::vector<Row> rows;
    for (std::size_t k = 0; k < m_formulation.neurons.size(); ++k) {
      const graph::AffineLayer& layer = m_graph.layers[k];
      for (Index i = 0; i < layer.units(); ++i) {
        const NeuronColumns& neuron = m_formulation.neurons[k][static_cast<std::size_t>(i)];
        if (neuron.binary < 0) continue;
        const double delta = point(neuron.binary);
        if (delta < tight || delta > 1 - tight) continue;  // on its sides a neuron's relaxation is exact
        const HullCut cut = hull_cut(layer, i, m_values, most_violated_set(layer, i, m_values, values, delta));
        Row row = row_of(cut, neuron, m_origin[k][static_cast<std::size_t>(i)]);
        if (violation(row, m_units, m_point) > least_violation) rows.push_back(std::move(row));
      }
    }
    return rows;
  }

  [[nodiscard]] Row row_of(const HullCut& cut, const NeuronColumns& neuron, graph::NeuronId origin) const {
    Row row{origin, {{neuron.activation, 1.0}}, cut.constant};
    for (const auto& [value, weight] : cut.terms) {
      const int column = m_formulation.values[static_cast<std::size_t>(value)];
      if (column >= 0) row.entries.emplace_back(column, -weight);
    }
    if (cut.delta_coefficient != 0) row.entries.emplace_back(neuron.binary, -cut.delta_coefficient);
    return row;
  }

  void add(const std::vector<Row>& rows) {
    lp::Rows added;
    for (const Row& row : rows) {
      const int unit = m_units.column[static_cast<std::size_t>(row.entries.front().first)];
      for (const auto& [column, value] : row.entries) {
        added.add_entry(column, std::ldexp(value, m_units.column[static_cast<std::size_t>(column)] - unit));
      }
      added.close_row(-infinity, std::ldexp(row.side, -unit));
    }
    m_session->add_rows(added);
    m_rows.insert(m_rows.end(), rows.begin(), rows.end());
  }

  int keep_tight() {
    int kept = 0;
    lp::Model& model = m_formulation.model;
    for (const Row& row : m_rows) {
      if (violation(row, m_units, m_point) < -tight) continue;
      for (const auto& [column, value] : row.entries) model.add_entry(column, value);
      model.close_row(-infinity, row.side,
                      "hull_" + std::to_string(row.origin.layer) + "_" + std::to_string(row.origin.unit) + "_" +
                          std::to_string(kept++));
    }
    return kept;
  }

  Formulation& m_formulation;
  const graph::ReluGraph& m_graph;
  const std::vector<std::vector<graph::NeuronId>>& m_origin;
  const HullSettings& m_settings;
  const Stop& m_stop;
  Stop m_deadline;
  Box m_values;
  lp::Scaling m_units;
  std::unique_ptr<lp::Session> m_session;
  Vector m_point;  ///< the relaxation's optimum, in natural units
  double m_optimum = 0;
  std::vector<Row> m_rows;
};

/// L_i and U_i.
double least_end(double weight, Index value, const Box& values) {
  return weight > 0 ? values.lower(value) : values.upper(value);
}
double greatest_end(double weight, Index value, const Box& values) {
  return weight > 0 ? values.upper(value) : values.lower(value);
}

}  // namespace

HullCut hull_cut(const graph::AffineLayer& layer, Index unit, const Box& values, const std::vector<bool>& in_set) {
  HullCut cut;
  TrackedSum kept, dropped;  // sum over I of w_i L_i; b + error + sum over the others of w_i U_i
  dropped.add(layer.bias(unit));
  dropped.add(layer.error(unit));
  std::size_t at = 0;
  for (SparseMatrix::InnerIterator entry(layer.weight, unit); entry; ++entry) {
    const double w = entry.value();
    const bool in = in_set.at(at++);
    if (w == 0) continue;
    if (in) {
      cut.terms.emplace_back(entry.col(), w);
      kept.add(w, least_end(w, entry.col(), values));
    } else {
      dropped.add(w, greatest_end(w, entry.col(), values));
    }
  }
  // delta = 0 needs constant >= -kept, delta = 1 needs constant + coefficient >= dropped.
  cut.constant = 0.0 - kept.down();
  TrackedSum coefficient;
  coefficient.add(dropped.up());
  coefficient.add(-cut.constant);
  cut.delta_coefficient = coefficient.up();
  return cut;
}

std::vector<bool> most_violated_set(const graph::AffineLayer& layer, Index unit, const Box& values, const Vector& point,
                                    double delta) {
  std::vector<bool> in_set;
  for (SparseMatrix::InnerIterator entry(layer.weight, unit); entry; ++entry) {
    const double w = entry.value();
    const Index i = entry.col();
    const double between = least_end(w, i, values) * (1 - delta) + greatest_end(w, i, values) * delta;
    in_set.push_back(w * point(i) < w * between);
  }
  return in_set;
}

HullReport add_hull_cuts(Formulation& formulation, const model::Compiled& problem, const graph::NeuronBounds& bounds,
                         const std::vector<std::vector<graph::NeuronId>>& origin, const HullSettings& settings,
                         const Stop& stop) {
  return Rounds(formulation, problem, bounds, origin, settings, stop).run();
}

}  // namespace secateur::mip
