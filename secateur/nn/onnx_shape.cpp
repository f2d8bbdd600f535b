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

/// Product of the sizes in [begin, end) without the batch axis. Never overflows: it divides the number of units, which
/// is limited, unless a size is zero, which no data has.
std::int64_t product(const Data& data, std::ptrdiff_t begin, std::ptrdiff_t end) {
  std::int64_t result = 1;
  for (std::ptrdiff_t axis = begin; axis < end; ++axis) {
    if (axis != data.batch_axis) result *= data.dim(axis);
  }
  return result;
}

bool is_open(const Data& data) { return data.batch_axis >= 0 && data.dim(data.batch_axis) < 0; }

[[noreturn]] void refuse_mixing(const Data& data, const std::string& target) {
  refuse("turns data of shape " + shape_text(data) + " into " + target +
         ", which does not keep the batch (leading) dimension apart from the others");
}

void check_rank(std::size_t rank) {
  if (rank > most_dims) refuse("makes a tensor of " + std::to_string(rank) + " dimensions; at most 64 are supported");
}

/// Multiplies, but stops growing above every number of elements that a tensor may have.
std::int64_t bounded_product(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t most = std::int64_t{1} << 41;
  return a > 0 && b > most / a ? most : a * b;
}

/// Reshaping keeps the row-major order of the whole tensor. With the batch at position q, elements stay with their
/// sample and in their order iff the sizes before q have the product that they had before the old batch axis.
class Reshaper {
 public:
  Reshaper(const Data& data, std::vector<std::int64_t> target) : m_data(data), m_target(std::move(target)) {
    m_wildcard = std::find(m_target.begin(), m_target.end(), -1) - m_target.begin();
  }

  /// The result with the batch at position `batch` (-1: none), or nothing if the sizes do not fit.
  [[nodiscard]] std::optional<Data> with_batch(std::ptrdiff_t batch) const {
    Data result = m_data;
    result.dims = m_target;
    result.batch_axis = batch;
    std::int64_t known = 1;
    for (std::ptrdiff_t i = 0; i < result.rank(); ++i) {
      if (i != batch && i != m_wildcard) known = bounded_product(known, result.dim(i));
    }
    const bool solve = m_wildcard < result.rank() && m_wildcard != batch;
    if (known <= 0 || (solve ? m_data.units() % known != 0 : m_data.units() != known)) return std::nullopt;
    if (solve) result.dims[static_cast<std::size_t>(m_wildcard)] = m_data.units() / known;
    if (batch < 0) return result;
    result.dims[static_cast<std::size_t>(batch)] = m_data.dim(m_data.batch_axis);
    if (product(result, 0, batch) != product(m_data, 0, m_data.batch_axis)) return std::nullopt;
    return result;
  }

  [[nodiscard]] std::ptrdiff_t wildcard() const { return m_wildcard; }
  [[nodiscard]] std::ptrdiff_t rank() const { return static_cast<std::ptrdiff_t>(m_target.size()); }
  [[nodiscard]] std::int64_t target(std::ptrdiff_t i) const { return m_target[static_cast<std::size_t>(i)]; }

 private:
  const Data& m_data;
  std::vector<std::int64_t> m_target;
  std::ptrdiff_t m_wildcard;
};

}  // namespace

std::int64_t Data::units() const { return product(*this, 0, rank()); }

std::string shape_text(const Data& data) {
  auto dims = data.dims;
  if (data.batch_axis >= 0) dims[static_cast<std::size_t>(data.batch_axis)] = batch_size_marker;
  return shape_text(dims);
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
  std::ptrdiff_t copied_batch = -1;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto axis = static_cast<std::ptrdiff_t>(i);
    if (sizes[i] == 0 && zero_copies) {
      if (axis >= data.rank()) {
        refuse("target shape " + shape_text(target) + " copies a dimension that data of shape " + shape_text(data) +
               " does not have");
      }
      sizes[i] = axis == data.batch_axis ? batch_size_marker : data.dim(axis);
    }
    if (sizes[i] == batch_size_marker) {
      copied_batch = axis;
    } else if (sizes[i] < -1 || sizes[i] == 0) {
      refuse("target shape " + shape_text(target) + " has a size that is not allowed");
    }
  }
  if (std::count(sizes.begin(), sizes.end(), -1) > 1) refuse("target shape " + shape_text(target) + " has two -1");

  const Reshaper reshaper(data, sizes);
  if (data.batch_axis < 0) {
    if (const auto result = reshaper.with_batch(-1)) return *result;
    refuse("data of shape " + shape_text(data) + " does not fit the target shape " + shape_text(target));
  }
  if (copied_batch >= 0) {
    if (const auto result = reshaper.with_batch(copied_batch)) return *result;
    refuse_mixing(data, shape_text(target));
  }
  if (reshaper.wildcard() < reshaper.rank()) {
    if (const auto result = reshaper.with_batch(reshaper.wildcard())) return *result;
  }
  for (std::ptrdiff_t i = 0; !is_open(data) && i < reshaper.rank(); ++i) {
    if (reshaper.target(i) != data.dim(data.batch_axis)) continue;
    if (const auto result = reshaper.with_batch(i)) return *result;
  }
  refuse_mixing(data, shape_text(target));
}

Data flatten(const Data& data, std::int64_t axis) {
  const std::ptrdiff_t rank = data.rank();
  const std::ptrdiff_t split = axis == rank ? rank : resolve_axis(axis, rank);
  Data result = data;
  result.dims = {product(data, 0, split), product(data, split, rank)};
  if (data.batch_axis < 0) return result;
  // The part that holds the batch axis must hold nothing else.
  result.batch_axis = data.batch_axis < split ? 0 : 1;
  std::int64_t& size = result.dims[static_cast<std::size_t>(result.batch_axis)];
  if (size != 1) {
    refuse_mixing(data, "a matrix of the dimensions before and behind axis " + std::to_string(axis));
  }
  size = data.dim(data.batch_axis);
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

Data transpose(const Data& data, const std::vector<std::int64_t>& permutation, LayerTree& tree) {
  const std::size_t rank = data.dims.size();
  std::vector<std::int64_t> sorted = permutation;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < rank; ++i) {
    if (sorted.size() != rank || sorted[i] != static_cast<std::int64_t>(i)) {
      refuse("perm " + shape_text(permutation) + " is not a permutation of the dimensions of " + shape_text(data));
    }
  }
  Data result = data;
  // Strides of one sample in the old layout; the batch axis takes no part.
  std::vector<Index> strides(rank, 0);
  Index stride = 1;
  for (std::size_t i = rank; i-- > 0;) {
    if (static_cast<std::ptrdiff_t>(i) == data.batch_axis) continue;
    strides[i] = stride;
    stride *= data.dims[i];
  }
  std::vector<std::size_t> walk;  // the old axes in their new order, without the batch
  for (std::size_t i = 0; i < rank; ++i) {
    const auto old = static_cast<std::size_t>(permutation[i]);
    result.dims[i] = data.dims[old];
    if (static_cast<std::ptrdiff_t>(old) == data.batch_axis) {
      result.batch_axis = static_cast<std::ptrdiff_t>(i);
    } else if (data.dims[old] > 1) {
      walk.push_back(old);
    }
  }
  if (std::is_sorted(walk.begin(), walk.end())) return result;
  tree.charge(data.units());
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
