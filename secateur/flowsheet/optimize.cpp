// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/optimize.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <tuple>

#include "secateur/core/error.hpp"
#include "secateur/flowsheet/region.hpp"
#include "secateur/flowsheet/sample.hpp"
#include "secateur/nn/evaluate.hpp"

namespace secateur::flowsheet {

namespace {

data::Dataset joined(const data::Dataset& a, const data::Dataset& b) {
  data::Dataset all = a;
  all.x.conservativeResize(a.rows() + b.rows(), Eigen::NoChange);
  all.y.conservativeResize(a.rows() + b.rows(), Eigen::NoChange);
  all.x.bottomRows(b.rows()) = b.x;
  all.y.bottomRows(b.rows()) = b.y;
  return all;
}

data::Dataset inside(const data::Dataset& data, const Box& region) {
  std::vector<Index> chosen;
  for (Index i = 0; i < data.rows(); ++i) {
    if (region.contains(data.x.row(i).transpose())) chosen.push_back(i);
  }
  return data::rows(data, chosen);
}

/// Root mean square error of the objective: its terms in the outputs are linear, those in the decisions are exact.
double objective_rmse(const Case& plant, const nn::Network& network, const data::Dataset& data) {
  const auto& outputs = plant.form.networks.front().outputs;
  Vector weight = Vector::Zero(static_cast<Index>(outputs.size()));
  for (const model::Term& term : plant.form.objective) {
    const auto found = std::find(outputs.begin(), outputs.end(), term.variable);
    if (found != outputs.end()) weight(found - outputs.begin()) += term.coefficient;
  }
  const Vector errors = (nn::evaluate(network, data.x) - data.y) * weight;
  return std::sqrt(errors.squaredNorm() / static_cast<double>(std::max<Index>(1, data.rows())));
}

class Loop {
 public:
  Loop(const Case& plant, LoopSettings settings, const ProgressSink& progress, const RoundSink& on_round,
       const Stop& stop)
      : m_plant(plant), m_settings(std::move(settings)), m_progress(progress), m_on_round(on_round), m_stop(stop) {
    m_settings.train.seed = m_settings.prune.seed = m_settings.solve.seed = m_settings.seed;
    m_settings.train.threads = m_settings.prune.threads = m_settings.solve.threads = m_settings.threads;
  }

  LoopResult run() {
    Box region = m_plant.training;
    // ±20 % of the range around the optimum, then less and less as long as optima stay inside.
    double share = 0.2;
    for (int k = 0; k < m_settings.rounds && !ended(); ++k) {
      Round& round = m_result.rounds.emplace_back();
      round.region = region;
      const bool last = k + 1 == m_settings.rounds || !m_plant.simulator;
      if (!learn(round, static_cast<std::uint64_t>(k)) || ended()) {
        // Nothing to show of a round that has no surrogate.
        m_result.rounds.pop_back();
        break;
      }
      attempt(round, last);
      const Attempt& end = round.attempts.back();
      round.accepted = accepted(round);
      m_result.accepted = round.accepted;
      choose();
      if (m_on_round) m_on_round(round, m_result);
      if (round.accepted || last || end.search.x.size() == 0) break;
      const Vector inputs = m_plant.network_inputs(end.search.x);
      if (k > 0 && !on_edge(m_plant, region, inputs)) share /= 2;
      region = around(m_plant, inputs, share);
    }
    m_result.seconds = m_stop.seconds();
    return std::move(m_result);
  }

 private:
  bool ended() {
    if (!m_result.stopped) m_result.stopped = m_stop.reason();
    return m_result.stopped.has_value();
  }

  [[nodiscard]] Sample draw(const Box& region, std::uint64_t k) {
    const Matrix points =
        sample_points(m_plant, region, m_settings.samples, m_settings.sampling, m_settings.seed + 1000003 * k);
    Sample sample = simulate(*m_plant.simulator, points, m_progress, m_stop);
    m_result.simulations += sample.data.rows() + sample.failed.rows();
    return sample;
  }

  /// Sample, train, prune. False when that was interrupted.
  bool learn(Round& round, std::uint64_t k) {
    Stopwatch watch;
    const Sample sample = m_plant.simulator ? draw(round.region, k) : *m_plant.data;
    if (sample.stopped) return false;
    round.simulated = sample.data.rows() + sample.failed.rows();
    round.failures = sample.failures();
    data::Dataset data = sample.data;
    if (m_seen.rows() > 0) {
      const data::Dataset earlier = inside(m_seen, round.region);
      round.reused = earlier.rows();
      data = joined(data, earlier);
      m_seen = joined(m_seen, sample.data);
    } else {
      m_seen = sample.data;
    }
    if (data.rows() < data::minimum_rows) {
      throw InputError("too few points to learn from: " +
                       (sample.reasons.empty() ? std::to_string(data.rows()) + " points" : describe_failures(sample)));
    }
    round.rows = data.rows();
    m_trust = std::make_unique<model::Trust>(m_plant.form, data.input_names, data.x);
    round.seconds.sample = watch.seconds();

    watch = Stopwatch();
    const data::Parts parts = data::parts(data, m_settings.seed);
    nn::Network dense = train::initial_network(parts.training, m_settings.hidden, m_settings.seed);
    dense =
        train::train(dense, parts.training, parts.validation, m_settings.train, nullptr, m_progress, m_stop).network;
    round.seconds.train = watch.seconds();
    if (ended()) return false;

    watch = Stopwatch();
    prune::Pruned pruned = prune(dense, round, parts);
    round.seconds.prune = watch.seconds();
    round.sparsity = pruned.sparsity;
    round.dense = std::move(pruned.before);
    round.pruned = std::move(pruned.after);
    round.network = std::move(pruned.network);
    round.errors = train::errors(round.network, parts.test);
    round.objective_rmse = objective_rmse(m_plant, round.network, parts.test);
    return true;
  }

  /// As the settings say. A search by tolerance takes ten times as long as one descent, and mostly ends where the
  /// default sparsity is: it is left for surrogates that bear less.
  prune::Pruned prune(const nn::Network& dense, Round& round, const data::Parts& parts) {
    prune::PruneSettings settings = m_settings.prune;
    const auto run = [&] {
      prune::Pruned pruned = prune::prune(dense, round.region, &parts, settings, m_progress, m_stop);
      const auto error = [&](const nn::Network& network) {
        return train::relative_rmse(network, parts.validation, parts.training);
      };
      round.growth = error(pruned.network) / std::max(error(dense), 1e-300) - 1;
      return pruned;
    };
    if (settings.sparsity || settings.tolerance) return run();
    settings.sparsity = LoopSettings::default_sparsity;
    prune::Pruned pruned = run();
    if (round.growth <= LoopSettings::default_tolerance || m_stop.reason()) return pruned;
    settings.sparsity.reset();
    settings.tolerance = LoopSettings::default_tolerance;
    return run();
  }

  /// Solves and simulates; while the plant violates a constraint though the surrogate is accurate, each constraint is
  /// corrected by the error that its sum had at the last optimum (constraint adaptation, Chachuat et al. 2009): as the
  /// error hardly changes from one optimum to the next, what is left of the violation is of second order.
  void attempt(Round& round, bool last) {
    const Stopwatch watch;
    Vector bias = Vector::Zero(static_cast<Index>(m_plant.form.constraints.size()));
    for (int k = 0;; ++k) {
      Attempt& now = round.attempts.emplace_back();
      now.bias = bias;
      model::Problem problem = m_plant.problem(round.network, round.region, bias);
      if (m_settings.trust.region) round.trust = m_trust->confine(problem, m_settings.trust, m_settings.seed);
      now.search = mip::solve(problem, m_settings.solve, m_settings.solver_options, m_progress);
      if (now.search.x.size() == 0) break;
      // Without the auxiliary variables of a trust region, which come last.
      now.search.x.conservativeResize(static_cast<Index>(m_plant.decisions().size()));
      now.predicted = nn::evaluate(round.network, m_plant.network_inputs(now.search.x));
      now.trust = m_trust->report(m_plant.point(now.search.x, now.predicted));
      // Data alone has no answer to a point of its own.
      if (!m_plant.simulator) break;
      now.plant = m_plant.evaluate(now.search.x);
      ++m_result.simulations;
      const Case::Evaluation* const answer = now.answer();
      if (answer == nullptr || !now.search.objective) break;
      now.error = std::abs(*now.search.objective - answer->objective) / std::max(std::abs(answer->objective), 1e-300);
      if (ended() || now.feasible(m_settings) || k == m_settings.corrections) break;
      if (!now.accurate(m_settings) && !last) break;
      bias = errors_of_constraints(now, *answer);
    }
    round.seconds.solve = watch.seconds();
  }

  [[nodiscard]] Vector errors_of_constraints(const Attempt& attempt, const Case::Evaluation& answer) const {
    const Vector error =
        m_plant.point(attempt.search.x, answer.simulation.outputs) - m_plant.point(attempt.search.x, attempt.predicted);
    Vector bias(static_cast<Index>(m_plant.form.constraints.size()));
    for (Index c = 0; c < bias.size(); ++c) {
      bias(c) = model::sum_of(m_plant.form.constraints[static_cast<std::size_t>(c)].terms, error);
    }
    return bias;
  }

  /// The optimum is met, and the surrogate is as good elsewhere: otherwise a better point may hide where it is
  /// pessimistic.
  [[nodiscard]] bool accepted(const Round& round) const {
    const Attempt& end = round.attempts.back();
    const Case::Evaluation* const answer = end.answer();
    return answer != nullptr && end.accurate(m_settings) && end.feasible(m_settings) &&
           round.objective_rmse <= m_settings.accuracy * std::abs(answer->objective);
  }

  void choose() {
    const bool maximize = m_plant.form.sense == Sense::maximize;
    const auto rank = [&](const Attempt& a) {
      const bool feasible = a.feasible(m_settings), accurate = a.accurate(m_settings);
      const Case::Evaluation* const answer = a.answer();
      const double objective = answer != nullptr ? (maximize ? answer->objective : -answer->objective) : 0;
      return std::tuple(a.search.x.size() > 0, a.error.has_value(), feasible,
                        feasible ? 0 : -(answer != nullptr ? answer->violation : 0), accurate, objective);
    };
    const std::size_t r = m_result.rounds.size() - 1;
    for (std::size_t k = 0; k < m_result.rounds[r].attempts.size(); ++k) {
      const Attempt& candidate = m_result.rounds[r].attempts[k];
      if (candidate.search.x.size() == 0) continue;
      if (!m_result.best || rank(candidate) >= rank(*m_result.attempt())) m_result.best = {r, k};
    }
  }

  const Case& m_plant;
  LoopSettings m_settings;
  const ProgressSink& m_progress;
  const RoundSink& m_on_round;
  const Stop& m_stop;
  LoopResult m_result;
  data::Dataset m_seen;
  std::unique_ptr<const model::Trust> m_trust;  ///< of this round's rows
};

}  // namespace

LoopResult optimize(const Case& plant, const LoopSettings& settings, const ProgressSink& progress,
                    const RoundSink& on_round, const Stop& stop) {
  if (!plant.simulator && !plant.data) throw std::logic_error("a case with neither simulator nor data");
  return Loop(plant, settings, progress, on_round, stop).run();
}

}  // namespace secateur::flowsheet
