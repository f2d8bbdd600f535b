// SPDX-License-Identifier: Apache-2.0
#include "secateur/data/dataset.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "secateur/core/error.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/data/text.hpp"

namespace secateur::data {

namespace {

/// Keeps the order of the rows independent of other things drawn from the same seed (initial weights, batches).
constexpr std::uint64_t split_stream = 0x53504C4954;

void refuse_repeated(const std::vector<std::string>& names, const std::string& what, const std::string& file) {
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(names.begin(), name, *name) != name) {
      throw InputError("column " + printable(*name) + " is named twice among the " + what, file);
    }
  }
}

}  // namespace

Split split(const Dataset& data, std::uint64_t seed, const std::string& file) {
  const Index count = data.rows();
  if (count < minimum_rows) {
    throw InputError("has " + std::to_string(count) + " rows; at least " + std::to_string(minimum_rows) + " are needed",
                     file);
  }
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  Rng rng(seed ^ split_stream);
  rng.shuffle(order);
  const Index held_out = count * 15 / 100;  // at least 1, since minimum_rows is 10
  const auto validation = order.end() - 2 * held_out;
  const auto test = order.end() - held_out;
  return {{order.begin(), validation}, {validation, test}, {test, order.end()}};
}

Dataset rows(const Dataset& data, const std::vector<Index>& indices) {
  const auto count = static_cast<Index>(indices.size());
  Dataset part{Matrix(count, data.x.cols()), Matrix(count, data.y.cols()), data.input_names, data.output_names};
  for (Index i = 0; i < count; ++i) {
    const Index row = indices[static_cast<std::size_t>(i)];
    if (row < 0 || row >= data.rows()) throw std::invalid_argument("data::rows: no such row");
    part.x.row(i) = data.x.row(row);
    part.y.row(i) = data.y.row(row);
  }
  return part;
}

Parts parts(const Dataset& data, std::uint64_t seed, const std::string& file) {
  const Split indices = split(data, seed, file);
  return {rows(data, indices.train), rows(data, indices.validation), rows(data, indices.test)};
}

Table to_table(const Dataset& data) {
  Table table{data.input_names, Matrix(data.rows(), data.x.cols() + data.y.cols())};
  table.columns.insert(table.columns.end(), data.output_names.begin(), data.output_names.end());
  table.values << data.x, data.y;
  return table;
}

Dataset dataset(const Table& table, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                const std::string& file) {
  for (const auto& [names, what] : {std::pair{&inputs, "inputs"}, std::pair{&outputs, "outputs"}}) {
    if (names->empty()) {
      throw InputError(std::string("no columns are named as ") + what + "; there are " + printable_list(table.columns),
                       file);
    }
    refuse_repeated(*names, what, file);
  }
  Dataset data{select(table, inputs, file), select(table, outputs, file), inputs, outputs};
  for (const std::string& name : inputs) {
    if (std::find(outputs.begin(), outputs.end(), name) != outputs.end()) {
      throw InputError("column " + printable(name) + " is named both as an input and as an output", file);
    }
  }
  return data;
}

Box bounding_box(const Dataset& data) {
  if (data.rows() == 0) throw std::invalid_argument("data::bounding_box: no rows");
  return {data.x.colwise().minCoeff().transpose(), data.x.colwise().maxCoeff().transpose()};
}

}  // namespace secateur::data
