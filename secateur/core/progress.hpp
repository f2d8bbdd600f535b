// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace secateur {

/// A report from long work. `stage` names the work ("train", "prune", "solve"). Work of known length fills `fraction`
/// (0 to 1); a search fills what it knows of incumbent, bound, gap (in the user's sense) and nodes.
struct Progress {
  std::string_view stage;
  std::optional<double> fraction;
  std::optional<double> incumbent, bound, gap;
  std::optional<std::int64_t> nodes;
  /// Free text behind the numbers, e.g. the current validation error.
  std::string_view note;
  /// Seconds since the stage began.
  double seconds = 0;
};

/// Called from the working thread, often; a receiver that prints throttles by itself. Empty: nobody listens.
using ProgressSink = std::function<void(const Progress&)>;

}  // namespace secateur
