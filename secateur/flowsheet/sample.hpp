// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "secateur/core/progress.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/data/dataset.hpp"
#include "secateur/flowsheet/simulator.hpp"

namespace secateur::flowsheet {

/// Simulated points: those that have an answer, and those that do not, with the reason of each.
struct Sample {
  data::Dataset data;
  Matrix failed;  ///< inputs, one point a row
  std::vector<std::string> reasons;
  std::optional<Status> stopped;  ///< why points were left out

  /// How often each reason was given.
  [[nodiscard]] std::map<std::string, Index> failures() const;
};

/// Answers, one for each of the first rows of `points`, as such parts.
Sample sorted(std::vector<std::string> inputs, std::vector<std::string> outputs, const Matrix& points,
              std::vector<Simulation> answers);

/// Simulates the points, in batches. What is simulated already when `stop` says so comes back.
Sample simulate(const Simulator& simulator, const Matrix& points, const ProgressSink& progress = {},
                const Stop& stop = Stop());

/// "3 of 100 points have no answer: 2 the recycle does not settle, 1 ..."; empty when all have one.
std::string describe_failures(const Sample& sample);

/// The points that have no answer as CSV: the inputs and a column `reason`.
std::string failures_csv(const Sample& sample);

}  // namespace secateur::flowsheet
