// SPDX-License-Identifier: Apache-2.0
// What operators on several tensors, or on selected elements of one, have in common.
#include "secateur/nn/onnx_combine.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

namespace {

std::int64_t count(const std::vector<std::int64_t>& dims) {
  std::int64_t result = 1;
  for (const std::int64_t size : dims) {
    if (size > 0 && result > most_units / size) {
      refuse("makes more than " + std::to_string(most_units) + " units, the most that is supported");
    }
    result *= size;
  }
  return result;
}

/// For each element of a tensor of shape `dims`, the element of a tensor of shape `own` that is broadcast there.
std::vector<Index> broadcast_elements(const std::vector<std::int64_t>& own, const std::vector<std::int64_t>& dims) {
  std::vector<Index> steps(dims.size(), 0);
  const std::vector<Index> strides = strides_of(own);
  for (std::size_t i = 1; i <= own.size(); ++i) {
    if (own[own.size() - i] != 1) steps[dims.size() - i] = strides[own.size() - i];
  }
  std::vector<Index> elements(static_cast<std::size_t>(count(dims)));
  std::vector<std::int64_t> at(dims.size(), 0);
  Index position = 0;
  for (Index& element : elements) {
    element = position;
    for (std::size_t k = dims.size(); k-- > 0;) {  // count up, the last axis fastest
      position += steps[k];
      if (++at[k] < dims[k]) break;
      position -= at[k] * steps[k];
      at[k] = 0;
    }
  }
  return elements;
}

/// Widens `dims` so that a tensor of shape `own` fits as well; false if that cannot be.
bool widen(std::vector<std::int64_t>& dims, const std::vector<std::int64_t>& own) {
  if (own.size() > dims.size()) dims.insert(dims.begin(), own.size() - dims.size(), 1);
  for (std::size_t i = 1; i <= own.size(); ++i) {
    std::int64_t& size = dims[dims.size() - i];
    const std::int64_t other = own[own.size() - i];
    if (size == 1) size = other;
    if (other != 1 && other != size) return false;
  }
  return true;
}

}  // namespace

std::vector<Index> strides_of(const std::vector<std::int64_t>& dims) {
  std::vector<Index> strides(dims.size(), 1);
  for (std::size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

void check_operand(const Tensor& constant, Element element) {
  if (!constant.is_real()) refuse(constant.origin + " holds integers; supported are float and double");
  if (constant.element != element) refuse(constant.origin + " and the data differ in element type (float and double)");
  if (constant.size() == 0) refuse(constant.origin + " is empty");
  check_finite(constant);
}

Combination::Combination(LayerDag& dag, std::vector<const Data*> operands)
    : m_dag(&dag), m_operands(std::move(operands)) {
  for (std::size_t i = 0; i < m_operands.size(); ++i) {
    const Data& operand = *m_operands[i];
    if (operand.element != m_operands.front()->element) refuse("its inputs differ in element type (float and double)");
    const auto found = std::find(m_parents.begin(), m_parents.end(), operand.last);
    if (found != m_parents.end()) {
      std::size_t earlier = 0;
      while (m_operands[earlier]->last != operand.last) ++earlier;
      m_first.push_back(m_first[earlier]);
      continue;
    }
    dag.charge(operand.units());
    m_parents.push_back(operand.last);
    m_first.push_back(m_columns);
    m_columns += operand.units();
    if (m_columns > most_columns) refuse("reads more than 2^30 units, the most that is supported");
  }
}

void Combination::add(Index row, std::size_t operand, Index element, double coefficient) {
  m_dag->charge(1);
  m_entries.emplace_back(static_cast<int>(row), static_cast<int>(m_first[operand] + m_operands[operand]->unit(element)),
                         coefficient);
}

Data Combination::finish(std::vector<std::int64_t> dims, std::ptrdiff_t batch_axis, bool open_bias) {
  const std::int64_t rows = count(dims);
  if (rows == 0) refuse("makes a tensor without elements");
  if (dims.size() > most_dims) refuse("makes a tensor of " + std::to_string(dims.size()) + " dimensions");
  m_dag->charge(rows);
  Sparse layer{SparseMatrix(rows, m_columns), Vector::Zero(rows)};
  layer.weight.setFromTriplets(m_entries.begin(), m_entries.end());
  m_entries.clear();
  for (const auto& [row, value] : m_constants) layer.bias(row) = value;
  Data result = *m_operands.front();
  for (const Data* operand : m_operands) result.wide = result.wide || operand->wide;
  result.wide = result.wide || result.element == Element::float64;
  result.dims = std::move(dims);
  result.batch_axis = batch_axis;
  result.order.reset();
  result.last = m_dag->add(m_parents, std::move(layer), open_bias);
  return result;
}

Broadcast broadcast(const Operation& operation, const char* verb) {
  Broadcast result;
  std::string shapes;
  bool fits = true;
  std::ptrdiff_t batch_from_end = 0;  // 0: not known yet or none
  Element element = Element::integer;
  for (std::size_t i = 0; i < operation.input_count(); ++i) {
    Broadcast::Operand operand{operation.data(i), nullptr, {}};
    if (operand.data == nullptr) operand.constant = operation.constant(i);
    const Data* data = operand.data;
    if (data != nullptr) element = data->element;
    const std::ptrdiff_t own_batch = data == nullptr || data->batch_axis < 0 ? 0 : data->rank() - data->batch_axis;
    if (batch_from_end != 0 && own_batch != 0 && own_batch != batch_from_end) fits = false;
    if (own_batch != 0) batch_from_end = own_batch;
    const auto& dims = data != nullptr ? data->dims : operand.constant->dims;
    fits = fits && dims.size() <= most_dims && widen(result.dims, dims);
    shapes += (i == 0                             ? ""
               : i + 1 == operation.input_count() ? " and "
                                                  : ", ") +
              (data != nullptr ? shape_text(*data) : shape_text(dims));
    result.operands.push_back(std::move(operand));
  }
  if (batch_from_end != 0) {
    // Every operand is one sample, or the same number of rows of each, along the batch.
    const auto size = static_cast<std::ptrdiff_t>(result.dims.size());
    result.batch_axis = size - batch_from_end;
    for (const auto& operand : result.operands) {
      const auto& dims = operand.data != nullptr ? operand.data->dims : operand.constant->dims;
      const auto rank = static_cast<std::ptrdiff_t>(dims.size());
      const std::int64_t own = rank < batch_from_end ? 1 : dims[static_cast<std::size_t>(rank - batch_from_end)];
      const std::int64_t common = result.dims[static_cast<std::size_t>(result.batch_axis)];
      if (operand.data != nullptr ? own != common || operand.data->batch_axis < 0 : own != 1) fits = false;
    }
  }
  if (!fits) {
    refuse(std::string(verb) + " tensors of shapes " + shapes +
           ", which do not go together sample by sample (the leading dimension is the batch)");
  }
  for (auto& operand : result.operands) {
    if (operand.data == nullptr) check_operand(*operand.constant, element);
    operation.dag().charge(count(result.dims));
    operand.element =
        broadcast_elements(operand.data != nullptr ? operand.data->dims : operand.constant->dims, result.dims);
  }
  return result;
}

Data weighted_sum(const Broadcast& operands, const std::vector<double>& coefficients, LayerDag& dag) {
  std::vector<const Data*> data;
  for (const auto& operand : operands.operands) {
    if (operand.data != nullptr) data.push_back(operand.data);
  }
  Combination sum(dag, data);
  for (Index i = 0; i < operands.size(); ++i) {
    std::size_t next = 0;
    for (std::size_t k = 0; k < operands.operands.size(); ++k) {
      const auto& operand = operands.operands[k];
      if (operand.data != nullptr) sum.add(i, next++, operand.element[static_cast<std::size_t>(i)], coefficients[k]);
    }
  }
  return sum.finish(operands.dims, operands.batch_axis);
}

Data interleaved(const Broadcast& operands, LayerDag& dag) {
  std::vector<const Data*> data;
  for (const auto& operand : operands.operands) {
    if (operand.data != nullptr) data.push_back(operand.data);
  }
  Combination result(dag, data);
  const auto width = static_cast<Index>(operands.operands.size());
  for (Index i = 0; i < operands.size(); ++i) {
    std::size_t next = 0;
    for (Index k = 0; k < width; ++k) {
      const auto& operand = operands.operands[static_cast<std::size_t>(k)];
      const Index element = operand.element[static_cast<std::size_t>(i)];
      if (operand.data != nullptr) {
        result.add(i * width + k, next++, element, 1);
      } else {
        result.set_bias(i * width + k, operand.constant->reals[static_cast<std::size_t>(element)]);
      }
    }
  }
  return result.finish({operands.size(), width}, -1);
}

Data extreme(Extreme which, const Data& source, std::vector<std::vector<Index>> candidates,
             const std::vector<std::int64_t>& dims, std::ptrdiff_t batch_axis, LayerDag& dag) {
  const bool largest = which == Extreme::largest;
  Data current = source;
  bool open = true;  // some element still has several candidates
  for (bool first = true; open || first; first = false) {
    Index pairs = 0;
    for (const auto& list : candidates) pairs += static_cast<Index>(list.size() / 2);
    std::vector<const Data*> operands{&current};
    Data ahead;
    if (pairs > 0) {
      Combination difference(dag, {&current});
      Index row = 0;
      for (const auto& list : candidates) {
        for (std::size_t p = 0; p + 1 < list.size(); p += 2, ++row) {
          difference.add(row, 0, list[p], largest ? 1 : -1);
          difference.add(row, 0, list[p + 1], largest ? -1 : 1);
        }
      }
      ahead = apply_relu(difference.finish({pairs}, -1), dag);
      operands.push_back(&ahead);
    }
    Combination next(dag, operands);
    Index row = 0, pair = 0;
    open = false;
    for (auto& list : candidates) {
      std::vector<Index> rest;
      for (std::size_t p = 0; p < list.size(); p += 2) {
        const bool alone = p + 1 == list.size();
        next.add(row, 0, list[alone ? p : p + 1], 1);
        if (!alone) next.add(row, 1, pair++, largest ? 1 : -1);
        rest.push_back(row++);
      }
      list = std::move(rest);
      open = open || list.size() > 1;
    }
    current = open ? next.finish({row}, -1) : next.finish(dims, batch_axis);
  }
  return current;
}

Data select(const Data& data, const std::vector<Index>& elements, const std::vector<std::int64_t>& dims,
            std::ptrdiff_t batch_axis, LayerDag& dag) {
  Combination result(dag, {&data});
  for (std::size_t i = 0; i < elements.size(); ++i) result.add(static_cast<Index>(i), 0, elements[i], 1);
  return result.finish(dims, batch_axis);
}

// max(lower, z) = lower + max(0, z - lower), min(z, upper) = upper - max(0, upper - z): one after the other, so that
// interval arithmetic gives the clamped range.
Data clamp(const Data& data, double lower, double upper, LayerDag& dag) {
  Data result = data;
  if (std::isfinite(lower)) {
    if (lower != 0) result = apply_elementwise(result, ElementwiseOp::subtract, lower, dag);
    result = apply_relu(result, dag);
    if (lower != 0) result = apply_elementwise(result, ElementwiseOp::add, lower, dag);
  }
  if (std::isfinite(upper)) {
    result = apply_elementwise(result, ElementwiseOp::subtract_from, upper, dag);
    result = apply_relu(result, dag);
    result = apply_elementwise(result, ElementwiseOp::subtract_from, upper, dag);
  }
  return result;
}

}  // namespace secateur::nn::detail
