// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/core/matrix.hpp"
#include "secateur/core/names.hpp"

namespace secateur::nn {

/// The type the weights are stored in. In memory they are doubles either way, which hold a float exactly.
enum class Precision { float32, float64 };

/// y = weight a + bias. weight: outputs x inputs.
struct Dense {
  Matrix weight;
  Vector bias;
};

/// What an Elementwise layer does with its constant c: y = a + c, a - c, c - a, a * c, a / c.
enum class ElementwiseOp { add, subtract, subtract_from, multiply, divide };

/// One constant per unit: scaling of inputs and outputs into the user's units. The operations are kept as they are
/// stored (a division is not turned into a product), so that nothing is rounded before it is evaluated or bounded.
struct Elementwise {
  ElementwiseOp op = ElementwiseOp::add;
  Vector constant;
};

/// a = max(0, z) for the units listed (ascending); the others pass untouched. An empty list means all units.
struct Relu {
  std::vector<Index> units;
};

/// y = weight a + bias with few entries: a convolution, a pooling, or the copies, selections and sums that a skip
/// connection needs. weight: outputs x inputs, compressed.
struct Sparse {
  SparseMatrix weight;
  Vector bias;
};

using Layer = std::variant<Dense, Elementwise, Relu, Sparse>;

/// What is applied to the outputs of the last layer, all of them together: y = a, 1 / (1 + exp(-a)) each,
/// exp(a) / sum exp(a), log of that.
enum class Activation { none, sigmoid, softmax, log_softmax };

/// A trained network, as the user stored it: the layers are applied one after another to the input vector, in the
/// user's units at both ends. The vector that a layer reads may carry more than the last layer's units: values of other
/// branches wait in it until they are read, so every acyclic graph of layers has this form.
struct Network {
  Precision precision = Precision::float32;
  std::vector<Layer> layers;
  Activation activation = Activation::none;
  /// One name an input or output: from the model file's metadata, or x[0], x[1], ..., y[0], ....
  std::vector<std::string> input_names, output_names;
  /// The box of the training data, if the model file states one.
  std::optional<Box> box;

  [[nodiscard]] Index inputs() const { return static_cast<Index>(input_names.size()); }
  [[nodiscard]] Index outputs() const { return static_cast<Index>(output_names.size()); }
};

/// x[0], x[1], ... for prefix "x".
std::vector<std::string> default_names(const std::string& prefix, Index count);

/// Units of the network's vector behind each layer.
std::vector<Index> layer_sizes(const Network& network);

/// Throws std::invalid_argument when layers do not chain, sizes and names disagree, a layer has no units, a name is
/// empty or given twice, a number is not finite, a divisor is zero, or the box is not finite with lower <= upper (a bug
/// in the caller: readers report bad files with their own InputError).
void check(const Network& network);

/// Non-zero entries of all Dense and Sparse weights (biases not counted), and the number of ReLU units.
Index count_weights(const Network& network);
Index count_neurons(const Network& network);

/// The precision that holds the network's numbers: its own, but float64 when a float32 network has got numbers that are
/// not floats (folding makes such). It is written, and evaluated natively, in this precision; nothing is rounded.
Precision storage_precision(const Network& network);

/// The same function with its layers in canonical order, the form that training and pruning work on:
/// Elementwise* (Dense Relu)* Dense Elementwise*. Elementwise layers between two Dense ones are multiplied in and
/// neighbouring Dense layers merged, in double arithmetic; a network that is canonical already comes back unchanged,
/// bit for bit. A final Relu gets an identity Dense behind it. The result's precision is float64 when a product is not
/// a float. Throws InputError when a product overflows, and when the network has a Sparse layer, a Relu of some units
/// only or a final activation: training and pruning do not know them.
Network canonical(const Network& network);

}  // namespace secateur::nn

namespace secateur {
template <>
struct Names<nn::Precision> {
  static constexpr std::array<std::string_view, 2> value{"float32", "float64"};
};
template <>
struct Names<nn::Activation> {
  static constexpr std::array<std::string_view, 4> value{"none", "sigmoid", "softmax", "log_softmax"};
};
template <>
struct Names<nn::ElementwiseOp> {
  static constexpr std::array<std::string_view, 5> value{"add", "subtract", "subtract_from", "multiply", "divide"};
};
}  // namespace secateur
