// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/difference.hpp"

#include <algorithm>
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
#include "secateur/nn/evaluate.hpp"

namespace secateur::bounds {

namespace {

/// How much of a neuron's range it may be off to be replaced by its partner on the other side.
constexpr double tolerances[] = {1e-3, 0.1, std::numeric_limits<double>::infinity()};

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

/// The layers of a reduced graph that stand before layer `before` of the graph it was made from.
int layers_before(const graph::Reduction& reduction, int before) {
  int count = 0;
  for (const auto& layer : reduction.origin) count += layer.front().layer < before;
  return count;
}

/// The box as a whole.
Box enclose(const nn::Network& first, const nn::Network& second, const Box& box) {
  const Joint joint = side_by_side(first, second, box);
  graph::NeuronBounds bounds = crown(joint.graph, box);
  const graph::Reduction exact = graph::simplify(joint.graph, bounds);
  bounds = graph::carry(bounds, exact);
  bounds = crown(exact.graph, box, &bounds);
  Box result = bounds.back();
  // Behind the exact passes, so that rows are compared with the same stable neurons folded into them on either side.
  const int second_layer = layers_before(exact, joint.second);
  for (const double tolerance : tolerances) {
    const graph::Reduction similar =
        graph::merge_similar(exact.graph, bounds, {.tolerance = tolerance, .first_layer = second_layer});
    graph::NeuronBounds carried = graph::carry(bounds, similar);
    const graph::Reduction simple = graph::simplify(similar.graph, carried);
    carried = graph::carry(carried, simple);
    intersect(result, crown(simple.graph, box, &carried).back());
  }
  return result;
}

/// A part of the box, and the differences there.
struct Part {
  Box box, difference;
};

/// Differences that points of the box attain, by plain arithmetic: what the bounds may come down to, to cut where there
/// is something to gain.
class Attained {
 public:
  Attained(const nn::Network& first, const nn::Network& second)
      : m_first(first), m_second(second), m_low(Vector::Constant(first.outputs(), infinity)), m_high(-m_low) {}

  void look(const Box& part) {
    Matrix points(3, part.size());
    points << part.lower.transpose(), part.upper.transpose(), (0.5 * part.lower + 0.5 * part.upper).transpose();
    const Matrix found = nn::evaluate(m_first, points) - nn::evaluate(m_second, points);
    m_low = m_low.cwiseMin(found.colwise().minCoeff().transpose());
    m_high = m_high.cwiseMax(found.colwise().maxCoeff().transpose());
  }

  /// The most that an end of the part's bounds is beyond what is attained, each output's relative to `scale`.
  [[nodiscard]] double gap(const Part& part, const Vector& scale) const {
    double most = 0;
    for (Index i = 0; i < scale.size(); ++i) {
      const double beyond = std::max(part.difference.upper(i) - m_high(i), m_low(i) - part.difference.lower(i));
      if (scale(i) > 0) most = std::max(most, beyond / scale(i));
    }
    return most;
  }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  const nn::Network &m_first, &m_second;
  Vector m_low, m_high;
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
  for (const nn::Network* network : {&first, &second}) {
    if (network->activation == nn::Activation::none) continue;
    throw InputError("a network ends in a " + std::string(to_string(network->activation)) +
                     ", which is not piecewise linear");
  }
  if (box.size() != first.inputs()) {
    throw std::invalid_argument("difference: the box does not have one entry an input");
  }
  if (settings.parts < 1) throw std::invalid_argument("difference: parts < 1");
  std::vector<Part> parts{{box, enclose(first, second, box)}};
  const Vector scale = parts[0].difference.magnitude();
  Attained attained(first, second);
  attained.look(box);
  while (static_cast<int>(parts.size()) < settings.parts && !stop.reason()) {
    const auto worst = std::max_element(parts.begin(), parts.end(), [&](const Part& a, const Part& b) {
      return attained.gap(a, scale) < attained.gap(b, scale);
    });
    const std::vector<Box> smaller = halves(worst->box, box);
    if (smaller.empty() || attained.gap(*worst, scale) == 0) break;
    const Box known = worst->difference;
    std::vector<Part> fresh;
    for (const Box& half : smaller) {
      fresh.push_back({half, enclose(first, second, half)});
      intersect(fresh.back().difference, known);
      attained.look(half);
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
