// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/onnx_tensor.hpp"

#include <bit>
#include <cmath>
#include <cstring>

#include "onnx.pb.h"
#include "secateur/nn/onnx_dag.hpp"
#include "secateur/nn/onnx_external.hpp"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

static_assert(std::endian::native == std::endian::little, "ONNX stores raw data in little-endian order");

namespace {

using ::onnx::TensorProto;

/// The number of elements; refuses negative sizes and products that overflow.
std::int64_t count_elements(const std::vector<std::int64_t>& dims, const std::string& origin) {
  std::int64_t count = 1;
  bool empty = false;
  for (const std::int64_t dim : dims) {
    if (dim < 0) refuse(origin + " has shape " + shape_text(dims) + "; sizes cannot be negative");
    if (dim == 0) empty = true;
    if (dim > most_elements || (dim > 0 && count > most_elements / dim))
      refuse(origin + " has shape " + shape_text(dims) + ": too large");
    if (dim > 0) count *= dim;
  }
  return empty ? 0 : count;
}

[[noreturn]] void refuse_length(const std::string& origin, const Tensor& tensor, std::int64_t expected,
                                std::size_t found, const char* unit) {
  refuse(origin + " has shape " + shape_text(tensor.dims) + " and needs " + std::to_string(expected) + " " + unit +
         ", but " + std::to_string(found) + " are stored");
}

template <class Stored, class Number>
void read_raw(const std::string& bytes, std::int64_t count, std::vector<Number>& numbers) {
  numbers.resize(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    Stored value;
    std::memcpy(&value, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    numbers[i] = static_cast<Number>(value);
  }
}

std::int64_t bytes_per_element(std::int32_t type) {
  switch (type) {
    case TensorProto::DOUBLE:
    case TensorProto::INT64:
      return 8;
    case TensorProto::BOOL:
      return 1;
    default:
      return 4;
  }
}

void decode_raw(std::int32_t type, const std::string& bytes, std::int64_t count, Tensor& tensor) {
  const std::int64_t expected = count * bytes_per_element(type);
  if (static_cast<std::int64_t>(bytes.size()) != expected) {
    refuse_length(tensor.origin, tensor, expected, bytes.size(), "bytes");
  }
  switch (type) {
    case TensorProto::FLOAT:
      read_raw<float>(bytes, count, tensor.reals);
      break;
    case TensorProto::DOUBLE:
      read_raw<double>(bytes, count, tensor.reals);
      break;
    case TensorProto::INT64:
      read_raw<std::int64_t>(bytes, count, tensor.integers);
      break;
    case TensorProto::INT32:
      read_raw<std::int32_t>(bytes, count, tensor.integers);
      break;
    default:
      read_raw<std::uint8_t>(bytes, count, tensor.integers);
      break;
  }
}

template <class Field, class Number>
void decode_field(const Field& field, std::int64_t count, const Tensor& tensor, std::vector<Number>& numbers) {
  if (field.size() != count) {
    refuse_length(tensor.origin, tensor, count, static_cast<std::size_t>(field.size()), "numbers");
  }
  numbers.assign(field.begin(), field.end());
}

void decode_fields(const TensorProto& proto, std::int64_t count, Tensor& tensor) {
  switch (proto.data_type()) {
    case TensorProto::FLOAT:
      decode_field(proto.float_data(), count, tensor, tensor.reals);
      break;
    case TensorProto::DOUBLE:
      decode_field(proto.double_data(), count, tensor, tensor.reals);
      break;
    case TensorProto::INT64:
      decode_field(proto.int64_data(), count, tensor, tensor.integers);
      break;
    default:
      decode_field(proto.int32_data(), count, tensor, tensor.integers);
      break;
  }
}

}  // namespace

std::string shape_text(const std::vector<std::int64_t>& dims) {
  std::string text = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (i == 8) return text + ", ...]";
    if (i > 0) text += ", ";
    text += dims[i] == batch_size_marker ? "batch" : std::to_string(dims[i]);
  }
  return text + "]";
}

std::string type_name(std::int32_t data_type) {
  if (!TensorProto::DataType_IsValid(data_type)) return "element type " + std::to_string(data_type);
  std::string name = TensorProto::DataType_Name(static_cast<TensorProto::DataType>(data_type));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

Element element_of(std::int32_t data_type, const std::string& origin) {
  switch (data_type) {
    case TensorProto::FLOAT:
      return Element::float32;
    case TensorProto::DOUBLE:
      return Element::float64;
    case TensorProto::INT64:
    case TensorProto::INT32:
    case TensorProto::BOOL:
      return Element::integer;
    default:
      refuse(origin + " is " + type_name(data_type) + "; supported are float and double (int32 and int64 for shapes)");
  }
}

Tensor decode(const TensorProto& proto, const std::string& origin, const std::filesystem::path& folder) {
  Tensor tensor;
  tensor.origin = origin;
  tensor.dims.assign(proto.dims().begin(), proto.dims().end());
  tensor.element = element_of(proto.data_type(), origin);
  if (proto.has_segment()) refuse(origin + " is stored in segments, which is not supported");
  const std::int64_t count = count_elements(tensor.dims, origin);
  if (proto.data_location() == TensorProto::EXTERNAL) {
    decode_raw(proto.data_type(), read_external(proto, origin, folder, count * bytes_per_element(proto.data_type())),
               count, tensor);
  } else if (proto.has_raw_data()) {
    decode_raw(proto.data_type(), proto.raw_data(), count, tensor);
  } else {
    decode_fields(proto, count, tensor);
  }
  for (const std::int64_t value : tensor.integers) {
    if (value == batch_size_marker) refuse(origin + " holds " + std::to_string(value) + ", which no shape can use");
  }
  return tensor;
}

Tensor decode_sparse(const ::onnx::SparseTensorProto& proto, const std::string& origin,
                     const std::filesystem::path& folder) {
  Tensor tensor = decode(proto.values(), origin, folder);
  const Tensor indices = decode(proto.indices(), "the indices of " + origin, folder);
  const auto stored = tensor.dims;
  tensor.is_sparse = true;
  tensor.dims.assign(proto.dims().begin(), proto.dims().end());
  const bool matrix = tensor.dims.size() == 2 && tensor.is_real() && stored.size() == 1 && !indices.is_real();
  for (const std::int64_t size : tensor.dims) {
    if (!matrix || size < 1 || size > most_units) {
      refuse(origin + " of shape " + shape_text(tensor.dims) +
             " is not a sparse matrix of float or double with at most 2^20 rows and columns");
    }
  }
  if (tensor.dims.empty()) refuse(origin + " is sparse and has no shape");
  // One number a stored entry, or its row and column.
  const bool pairs = indices.dims.size() == 2 && indices.dims[1] == 2;
  if ((!pairs && indices.dims.size() != 1) || indices.size() != tensor.size() * (pairs ? 2 : 1)) {
    refuse(origin + " has " + std::to_string(tensor.size()) + " entries and indices of shape " +
           shape_text(indices.dims));
  }
  std::int64_t last = -1;
  for (std::size_t k = 0; k < tensor.reals.size(); ++k) {
    std::int64_t position = indices.integers[pairs ? 2 * k : k];
    if (pairs) {
      const std::int64_t column = indices.integers[2 * k + 1];
      const bool inside = position >= 0 && position < tensor.dims[0] && column >= 0 && column < tensor.dims[1];
      position = inside ? position * tensor.dims[1] + column : -1;
    }
    if (position <= last || position >= tensor.dims[0] * tensor.dims[1]) {
      refuse(origin + ": index " + std::to_string(k) + " is outside the matrix or not above the one before it");
    }
    tensor.positions.push_back(last = position);
  }
  return tensor;
}

void check_finite(const Tensor& tensor) {
  for (std::size_t i = 0; i < tensor.reals.size(); ++i) {
    if (std::isfinite(tensor.reals[i])) continue;
    refuse(tensor.origin + ": entry " + std::to_string(i) + " is " +
           (std::isnan(tensor.reals[i]) ? "NaN" : "infinite") + "; weights have to be finite");
  }
}

const std::vector<std::int64_t>& integer_list(const Tensor& tensor, const char* use) {
  if (tensor.is_real() || tensor.dims.size() > 1) {
    refuse(std::string(use) + " has to be a list of integers; " + tensor.origin + " is " +
           (tensor.is_real() ? "real" : "integer") + " of shape " + shape_text(tensor.dims));
  }
  return tensor.integers;
}

}  // namespace secateur::nn::detail
