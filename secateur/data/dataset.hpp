// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/data/table.hpp"

namespace secateur::data {

/// Points and what was measured there: x is rows x inputs, y is rows x outputs, in the user's units.
struct Dataset {
  Matrix x, y;
  std::vector<std::string> input_names, output_names;

  [[nodiscard]] Index rows() const { return x.rows(); }
};

/// Row indices of the three parts: disjoint, together all rows.
struct Split {
  std::vector<Index> train, validation, test;
};

/// Fewest rows a split accepts.
inline constexpr Index minimum_rows = 10;

/// 70 / 15 / 15 % of the rows, shuffled. Depends on the seed and the data alone, so that training and a later pruning
/// of the same file see the same parts. Throws InputError (with `file`) for fewer than minimum_rows rows.
Split split(const Dataset& data, std::uint64_t seed, const std::string& file = {});

/// The rows of a part.
Dataset rows(const Dataset& data, const std::vector<Index>& indices);

/// The three parts of split() as data of their own.
struct Parts {
  Dataset training, validation, test;
};
Parts parts(const Dataset& data, std::uint64_t seed, const std::string& file = {});

/// Picks inputs and outputs from a table. Throws InputError for a missing column, or one that is both input and output.
Dataset dataset(const Table& table, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                const std::string& file);

/// Inputs and outputs as the columns of one table, in that order.
Table to_table(const Dataset& data);

/// Smallest box that holds all rows of x.
Box bounding_box(const Dataset& data);

}  // namespace secateur::data
