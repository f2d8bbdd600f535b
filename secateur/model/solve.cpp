// SPDX-License-Identifier: Apache-2.0
#include "secateur/model/solve.hpp"

#include <algorithm>
#include <cmath>

namespace secateur::model {

namespace {

double difference(double objective, double bound, Sense sense) {
  return std::max(0.0, sense == Sense::minimize ? objective - bound : bound - objective);
}

}  // namespace

void add_note(SolveResult& result, std::string_view note) {
  if (!result.note.empty() && !note.empty()) result.note += "; ";
  result.note += note;
}

double relative_gap(double objective, double bound, Sense sense) {
  return difference(objective, bound, sense) / std::max(1e-9, std::abs(objective));
}

bool gap_closed(double objective, double bound, Sense sense, const SolveSettings& settings) {
  return difference(objective, bound, sense) <= settings.absolute_gap ||
         relative_gap(objective, bound, sense) <= settings.gap;
}

}  // namespace secateur::model
