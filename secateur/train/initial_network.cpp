// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "secateur/core/error.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/train/train.hpp"

namespace secateur::train {

namespace {

/// The nearest float, which is what the model file stores.
double stored(double value, std::string_view what) {
  const auto rounded = static_cast<float>(value);
  if (!std::isfinite(rounded)) throw InputError(fmt::format("{} of {} is too large for float32", what, value));
  return static_cast<double>(rounded);
}

/// A divisor or factor: 1 for a constant column, whose deviation says nothing.
double stored_scale(double value, std::string_view what) {
  const double scale = stored(value, what);
  return scale > 0 ? scale : 1.0;
}

}  // namespace

nn::Network initial_network(const data::Dataset& training, const std::vector<int>& hidden, std::uint64_t seed) {
  const Index inputs = training.x.cols();
  const Index outputs = training.y.cols();
  if (inputs == 0 || outputs == 0) throw InputError("the training data needs at least one input and one output");
  if (training.rows() == 0) throw InputError("the training data has no rows");
  if (training.y.rows() != training.rows()) {
    throw InputError(fmt::format("the training data has {} rows of inputs and {} rows of outputs", training.rows(),
                                 training.y.rows()));
  }
  if (!training.x.allFinite() || !training.y.allFinite()) {
    throw InputError("the training data holds a number that is not finite");
  }
  for (const int width : hidden) {
    if (width < 1) throw InputError(fmt::format("a hidden layer of width {}; at least 1 is needed", width));
  }

  nn::Network network;
  network.input_names = training.input_names.empty() ? nn::default_names("x", inputs) : training.input_names;
  network.output_names = training.output_names.empty() ? nn::default_names("y", outputs) : training.output_names;
  if (network.inputs() != inputs || network.outputs() != outputs) {
    throw InputError("the training data has another number of names than of columns");
  }
  network.box = Box{training.x.colwise().minCoeff().transpose(), training.x.colwise().maxCoeff().transpose()};

  nn::Elementwise centre{nn::ElementwiseOp::subtract, Vector(inputs)};
  nn::Elementwise half{nn::ElementwiseOp::divide, Vector(inputs)};
  for (Index i = 0; i < inputs; ++i) {
    const double lower = network.box->lower(i);
    const double upper = network.box->upper(i);
    centre.constant(i) = stored(0.5 * lower + 0.5 * upper, "the centre of an input");
    half.constant(i) = stored_scale(0.5 * upper - 0.5 * lower, "the range of an input");
  }
  nn::Elementwise deviation{nn::ElementwiseOp::multiply, Vector(outputs)};
  nn::Elementwise mean{nn::ElementwiseOp::add, Vector(outputs)};
  for (Index k = 0; k < outputs; ++k) {
    const double average = training.y.col(k).mean();
    const double variance = (training.y.col(k).array() - average).square().mean();
    mean.constant(k) = stored(average, "the mean of an output");
    deviation.constant(k) = stored_scale(std::sqrt(variance), "the deviation of an output");
  }

  // He et al. 2015: normal weights of variance 2 / fan-in. Hidden biases are uniform within 1 / sqrt(fan-in): with
  // zeros, the kinks of all units of the first layer would meet in the middle of the box, and few inputs move them
  // apart slowly.
  Rng rng(seed);
  network.layers.emplace_back(std::move(centre));
  network.layers.emplace_back(std::move(half));
  std::vector<Index> widths{inputs};
  for (const int width : hidden) widths.push_back(width);
  widths.push_back(outputs);
  for (std::size_t layer = 0; layer + 1 < widths.size(); ++layer) {
    nn::Dense dense{Matrix(widths[layer + 1], widths[layer]), Vector::Zero(widths[layer + 1])};
    const double scale = std::sqrt(2.0 / static_cast<double>(widths[layer]));
    for (Index i = 0; i < dense.weight.size(); ++i) {
      dense.weight.data()[i] = static_cast<double>(static_cast<float>(scale * rng.normal()));
    }
    if (layer + 2 < widths.size()) {
      const double range = 1 / std::sqrt(static_cast<double>(widths[layer]));
      for (Index i = 0; i < dense.bias.size(); ++i) {
        dense.bias(i) = static_cast<double>(static_cast<float>(rng.uniform(-range, range)));
      }
    }
    if (layer > 0) network.layers.emplace_back(nn::Relu{});
    network.layers.emplace_back(std::move(dense));
  }
  network.layers.emplace_back(std::move(deviation));
  network.layers.emplace_back(std::move(mean));
  return network;
}

}  // namespace secateur::train
