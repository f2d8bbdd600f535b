// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/difference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/detail.hpp"
#include "secateur/core/error.hpp"
#include "secateur/graph/builder.hpp"
#include "secateur/graph/merge.hpp"
#include "secateur/graph/passes.hpp"

namespace secateur::bounds {

namespace {

/// How much of a neuron's range it may be off to be replaced by its partner on the other side.
constexpr double tolerances[] = {0, 1e-3, 0.1, std::numeric_limits<double>::infinity()};

/// One graph whose outputs are the differences.
struct Joint {
  graph::ReluGraph graph;
  int second = 0;  ///< the first layer that belongs to the second network
};

Joint side_by_side(const nn::Network& first, const nn::Network& second, const Box& box) {
  graph::Builder builder(box);
  const std::vector<graph::AffineRow> of_first = builder.apply(first, builder.all_inputs());
  Joint joint;
  joint.second = builder.layers();
  const std::vector<graph::AffineRow> of_second = builder.apply(second, builder.all_inputs());
  std::vector<graph::AffineRow> outputs;
  for (std::size_t i = 0; i < of_first.size(); ++i) {
    outputs.push_back(builder.combine({{of_first[i], 1.0}, {of_second[i], -1.0}}, 0));
  }
  joint.graph = builder.finish(outputs);
  return joint;
}

/// The box as a whole.
Box enclose(const nn::Network& first, const nn::Network& second, const Box& box) {
  const Joint joint = side_by_side(first, second, box);
  const graph::NeuronBounds start = crown(joint.graph, box);
  Box result = start.back();
  for (const double tolerance : tolerances) {
    graph::Reduction merged;
    if (tolerance == 0) {
      merged = graph::merge_multiples(joint.graph, start);
    } else {
      merged = graph::merge_similar(joint.graph, start, {.tolerance = tolerance, .first_layer = joint.second});
    }
    graph::NeuronBounds bounds = graph::carry(start, merged);
    const graph::Reduction simple = graph::simplify(merged.graph, bounds);
    bounds = graph::carry(bounds, simple);
    intersect(result, crown(simple.graph, box, &bounds).back());
  }
  return result;
}

/// A part of the box, and the differences there.
struct Part {
  Box box, difference;

  /// The largest difference, each output's relative to `scale`.
  [[nodiscard]] double worst(const Vector& scale) const {
    double most = 0;
    const Vector size = difference.magnitude();
    for (Index i = 0; i < size.size(); ++i) {
      if (scale(i) > 0) most = std::max(most, size(i) / scale(i));
    }
    return most;
  }
};

/// Halves along the input that is widest, relative to the whole box; empty when nothing can be halved.
std::vector<Box> halves(const Box& part, const Box& whole) {
  Index widest = -1;
  double most = 0;
  for (Index j = 0; j < part.size(); ++j) {
    const double width = whole.upper(j) - whole.lower(j);
    const double share = width > 0 ? (part.upper(j) - part.lower(j)) / width : 0;
    if (share > most) {
      most = share;
      widest = j;
    }
  }
  if (widest < 0) return {};
  const double middle = 0.5 * part.lower(widest) + 0.5 * part.upper(widest);
  if (!(part.lower(widest) < middle && middle < part.upper(widest))) return {};
  std::vector<Box> result{part, part};
  result[0].upper(widest) = result[1].lower(widest) = middle;
  return result;
}

}  // namespace

Box difference(const nn::Network& first, const nn::Network& second, const Box& box, const DifferenceSettings& settings,
               const Stop& stop) {
  const auto require_same = [](Index a, Index b, const char* what) {
    if (a == b) return;
    throw InputError("the networks cannot be compared: one has " + std::to_string(a) + " " + what + ", the other " +
                     std::to_string(b));
  };
  require_same(first.inputs(), second.inputs(), "inputs");
  require_same(first.outputs(), second.outputs(), "outputs");
  if (box.size() != first.inputs()) {
    throw std::invalid_argument("difference: the box does not have one entry an input");
  }
  if (settings.parts < 1) throw std::invalid_argument("difference: parts < 1");
  std::vector<Part> parts{{box, enclose(first, second, box)}};
  const Vector scale = parts[0].difference.magnitude();
  while (static_cast<int>(parts.size()) < settings.parts && !stop.reason()) {
    const auto worst = std::max_element(parts.begin(), parts.end(),
                                        [&](const Part& a, const Part& b) { return a.worst(scale) < b.worst(scale); });
    const std::vector<Box> smaller = halves(worst->box, box);
    if (smaller.empty() || worst->worst(scale) == 0) break;
    const Box known = worst->difference;
    std::vector<Part> fresh;
    for (const Box& half : smaller) {
      fresh.push_back({half, enclose(first, second, half)});
      intersect(fresh.back().difference, known);
    }
    *worst = std::move(fresh[0]);
    parts.push_back(std::move(fresh[1]));
  }
  Box result = parts[0].difference;
  for (const Part& part : parts) {
    result.lower = result.lower.cwiseMin(part.difference.lower);
    result.upper = result.upper.cwiseMax(part.difference.upper);
  }
  return result;
}

}  // namespace secateur::bounds
