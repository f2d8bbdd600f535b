// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace secateur::search {

/// What an input may be: any number, any integer, or one of some numbers.
class Values {
 public:
  static Values continuous() { return {}; }
  static Values integer();
  /// `listed`: ascending, at least one.
  static Values one_of(std::vector<double> listed);

  [[nodiscard]] bool any() const { return m_kind == Kind::any; }
  /// The least value that is not below x; infinite if there is none. And the greatest that is not above.
  [[nodiscard]] double up(double x) const;
  [[nodiscard]] double down(double x) const;
  /// The value nearest to x, of two the smaller one.
  [[nodiscard]] double nearest(double x) const;
  /// How far x is from the nearest value, as a share of the distance between its neighbours: 0 to 1/2.
  [[nodiscard]] double off(double x) const;
  /// Two parts of [lower, upper] that hold all its values: the first ends at `first`, the second begins at `second`. Of
  /// any numbers the parts share their end. At least two values have to be there.
  struct Parts {
    double first, second;
  };
  [[nodiscard]] Parts halves(double lower, double upper) const;

 private:
  enum class Kind { any, integer, listed };
  Kind m_kind = Kind::any;
  std::vector<double> m_listed;
};

}  // namespace secateur::search
