// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/search/cut_form.hpp"
#include "secateur/search/values.hpp"

namespace secateur::search {

/// Points of a form, by their columns, that every cut has to keep: in debug builds those of so many samples that meet
/// its rows and bounds; and what tests send along.
class KeptPoints {
 public:
  KeptPoints(const Form& form, const std::vector<Values>& values, int samples);

  void add(const std::vector<double>& point) { m_points.push_back(point); }
  /// Throws std::logic_error when a row loses one.
  void check(const Form& form, const lp::RowView& row) const;

 private:
  std::vector<std::vector<double>> m_points;
};

}  // namespace secateur::search
