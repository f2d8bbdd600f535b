// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "secateur/search/node.hpp"

namespace secateur::search {

/// CROWN and interval bounds of the units of one node that are still unstable, layer by layer, safe against rounding:
/// the passes of bounds/backward.hpp over what is live in the node, without allocating. One a thread.
class Tightening {
 public:
  /// Tightens the unstable units of the layers from `layer` on, and checks the targets' ranges if there are any. False:
  /// the node has no feasible point.
  bool run(Node& node, int layer, const std::vector<Range>& ranges);

 private:
  struct Live {
    std::vector<Index> values;  ///< units that are not inactive
    Index offset = 0;           ///< lines before them: inputs, then live units layer by layer
    bool ready = false;         ///< the arrays below have been made
    std::vector<double> alpha, slope, intercept, bias, error, magnitude, weight;
    Index begin = 0, end = 0;  ///< lines that they read: columns of weight
  };

  void start(const Node& node);
  void finish_layer(const Node& node, int layer);
  void prepare(const Node& node, int layer);
  /// Bounds of rows of a layer (layers(): the targets): m_low, m_high.
  void bound(const Node& node, int layer, const std::vector<Index>& rows);
  void gather(const Node& node, int layer, const std::vector<Index>& rows);
  void crown(const Node& node, int layer, const std::vector<Index>& rows);
  void interval(const Network& net, const std::vector<Index>& rows);

  std::vector<Live> m_live;
  std::vector<Index> m_rows;
  std::vector<int> m_place;
  Index m_stride = 0;  ///< of a line of m_lambda
  std::vector<double> m_lambda, m_mu, m_value, m_size, m_low, m_high, m_centre, m_radius;
};

/// The triangle's upper line over lower < z < upper: slope z + intercept, never below max(0, z) in real arithmetic (see
/// bounds/relaxation.hpp); of a stable unit its ReLU.
struct UpperLine {
  double slope, intercept;
};
inline UpperLine upper_line(double lower, double upper) {
  if (lower >= 0) return {1, 0};
  if (upper <= 0) return {0, 0};
  const double slope = std::clamp(upper / (upper - lower), 0.0, 1.0);
  // Three roundings at most, each of a relative 2^-53, or of less than the summand where a product underflows.
  return {slope, std::max(slope * -lower, (1 - slope) * upper) * (1 + 0x1p-50) + 0x1p-1000};
}

}  // namespace secateur::search
