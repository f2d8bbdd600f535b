// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/search/mir.hpp"

namespace secateur::search {

/// Finds cuts, valid wherever the form is, that cut off an optimal point of the form's relaxation:
///
/// - the hull of one unit over its inputs' box (Anderson et al. 2020, eq. 10), written with the binary:
///       a <= sum_I (w v - min(w v) (1 - delta)) + (b + sum_not_I max(w v)) delta,
///   whose most violated subset I is found input by input;
/// - rounding of aggregations along paths: a unit's equation, in which activations of earlier units give way to their
///   own equations one after another;
/// - rounding of rows of the tableau with a fractional binary.
class Separator {
 public:
  explicit Separator(const Form& form);

  /// Best first, no two nearly parallel, no more than `most`.
  std::vector<Cut> run(const std::vector<double>& x, const lp::DualSimplex& simplex, int most);
  /// Cuts of the first kind alone, which take next to no time.
  std::vector<Cut> run_hulls(const std::vector<double>& x, int most);

 private:
  void hull_cuts(const std::vector<double>& x);
  void path_cuts(const std::vector<double>& x);
  void tableau_cuts(const std::vector<double>& x, const lp::DualSimplex& simplex);
  std::vector<Cut> choose(std::size_t most);

  const Form& m_form;
  Mir m_mir;
  std::vector<Cut> m_cuts;
  std::vector<double> m_g;
};

}  // namespace secateur::search
