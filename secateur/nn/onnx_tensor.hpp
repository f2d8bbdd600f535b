// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "secateur/core/matrix.hpp"

namespace onnx {
class SparseTensorProto;
class TensorProto;
}  // namespace onnx

namespace secateur::nn::detail {

/// Element types that can be computed with: reals as weights and data, integers as shapes and axes.
enum class Element { float32, float64, integer };

/// No tensor has more elements than this.
inline constexpr std::int64_t most_elements = 1'000'000'000'000;

/// In an integer tensor that was computed from the shape of the data: the size of the batch, which is not known.
inline constexpr std::int64_t batch_size_marker = std::numeric_limits<std::int64_t>::min();

/// A constant. `reals` is filled for float32 and float64, `integers` for integer; row-major, one entry per element.
struct Tensor {
  Element element = Element::float32;
  /// Where it comes from, for messages: `initializer "W0"`.
  std::string origin;
  std::vector<std::int64_t> dims;
  std::vector<double> reals;
  std::vector<std::int64_t> integers;
  /// A matrix of which only some entries are stored: the reals stand at these positions, counted row by row, ascending.
  bool is_sparse = false;
  std::vector<std::int64_t> positions;

  [[nodiscard]] bool is_real() const { return element != Element::integer; }
  [[nodiscard]] std::int64_t size() const {
    return static_cast<std::int64_t>(is_real() ? reals.size() : integers.size());
  }
};

using TensorPointer = std::shared_ptr<const Tensor>;

/// [2, 3] for messages.
std::string shape_text(const std::vector<std::int64_t>& dims);

/// The name of an ONNX data type: float, double, float16, ....
std::string type_name(std::int32_t data_type);

/// float32 or float64 for the ONNX types float and double, integer for int32, int64 and bool; refuses others.
Element element_of(std::int32_t data_type, const std::string& origin);

/// The tensor's numbers, from raw data, from the typed fields, or from the external data file in `folder`. Refuses
/// other element types and data that is not as long as the shape says, before it allocates anything.
Tensor decode(const ::onnx::TensorProto& proto, const std::string& origin, const std::filesystem::path& folder);

/// A sparse matrix. Refuses other ranks, and positions that are not ascending and inside.
Tensor decode_sparse(const ::onnx::SparseTensorProto& proto, const std::string& origin,
                     const std::filesystem::path& folder);

/// Refuses NaN and infinity.
void check_finite(const Tensor& tensor);

/// The integers of a constant of rank 0 or 1; refuses others. `use` says what for: "the target shape".
const std::vector<std::int64_t>& integer_list(const Tensor& tensor, const char* use);

}  // namespace secateur::nn::detail
