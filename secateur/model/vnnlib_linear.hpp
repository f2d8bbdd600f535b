// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "secateur/model/vnnlib.hpp"
#include "secateur/model/vnnlib_syntax.hpp"

namespace secateur::model::vnnlib {

/// X_i or Y_i.
struct Variable {
  bool output = false;
  int index = 0;
};

/// The variables that the text declares.
class Declarations {
 public:
  explicit Declarations(const std::string& file) : m_file(file) {}

  /// Refuses a name that is not X_i or Y_i, and one that was declared before.
  void declare(const Expression& name);
  /// Refuses a name that is none or was not declared.
  [[nodiscard]] Variable find(const Expression& name) const;
  /// Refuses unless exactly X_0, ..., X_{inputs-1} and Y_0, ..., Y_{outputs-1} are declared.
  void check_counts(Index inputs, Index outputs) const;
  /// Where X_i was declared.
  [[nodiscard]] Position input_position(Index index) const { return m_inputs.at(static_cast<int>(index)); }

 private:
  using Positions = std::unordered_map<int, Position>;
  void check_count(const Positions& declared, Index expected, char letter, const char* what) const;
  [[nodiscard]] Variable parse(const Expression& name) const;

  const std::string& m_file;
  Positions m_inputs, m_outputs;
};

/// left <= right (left < right when `strict`) with everything brought to one side. It may come out without any term:
/// 0 <= upper. Refuses what is no linear term, and arithmetic on its numbers that would round.
LinearConstraint less_equal(const Expression& left, const Expression& right, bool strict,
                            const Declarations& declarations, const std::string& file);

}  // namespace secateur::model::vnnlib
