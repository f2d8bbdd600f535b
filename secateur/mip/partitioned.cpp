// SPDX-License-Identifier: Apache-2.0
#include "secateur/mip/partitioned.hpp"

#include <algorithm>
#include <string>

#include "secateur/core/rounding.hpp"
#include "secateur/core/tracked_sum.hpp"
#include "secateur/mip/big_m.hpp"

namespace secateur::mip {

namespace {

using Part = std::vector<NeuronInput>;

struct Interval {
  double lower = 0, upper = 0;
};

/// Encloses the sum of a part's terms over the box.
Interval range_of(const Part& part, const Box& values) {
  TrackedSum low, high;
  for (const NeuronInput& input : part) {
    const double at_low = values.lower(input.value), at_high = values.upper(input.value);
    low.add(input.weight, input.weight > 0 ? at_low : at_high);
    high.add(input.weight, input.weight > 0 ? at_high : at_low);
  }
  return {low.down(), high.up()};
}

std::string part_name(const Neuron& neuron, std::size_t part, const char* what) {
  return neuron.name("part_").append("_").append(std::to_string(part)).append(what);
}

/// The four rows of a part with its own column p.
void add_part(lp::Model& model, const Neuron& neuron, std::size_t n, const Part& part, Interval range,
              NeuronColumns& columns) {
  const int p =
      model.add_column(std::min(0.0, range.lower), std::max(0.0, range.upper), 0, false, part_name(neuron, n, ""));
  PartColumn made{p, {}};
  for (const NeuronInput& input : part) made.terms.emplace_back(input.column, input.weight);
  const auto add_row = [&](bool off, bool upper, const char* what) {
    const double end = upper ? range.upper : range.lower;
    // p - end delta against 0, or p - s - end delta against -end.
    model.add_entry(p, 1);
    if (off) {
      for (const auto& [column, weight] : made.terms) model.add_entry(column, -weight);
    }
    if (end != 0) model.add_entry(columns.binary, -end);
    const double side = off && end != 0 ? -end : 0.0;
    // s - p at most its upper end is p - s at least minus that end.
    const bool at_most = upper != off;
    model.close_row(at_most ? -no_side : side, at_most ? side : no_side, part_name(neuron, n, what));
  };
  add_row(false, true, "_on_upper");
  add_row(false, false, "_on_lower");
  add_row(true, true, "_off_upper");
  add_row(true, false, "_off_lower");
  columns.parts.push_back(std::move(made));
}

/// The same for the last part, whose column is q = a - b delta - (the other columns), and whose sum includes e. With
/// delta = 1 the columns say q = s + e, with delta = 0 they say q = 0: that has to satisfy every row.
void add_last_part(lp::Model& model, const Neuron& neuron, std::size_t n, const Part& part, Interval range,
                   const NeuronColumns& columns) {
  const double error = neuron.error;
  const auto others = [&] {
    model.add_entry(columns.activation, 1);
    for (const PartColumn& other : columns.parts) model.add_entry(other.column, -1);
  };
  const auto close = [&](double delta, double lower, double upper, const char* what) {
    if (delta != 0) model.add_entry(columns.binary, delta);
    model.close_row(lower, upper, part_name(neuron, n, what));
  };
  // q <= (U + error) delta, q >= (L - error) delta
  TrackedSum most, least;
  for (TrackedSum* sum : {&most, &least}) sum->add(neuron.bias);
  most.add(range.upper);
  most.add(error);
  least.add(range.lower);
  least.add(-error);
  others();
  close(-most.up(), -no_side, 0, "_on_upper");
  others();
  close(-least.down(), 0, no_side, "_on_lower");
  // s - q <= U (1 - delta) + error is q - s - U delta >= -U - error: with q's own -b delta, (a - ..) - s - (b + U)
  // delta. The coefficient is rounded first; the side then holds at both values of delta.
  const auto sum_of_part = [&] {
    for (const NeuronInput& input : part) model.add_entry(input.column, -input.weight);
  };
  {
    const double coefficient = neuron.bias + range.upper;
    TrackedSum on;  // delta = 1: a - .. - s = b + e
    on.add(neuron.bias);
    on.add(-error);
    on.add(-coefficient);
    others();
    sum_of_part();
    close(-coefficient, std::min(-range.upper, on.down()), no_side, "_off_upper");
  }
  {
    const double coefficient = neuron.bias + range.lower;
    TrackedSum on;
    on.add(neuron.bias);
    on.add(error);
    on.add(-coefficient);
    others();
    sum_of_part();
    close(-coefficient, -no_side, std::max(-range.lower, on.up()), "_off_lower");
  }
}

}  // namespace

std::vector<Part> equal_size_parts(std::vector<NeuronInput> inputs, int partitions) {
  std::stable_sort(inputs.begin(), inputs.end(),
                   [](const NeuronInput& a, const NeuronInput& b) { return a.weight < b.weight; });
  const std::size_t count = std::min(inputs.size(), static_cast<std::size_t>(partitions));
  std::vector<Part> parts(count);
  for (std::size_t i = 0; i < inputs.size(); ++i) parts[i * count / inputs.size()].push_back(inputs[i]);
  return parts;
}

void write_partitioned(lp::Model& model, const Neuron& neuron, const Box& values, int partitions,
                       NeuronColumns& columns) {
  const std::vector<Part> parts = equal_size_parts(neuron.inputs, partitions);
  if (parts.size() < 2) return write_big_m(model, neuron, columns);
  add_binary(model, neuron, columns);
  add_above_row(model, neuron, columns);
  double lower = neuron.bias_below, upper = neuron.bias_above;
  for (std::size_t n = 0; n < parts.size(); ++n) {
    const Interval range = range_of(parts[n], values);
    lower += range.lower;
    upper += range.upper;
    if (n + 1 < parts.size()) {
      add_part(model, neuron, n, parts[n], range, columns);
    } else {
      add_last_part(model, neuron, n, parts[n], range, columns);
    }
  }
  // A row that repeats what the parts say costs time and tells nothing; which ones are left out decides no answer.
  const double much = 1e-9 * (upper - lower);
  if (neuron.lower > lower + much) add_active_row(model, neuron, columns);
  if (neuron.upper < upper - much) add_inactive_row(model, neuron, columns);
}

}  // namespace secateur::mip
