// SPDX-License-Identifier: Apache-2.0
// Shape-only operations on the data: Reshape, Flatten, Squeeze, Unsqueeze, Transpose.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "secateur/nn/onnx_layers.hpp"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

/// Product of the sizes in [begin, end). Never overflows: it divides the number of units, which is limited.
std::int64_t product(const Data& data, std::ptrdiff_t begin, std::ptrdiff_t end) {
  std::int64_t result = 1;
  for (std::ptrdiff_t axis = begin; axis < end; ++axis) result *= data.dim(axis);
  return result;
}

[[noreturn]] void refuse_mixing(const Data& data, const std::string& target) {
  refuse("turns data of shape " + shape_text(data) + " into " + target +
         ", which does not keep the samples of the batch (the leading dimension) apart");
}

void check_rank(std::size_t rank) {
  if (rank > most_dims) refuse("makes a tensor of " + std::to_string(rank) + " dimensions; at most 64 are supported");
}

/// Multiplies, but stops growing above every number of elements that a tensor may have.
std::int64_t bounded_product(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t most = 2 * most_elements;
  return a > 0 && b > most / a ? most : a * b;
}

/// What a target shape says about one position.
constexpr std::int64_t wildcard = -1;

/// Reshaping keeps the row-major order of the whole tensor. If position q of the target takes the batch, as batch * k
/// with the samples one after another, every sample keeps its elements and their order iff the sizes before q have the
/// product that the sizes before the old batch axis have. `k`: given, or 0 to find it. `q` = -1: there is no batch.
std::optional<Data> reshape_with_batch(const Data& data, const std::vector<std::int64_t>& target, std::ptrdiff_t q,
                                       std::int64_t k) {
  Data result = data;
  result.dims = target;
  result.batch_axis = q;
  if (q >= 0) result.dims[static_cast<std::size_t>(q)] = k == 0 ? wildcard : k;
  std::int64_t known = 1;
  std::int64_t* open = nullptr;
  for (std::int64_t& size : result.dims) {
    if (size == wildcard) {
      if (open != nullptr) return std::nullopt;
      open = &size;
    } else {
      known = bounded_product(known, size);
    }
  }
  if (known == 0) return std::nullopt;  // an empty constant
  if (open == nullptr ? data.units() != known : data.units() % known != 0) return std::nullopt;
  if (open != nullptr) *open = data.units() / known;
  if (q >= 0 && product(result, 0, q) != product(data, 0, data.batch_axis)) return std::nullopt;
  return result;
}

}  // namespace

std::int64_t Data::units() const { return product(*this, 0, rank()); }

std::string shape_text(const Data& data) {
  std::string text = "[";
  for (std::ptrdiff_t axis = 0; axis < data.rank(); ++axis) {
    if (axis > 0) text += ", ";
    if (axis != data.batch_axis) {
      text += std::to_string(data.dim(axis));
    } else {
      text += data.dim(axis) == 1 ? "batch" : "batch * " + std::to_string(data.dim(axis));
    }
  }
  return text + "]";
}

std::ptrdiff_t resolve_axis(std::int64_t axis, std::ptrdiff_t rank) {
  if (axis < -rank || axis >= rank) {
    refuse("axis " + std::to_string(axis) + " does not exist in a tensor of rank " + std::to_string(rank));
  }
  return static_cast<std::ptrdiff_t>(axis < 0 ? axis + rank : axis);
}

Data reshape(const Data& data, const std::vector<std::int64_t>& target, bool zero_copies) {
  check_rank(target.size());
  std::vector<std::int64_t> sizes = target;
  std::ptrdiff_t stated_batch = -1;
  std::int64_t stated_k = 1;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto axis = static_cast<std::ptrdiff_t>(i);
    if (sizes[i] == 0 && zero_copies) {
      if (axis >= data.rank()) {
        refuse("target shape " + shape_text(target) + " copies a dimension that data of shape " + shape_text(data) +
               " does not have");
      }
      sizes[i] = data.dim(axis);
      if (axis == data.batch_axis) {
        stated_batch = axis;
        stated_k = data.dim(axis);
      }
    } else if (sizes[i] == batch_size_marker) {
      stated_batch = axis;
    } else if (sizes[i] < wildcard || sizes[i] == 0) {
      refuse("target shape " + shape_text(target) + " has a size that is not allowed");
    }
  }
  if (std::count(sizes.begin(), sizes.end(), wildcard) > 1) {
    refuse("target shape " + shape_text(target) + " has two -1");
  }

  if (data.batch_axis < 0) {
    if (const auto result = reshape_with_batch(data, sizes, -1, 0)) return *result;
    refuse("data of shape " + shape_text(data) + " does not fit the target shape " + shape_text(target));
  }
  if (stated_batch >= 0) {
    if (const auto result = reshape_with_batch(data, sizes, stated_batch, stated_k)) return *result;
    refuse_mixing(data, shape_text(target));
  }
  const auto open = std::find(sizes.begin(), sizes.end(), wildcard);
  if (open != sizes.end()) {
    if (const auto result = reshape_with_batch(data, sizes, open - sizes.begin(), 0)) return *result;
  }
  for (std::size_t i = 0; data.batch_size > 0 && i < sizes.size(); ++i) {
    if (sizes[i] < 0 || sizes[i] % data.batch_size != 0) continue;
    if (const auto result =
            reshape_with_batch(data, sizes, static_cast<std::ptrdiff_t>(i), sizes[i] / data.batch_size)) {
      return *result;
    }
  }
  refuse_mixing(data, shape_text(target));
}

Data flatten(const Data& data, std::int64_t axis) {
  const std::ptrdiff_t rank = data.rank();
  const std::ptrdiff_t split = axis == rank ? rank : resolve_axis(axis, rank);
  Data result = data;
  result.dims = {product(data, 0, split), product(data, split, rank)};
  if (data.batch_axis < 0) return result;
  result.batch_axis = data.batch_axis < split ? 0 : 1;
  if (product(data, result.batch_axis == 0 ? 0 : split, data.batch_axis) != 1) {
    refuse_mixing(data, "a matrix of the dimensions before and behind axis " + std::to_string(axis));
  }
  return result;
}

Data squeeze(const Data& data, const std::vector<std::int64_t>* axes) {
  std::vector<bool> drop(data.dims.size(), false);
  for (std::ptrdiff_t axis = 0; axis < data.rank() && axes == nullptr; ++axis) {
    drop[static_cast<std::size_t>(axis)] = axis != data.batch_axis && data.dim(axis) == 1;
  }
  for (std::size_t i = 0; axes != nullptr && i < axes->size(); ++i) {
    const std::ptrdiff_t axis = resolve_axis((*axes)[i], data.rank());
    if (axis == data.batch_axis || data.dim(axis) != 1) {
      refuse("removes dimension " + std::to_string(axis) + " of data of shape " + shape_text(data) +
             "; only dimensions of size 1 other than the batch can go");
    }
    drop[static_cast<std::size_t>(axis)] = true;
  }
  Data result = data;
  result.dims.clear();
  for (std::size_t axis = 0; axis < drop.size(); ++axis) {
    if (static_cast<std::ptrdiff_t>(axis) == data.batch_axis) {
      result.batch_axis = static_cast<std::ptrdiff_t>(result.dims.size());
    }
    if (!drop[axis]) result.dims.push_back(data.dims[axis]);
  }
  return result;
}

Data unsqueeze(const Data& data, const std::vector<std::int64_t>& axes) {
  const std::size_t rank = data.dims.size() + axes.size();
  check_rank(rank);
  std::vector<bool> fresh(rank, false);
  for (const std::int64_t axis : axes) {
    auto&& flag = fresh[static_cast<std::size_t>(resolve_axis(axis, static_cast<std::ptrdiff_t>(rank)))];
    if (flag) refuse("inserts axis " + std::to_string(axis) + " twice");
    flag = true;
  }
  Data result = data;
  result.dims.clear();
  std::size_t next = 0;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (fresh[axis]) {
      result.dims.push_back(1);
      continue;
    }
    if (static_cast<std::ptrdiff_t>(next) == data.batch_axis) result.batch_axis = static_cast<std::ptrdiff_t>(axis);
    result.dims.push_back(data.dims[next++]);
  }
  return result;
}

Data transpose(const Data& data, const std::vector<std::int64_t>& permutation, LayerDag& dag) {
  const std::size_t rank = data.dims.size();
  std::vector<std::int64_t> sorted = permutation;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < rank; ++i) {
    if (sorted.size() != rank || sorted[i] != static_cast<std::int64_t>(i)) {
      refuse("perm " + shape_text(permutation) + " is not a permutation of the dimensions of " + shape_text(data));
    }
  }
  Data result = data;
  // Strides of one sample in the old layout.
  std::vector<Index> strides(rank, 0);
  Index stride = 1;
  for (std::size_t i = rank; i-- > 0;) {
    strides[i] = stride;
    stride *= data.dims[i];
  }
  std::vector<std::size_t> walk;  // the old axes in their new order, without those of size 1
  for (std::size_t i = 0; i < rank; ++i) {
    const auto old = static_cast<std::size_t>(permutation[i]);
    result.dims[i] = data.dims[old];
    if (static_cast<std::ptrdiff_t>(old) == data.batch_axis) result.batch_axis = static_cast<std::ptrdiff_t>(i);
    if (data.dims[old] > 1) walk.push_back(old);
  }
  if (std::is_sorted(walk.begin(), walk.end())) return result;
  dag.charge(data.units());
  auto order = std::make_shared<std::vector<Index>>();
  std::vector<std::int64_t> at(walk.size(), 0);
  Index position = 0;
  for (std::int64_t i = 0; i < data.units(); ++i) {
    order->push_back(data.unit(position));
    for (std::size_t k = walk.size(); k-- > 0;) {
      position += strides[walk[k]];
      if (++at[k] < data.dims[walk[k]]) break;
      position -= at[k] * strides[walk[k]];
      at[k] = 0;
    }
  }
  result.order = std::move(order);
  return result;
}

}  // namespace secateur::nn::detail
