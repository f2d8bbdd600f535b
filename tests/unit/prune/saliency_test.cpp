// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/saliency.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "networks.hpp"
#include "secateur/nn/evaluate.hpp"
#include "secateur/prune/compensate.hpp"
#include "secateur/prune/statistics.hpp"

namespace secateur::prune {
namespace {

//   x in [-1, 3]   z1 = 2 x + 1   in [-1, 7]    a1 in [0, 7]
//                  z2 = -x        in [-3, 1]    a2 in [0, 1]
//   y = 3 a1 - 4 a2
class Worked : public testing::Test {
 protected:
  nn::Network network = network_of({dense(2, 1, {2, -1}, {1, 0}), dense(1, 2, {3, -4}, {0})});
  Box box = box_of({-1}, {3});
  // Rows x = 0 and 1: a1 = 1, 3; a2 = 0, 0. Another at x = -1: a1 = 0, a2 = 1. One outside the box: x = 5.
  static PruneData data() {
    PruneData d;
    d.training.x = (Matrix(4, 1) << 0, 1, -1, 5).finished();
    d.training.y = (Matrix(4, 1) << 3, 8, -4, 33).finished();
    d.training.input_names = {"x"};
    d.training.output_names = {"y"};
    return d;
  }
};

TEST_F(Worked, ActivationRanges) {
  const auto ranges = activation_ranges(network, box);
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].lower(0), -1);
  EXPECT_EQ(ranges[0].upper(0), 3);
  EXPECT_EQ(ranges[1].lower, Eigen::Vector2d(0, 0));
  EXPECT_NEAR(ranges[1].upper(0), 7, 1e-14);
  EXPECT_NEAR(ranges[1].upper(1), 1, 1e-14);
}

TEST_F(Worked, Moments) {
  const Moments all = moments(network, data().training.x);
  EXPECT_EQ(all.rows, 4);
  EXPECT_DOUBLE_EQ(all.mean[0](0), 5.0 / 4);
  EXPECT_DOUBLE_EQ(all.mean[1](0), (1 + 3 + 0 + 11) / 4.0);
  EXPECT_DOUBLE_EQ(all.mean_square[1](0), (1 + 9 + 0 + 121) / 4.0);
  EXPECT_DOUBLE_EQ(all.mean_square[1](1), 1 / 4.0);
  const Moments inside = moments(network, data().training.x, &box);
  EXPECT_EQ(inside.rows, 3);
  EXPECT_DOUBLE_EQ(inside.mean[1](0), 4 / 3.0);
  const Box elsewhere = box_of({7}, {8});
  EXPECT_EQ(moments(network, data().training.x, &elsewhere).rows, 0);
}

TEST_F(Worked, Replacements) {
  const PruneData d = data();
  const auto mean = replacement_values(network, box, &d.training);
  EXPECT_DOUBLE_EQ(mean[0](0), 0);
  EXPECT_DOUBLE_EQ(mean[1](0), 4 / 3.0);
  EXPECT_DOUBLE_EQ(mean[1](1), 1 / 3.0);
  // No data, and no row in the box: the middle of the range.
  const auto middle = replacement_values(network, box, nullptr);
  EXPECT_DOUBLE_EQ(middle[0](0), 1);
  EXPECT_NEAR(middle[1](0), 3.5, 1e-14);
  EXPECT_NEAR(middle[1](1), 0.5, 1e-14);
  const auto outside = replacement_values(network, box_of({7}, {8}), &d.training);
  EXPECT_DOUBLE_EQ(outside[0](0), 7.5);
  EXPECT_NEAR(outside[1](0), 16, 1e-13);
  EXPECT_EQ(outside[1](1), 0);
}

// The mean of three numbers 0.1 is rounded to the number above, outside of the range.
TEST_F(Worked, ReplacementsStayInTheRangeInSpiteOfRounding) {
  PruneData d = data();
  d.training.x = Matrix::Constant(3, 1, 0.1);
  d.training.y = Matrix::Zero(3, 1);
  ASSERT_GT((0.1 + 0.1 + 0.1) / 3, 0.1);
  EXPECT_EQ(replacement_values(network, box_of({0.1}, {0.1}), &d.training)[0](0), 0.1);
}

TEST_F(Worked, WeightSaliencies) {
  const PruneData d = data();
  const auto magnitude = weight_saliency(network, box, nullptr, Saliency::magnitude, false);
  EXPECT_EQ(magnitude[0], (Matrix(2, 1) << 2, 1).finished());
  EXPECT_EQ(magnitude[1], (Matrix(1, 2) << 3, 4).finished());
  const auto range = weight_saliency(network, box, nullptr, Saliency::range, false);
  EXPECT_EQ(range[0], (Matrix(2, 1) << 8, 4).finished());
  EXPECT_NEAR(range[1](0, 0), 21, 1e-13);
  EXPECT_NEAR(range[1](0, 1), 4, 1e-13);
  const auto activation = weight_saliency(network, box, &d, Saliency::activation, false);
  EXPECT_DOUBLE_EQ(activation[0](0, 0), 2 * std::sqrt(27 / 4.0));
  EXPECT_DOUBLE_EQ(activation[1](0, 0), 3 * std::sqrt(131 / 4.0));
  // With compensation the deviation from the replacement counts: a2 is 0, 0, 1, 0 and is replaced by 1/3.
  const auto compensated = weight_saliency(network, box, &d, Saliency::activation, true);
  EXPECT_NEAR(compensated[1](0, 1), 4 * std::sqrt((3.0 / 9 + 4.0 / 9) / 4), 1e-14);
}

TEST_F(Worked, NodeSaliencies) {
  const PruneData d = data();
  const auto magnitude = node_saliency(network, box, nullptr, Saliency::magnitude, false);
  ASSERT_EQ(magnitude.size(), 1U);
  EXPECT_EQ(magnitude[0], Eigen::Vector2d(6, 4));
  const auto range = node_saliency(network, box, nullptr, Saliency::range, false);
  EXPECT_NEAR(range[0](0), 21, 1e-13);
  EXPECT_NEAR(range[0](1), 4, 1e-13);
  const auto activation = node_saliency(network, box, &d, Saliency::activation, false);
  EXPECT_DOUBLE_EQ(activation[0](0), 3 * std::sqrt(131 / 4.0));
  EXPECT_DOUBLE_EQ(activation[0](1), 4 * std::sqrt(1 / 4.0));
}

TEST_F(Worked, TaylorByHand) {
  const PruneData d = data();
  // Predictions 3, 9, -4, 33 against 3, 8, -4, 33: only row x = 1 has an error, of 1. Mean target 10, variance s2.
  const double s2 = (49 + 4 + 196 + 529) / 4.0;
  const double gradient = 2 / s2;  // dL/dy in that row
  const auto weight = weight_saliency(network, box, &d, Saliency::taylor, false);
  EXPECT_NEAR(weight[1](0, 0), 3 * gradient * 3 / 4, 1e-15);
  EXPECT_EQ(weight[1](0, 1), 0);
  EXPECT_NEAR(weight[0](0, 0), 2 * gradient * 3 * 1 / 4, 1e-15);
  EXPECT_EQ(weight[0](1, 0), 0);
  const auto node = node_saliency(network, box, &d, Saliency::taylor, false);
  EXPECT_NEAR(node[0](0), 3 * gradient * 3 / 4, 1e-15);
  EXPECT_EQ(node[0](1), 0);
}

TEST_F(Worked, SaliencyThatNeedsDataSaysSo) {
  EXPECT_THROW(weight_saliency(network, box, nullptr, Saliency::taylor, false), std::invalid_argument);
  EXPECT_THROW(node_saliency(network, box, nullptr, Saliency::activation, false), std::invalid_argument);
}

/// L_r of the header: squared error of a row over the outputs' variances, averaged over the outputs.
double row_loss(const nn::Network& network, const data::Dataset& data, Index row) {
  const Vector y = nn::evaluate(network, Vector(data.x.row(row).transpose()));
  double loss = 0;
  for (Index k = 0; k < y.size(); ++k) {
    const double variance = (data.y.col(k).array() - data.y.col(k).mean()).square().mean();
    loss += std::pow(y(k) - data.y(row, k), 2) / variance;
  }
  return loss / static_cast<double>(y.size());
}

TEST(Effects, AgreeWithFiniteDifferences) {
  const PruneData data = peaks_data(60);
  nn::Network network = nn::canonical(peaks_network(data, {5, 4}, 3));
  network.precision = nn::Precision::float64;
  const Effects effects = first_order_effects(network, data.training);
  int layer = 0;
  for (nn::Layer& any : network.layers) {
    auto* dense = std::get_if<nn::Dense>(&any);
    if (dense == nullptr) continue;
    for (Index i = 0; i < dense->weight.rows(); ++i) {
      for (Index j = 0; j < dense->weight.cols(); ++j) {
        double expected = 0;
        double& w = dense->weight(i, j);
        const double at = w, h = 1e-6;
        for (Index r = 0; r < data.training.rows(); ++r) {
          w = at + h;
          const double above = row_loss(network, data.training, r);
          w = at - h;
          const double below = row_loss(network, data.training, r);
          w = at;
          expected += std::abs(at * (above - below) / (2 * h));
        }
        expected /= static_cast<double>(data.training.rows());
        EXPECT_NEAR(effects.weight[static_cast<std::size_t>(layer)](i, j), expected, 1e-7 + 1e-4 * expected);
      }
    }
    ++layer;
  }
  EXPECT_EQ(layer, 3);
}

}  // namespace
}  // namespace secateur::prune
