// SPDX-License-Identifier: Apache-2.0
// Affine operators: Add, Sub, Mul, Div, Gemm, MatMul, Scaler.
#include <algorithm>
#include <cmath>
#include <utility>

#include "secateur/nn/numbers.hpp"
#include "secateur/nn/onnx_combine.hpp"
#include "secateur/nn/onnx_operation.hpp"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

/// The two operands of an operator that needs one constant and one that depends on the input.
struct Operands {
  const Data* data;
  const Tensor* constant;
  bool data_first;
};

/// Both operands depend on the input.
bool both_data(const Operation& operation) { return operation.data(0) != nullptr && operation.data(1) != nullptr; }

Operands operands(const Operation& operation, const char* verb) {
  const Data* first = operation.data(0);
  const Data* second = operation.data(1);
  if (first != nullptr && second != nullptr) {
    refuse(std::string(verb) + " two values that both depend on the input; one of them has to be constant");
  }
  if (first == nullptr && second == nullptr) {
    refuse(std::string(verb) + " two constants; computing with constants is not supported, fold them before export");
  }
  return {first != nullptr ? first : second, first != nullptr ? operation.constant(1) : operation.constant(0),
          first != nullptr};
}

void check_weight(const Tensor& weight, const Data& data) {
  if (!weight.is_real()) refuse(weight.origin + " holds integers; supported are float and double");
  if (weight.element != data.element) refuse(weight.origin + " and the data differ in element type (float and double)");
  if (weight.size() == 0) refuse(weight.origin + " of shape " + shape_text(weight.dims) + " is empty");
  check_finite(weight);
}

/// The constant as a matrix of the given size, or the transpose of that.
Matrix as_matrix(const Tensor& tensor, Index rows, Index cols, bool transposed) {
  const Eigen::Map<const Matrix> stored(tensor.reals.data(), rows, cols);
  if (transposed) return stored.transpose();
  return stored;
}

/// Is a * b a number of the element type? For float64 the error of the product is itself a double, found by fma, unless
/// it underflows.
bool exact_product(double a, double b, Element element) {
  const double product = a * b;
  if (a == 0 || b == 0) return true;
  if (element == Element::float32) return is_float(product);
  return std::isfinite(product) && std::abs(product) > 0x1p-900 && std::fma(a, b, -product) == 0;
}

template <class Numbers>
bool exact_products(double factor, const Numbers& numbers, Element element) {
  if (factor == 1) return true;
  for (Index i = 0; i < numbers.size(); ++i) {
    if (!exact_product(factor, numbers.data()[i], element)) return false;
  }
  return true;
}

Data contract(const Data& data, std::ptrdiff_t axis, const Matrix& matrix, const Tensor& weight, bool open_bias,
              LayerDag& dag) {
  if (axis == data.batch_axis) {
    refuse("multiplies " + weight.origin + " into the batch (leading) dimension of the data of shape " +
           shape_text(data));
  }
  if (matrix.cols() != data.dim(axis)) {
    refuse(weight.origin + " of shape " + shape_text(weight.dims) + " does not fit the data of shape " +
           shape_text(data));
  }
  return apply_matrix(data, axis, matrix, open_bias, dag);
}

/// alpha M x + beta C with the bias given (null: none). Factors are multiplied into the numbers where that is exact in
/// the network's precision; otherwise they become layers of their own, y = beta ((alpha (M x)) / beta + C), so that
/// nothing is rounded when the file is read.
Data scaled_affine(const Data& data, std::ptrdiff_t axis, Matrix matrix, const Tensor& weight, double alpha,
                   const Tensor* bias, double beta, LayerDag& dag) {
  if (beta == 0) bias = nullptr;
  const bool fold_alpha = exact_products(alpha, matrix, data.element);
  if (fold_alpha && alpha != 1) matrix *= alpha;
  Data result = contract(data, axis, matrix, weight, bias == nullptr && fold_alpha, dag);
  const auto multiply = [&](ElementwiseOp op, double factor) {
    if (factor != 1) result = apply_elementwise(result, op, factor, dag);
  };
  if (bias == nullptr) {
    if (!fold_alpha) multiply(ElementwiseOp::multiply, alpha);
    return result;
  }
  Vector values = spread(*bias, result, dag);
  const bool fold_beta = exact_products(beta, values, data.element);
  if (fold_beta) values *= beta;
  if (fold_alpha && fold_beta) {
    dag.set_bias(result.last, std::move(values));
    return result;
  }
  if (!fold_alpha && !fold_beta && alpha == beta) {
    dag.set_bias(result.last, std::move(values));
    multiply(ElementwiseOp::multiply, alpha);
    return result;
  }
  if (!fold_alpha) multiply(ElementwiseOp::multiply, alpha);
  if (!fold_beta) multiply(ElementwiseOp::divide, beta);
  result.last = dag.add(result.last, Elementwise{ElementwiseOp::add, std::move(values)});
  if (!fold_beta) multiply(ElementwiseOp::multiply, beta);
  return result;
}

/// x B + C or x B' + C with a sparse B: the form that Secateur writes.
Value sparse_gemm(const Operation& operation) {
  const Data& data = *operation.data(0);
  const Tensor& weight = *operation.sparse(1);
  if (operation.real("alpha", 1) != 1 || operation.real("beta", 1) != 1 || operation.integer("transA", 0) != 0) {
    refuse(weight.origin + " is sparse, which is supported with alpha = beta = 1 and transA = 0 only");
  }
  check_operand(weight, data.element);
  const bool transposed = operation.integer("transB", 0) != 0;
  const std::int64_t rows = weight.dims[transposed ? 0 : 1], cols = weight.dims[transposed ? 1 : 0];
  if (data.rank() != 2 || data.batch_axis == 1 || data.dims[0] != 1 || data.dims[1] != cols) {
    refuse(weight.origin + " of shape " + shape_text(weight.dims) + " does not fit the data of shape " +
           shape_text(data));
  }
  Combination result(operation.dag(), {&data});
  for (std::size_t k = 0; k < weight.positions.size(); ++k) {
    const Index first = weight.positions[k] / weight.dims[1], second = weight.positions[k] % weight.dims[1];
    result.add(transposed ? first : second, 0, transposed ? second : first, weight.reals[k]);
  }
  Data product = result.finish({1, rows}, data.batch_axis);
  if (operation.has_input(2)) {
    operation.dag().set_bias(product.last, spread(operation.constant_for(2, "the bias"), product, operation.dag()));
  }
  return product;
}

}  // namespace

Value apply_add(const Operation& operation) {
  if (both_data(operation)) return weighted_sum(broadcast(operation, "adds"), {1, 1}, operation.dag());
  const Operands o = operands(operation, "adds");
  return apply_elementwise(*o.data, ElementwiseOp::add, *o.constant, operation.dag());
}

Value apply_sub(const Operation& operation) {
  if (both_data(operation)) return weighted_sum(broadcast(operation, "subtracts"), {1, -1}, operation.dag());
  const Operands o = operands(operation, "subtracts");
  return apply_elementwise(*o.data, o.data_first ? ElementwiseOp::subtract : ElementwiseOp::subtract_from, *o.constant,
                           operation.dag());
}

Value apply_mul(const Operation& operation) {
  const Operands o = operands(operation, "multiplies");
  return apply_elementwise(*o.data, ElementwiseOp::multiply, *o.constant, operation.dag());
}

Value apply_div(const Operation& operation) {
  const Operands o = operands(operation, "divides");
  if (!o.data_first) refuse("divides a constant by the data, which is not affine; supported is data / constant");
  return apply_elementwise(*o.data, ElementwiseOp::divide, *o.constant, operation.dag());
}

Value apply_gemm(const Operation& operation) {
  const double alpha = operation.real("alpha", 1);
  const double beta = operation.real("beta", 1);
  const bool trans_a = operation.integer("transA", 0) != 0;
  const bool trans_b = operation.integer("transB", 0) != 0;
  if (operation.data(0) != nullptr && operation.sparse(1) != nullptr) return sparse_gemm(operation);
  const Operands o = operands(operation, "multiplies");
  const Tensor* bias = operation.has_input(2) ? &operation.constant_for(2, "the bias") : nullptr;
  check_weight(*o.constant, *o.data);
  if (o.data->rank() != 2 || o.constant->dims.size() != 2) {
    refuse("multiplies shapes " + shape_text(*o.data) + " and " + shape_text(o.constant->dims) +
           "; Gemm takes two matrices");
  }
  // y = x' B': unit j is row j of B'^T. y = A' x': unit i is row i of A'.
  const bool transpose_data = o.data_first ? trans_a : trans_b;
  const Data data = transpose_data ? transpose(*o.data, {1, 0}, operation.dag()) : *o.data;
  Matrix matrix = as_matrix(*o.constant, o.constant->dims[0], o.constant->dims[1], o.data_first ? !trans_b : trans_a);
  if (bias != nullptr && bias->dims.size() > 2) {
    refuse(bias->origin + " of shape " + shape_text(bias->dims) + " is no bias of a matrix product");
  }
  return scaled_affine(data, o.data_first ? 1 : 0, std::move(matrix), *o.constant, alpha, bias, beta, operation.dag());
}

Value apply_matmul(const Operation& operation) {
  const Operands o = operands(operation, "multiplies");
  const Data& data = *o.data;
  const Tensor& weight = *o.constant;
  check_weight(weight, data);
  // Leading dimensions of size 1 only add dimensions to the result. A vector stands for a matrix of one column (behind)
  // or one row (in front), whose dimension disappears afterwards.
  std::vector<std::int64_t> dims = weight.dims;
  std::ptrdiff_t leading = 0;
  while (dims.size() > 2 && dims.front() == 1 && leading < static_cast<std::ptrdiff_t>(most_dims)) {
    dims.erase(dims.begin());
    ++leading;
  }
  const bool vector = dims.size() == 1;
  if (vector) dims.insert(o.data_first ? dims.end() : dims.begin(), 1);
  const std::ptrdiff_t rank = data.rank();
  if (dims.size() != 2 || rank < 1) {
    refuse(weight.origin + " of shape " + shape_text(weight.dims) + " times data of shape " + shape_text(data) +
           " is not supported; the constant has to be one matrix");
  }
  const std::ptrdiff_t axis = o.data_first || rank == 1 ? rank - 1 : rank - 2;
  Data result = contract(data, axis, as_matrix(weight, dims[0], dims[1], o.data_first), weight, true, operation.dag());
  if (vector) {
    const std::vector<std::int64_t> gone{axis};
    return squeeze(result, &gone);
  }
  std::vector<std::int64_t> fresh;
  for (std::ptrdiff_t i = std::max<std::ptrdiff_t>(rank, 2); i < leading + 2; ++i) {
    fresh.push_back(static_cast<std::int64_t>(fresh.size()));
  }
  return unsqueeze(result, fresh);
}

Value apply_scaler(const Operation& operation) {
  const Data* data = operation.data(0);
  if (data == nullptr) refuse("is applied to a constant, which is not supported");
  // (x - offset) * scale along the last dimension, in float whatever the input.
  Data result = *data;
  result.element = Element::float32;
  const auto offset = operation.reals("offset"), scale = operation.reals("scale");
  if (offset.size() != scale.size()) refuse("its attributes \"offset\" and \"scale\" differ in length");
  for (const auto& [values, op] : {std::pair{&offset, ElementwiseOp::subtract}, {&scale, ElementwiseOp::multiply}}) {
    Tensor constant;
    constant.origin = op == ElementwiseOp::multiply ? "attribute \"scale\"" : "attribute \"offset\"";
    constant.reals = *values;
    constant.dims = {constant.size()};
    result = apply_elementwise(result, op, constant, operation.dag());
  }
  return result;
}

}  // namespace secateur::nn::detail
