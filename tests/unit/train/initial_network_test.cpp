// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "peaks.hpp"
#include "secateur/core/error.hpp"
#include "secateur/train/scaling.hpp"
#include "secateur/train/train.hpp"

namespace secateur::train {
namespace {

using testing::HasSubstr;

bool is_float(const Matrix& values) { return values == values.cast<float>().cast<double>(); }

TEST(InitialNetwork, ScalesItsDataToUnitRangeAndDeviation) {
  data::Dataset data = peaks(300, 1);
  data.x.col(0) = 1e6 * data.x.col(0).array() + 3e7;
  data.y = -1e-4 * data.y.array() + 20;
  const nn::Network network = initial_network(data, {7, 5}, 3);
  nn::check(network);
  EXPECT_EQ(network.precision, nn::Precision::float32);
  EXPECT_EQ(network.input_names, data.input_names);
  EXPECT_EQ(network.output_names, data.output_names);
  ASSERT_TRUE(network.box);
  EXPECT_EQ(network.box->lower, data.x.colwise().minCoeff().transpose());
  EXPECT_EQ(network.box->upper, data.x.colwise().maxCoeff().transpose());
  EXPECT_THAT(stack(network).widths, testing::ElementsAre(2, 7, 5, 1));

  const Matrix x = scale_inputs(network, data.x);
  EXPECT_NEAR(x.minCoeff(), -1, 1e-6);
  EXPECT_NEAR(x.maxCoeff(), 1, 1e-6);
  const Matrix t = scale_targets(network, data.y);
  EXPECT_NEAR(t.mean(), 0, 0.01);  // the mean, 20, is stored as a float
  EXPECT_NEAR((t.array() - t.mean()).square().mean(), 1, 1e-6);
}

TEST(InitialNetwork, HoldsFloatsOnly) {
  const nn::Network network = initial_network(peaks(100, 2), {20, 20}, 5);
  for (const auto& layer : network.layers) {
    if (const auto* dense = std::get_if<nn::Dense>(&layer)) {
      EXPECT_TRUE(is_float(dense->weight) && is_float(dense->bias));
    } else if (const auto* scaling = std::get_if<nn::Elementwise>(&layer)) {
      EXPECT_TRUE(is_float(scaling->constant));
    }
  }
}

TEST(InitialNetwork, WeightsHaveHesVariance) {
  const nn::Network network = initial_network(peaks(50, 2), {400, 100}, 5);
  const auto parts = stack(network);
  for (std::size_t i = parts.first; i <= parts.last; i += 2) {
    const auto& weight = std::get<nn::Dense>(network.layers[i]).weight;
    const double variance = weight.array().square().mean() * static_cast<double>(weight.cols()) / 2;
    // The mean of n squares of normal variables has deviation sqrt(2 / n).
    EXPECT_NEAR(variance, 1, 4 * std::sqrt(2.0 / static_cast<double>(weight.size())));
  }
}

TEST(InitialNetwork, HiddenBiasesSpreadTheKinks) {
  const nn::Network network = initial_network(peaks(50, 2), {400, 100}, 5);
  const auto parts = stack(network);
  for (std::size_t i = parts.first; i < parts.last; i += 2) {
    const auto& dense = std::get<nn::Dense>(network.layers[i]);
    const double range = 1 / std::sqrt(static_cast<double>(dense.weight.cols()));
    EXPECT_LE(dense.bias.cwiseAbs().maxCoeff(), range * (1 + 1e-6));
    EXPECT_GT(dense.bias.maxCoeff(), 0.9 * range);
    EXPECT_LT(dense.bias.minCoeff(), -0.9 * range);
  }
  EXPECT_TRUE(std::get<nn::Dense>(network.layers[parts.last]).bias.isZero(0));
}

TEST(InitialNetwork, SeedDecides) {
  const data::Dataset data = peaks(50, 2);
  const auto weight = [&](std::uint64_t seed) {
    return std::get<nn::Dense>(initial_network(data, {9}, seed).layers[2]).weight;
  };
  EXPECT_EQ(weight(4), weight(4));
  EXPECT_NE(weight(4), weight(5));
}

TEST(InitialNetwork, ConstantColumnsAreOnlyShifted) {
  const data::Dataset data = table(Matrix{{2.0, 5.0}, {4.0, 5.0}}, Matrix{{1.0, 8.0}, {3.0, 8.0}});
  const nn::Network network = initial_network(data, {3}, 0);
  EXPECT_EQ(scale_inputs(network, data.x), (Matrix{{-1.0, 0.0}, {1.0, 0.0}}));
  EXPECT_EQ(scale_targets(network, data.y), (Matrix{{-1.0, 0.0}, {1.0, 0.0}}));
}

TEST(InitialNetwork, NoHiddenLayerIsALinearModel) {
  EXPECT_THAT(stack(initial_network(peaks(50, 2), {}, 0)).widths, testing::ElementsAre(2, 1));
}

TEST(InitialNetwork, NamesDefaultToIndices) {
  data::Dataset data = peaks(50, 2);
  data.input_names.clear();
  data.output_names.clear();
  const nn::Network network = initial_network(data, {2}, 0);
  EXPECT_EQ(network.input_names, nn::default_names("x", 2));
  EXPECT_EQ(network.output_names, nn::default_names("y", 1));
}

TEST(InitialNetwork, RefusesWhatItCannotScale) {
  const auto refused = [](const data::Dataset& data, const std::vector<int>& hidden, const std::string& part) {
    EXPECT_THAT([&] { initial_network(data, hidden, 0); }, testing::ThrowsMessage<InputError>(HasSubstr(part)));
  };
  const data::Dataset good = peaks(50, 2);
  refused(good, {5, 0}, "width 0");
  refused(good, {-3}, "width -3");
  refused(table(Matrix::Zero(3, 0), Matrix::Zero(3, 1)), {5}, "at least one input");
  refused(table(Matrix::Zero(3, 1), Matrix::Zero(3, 0)), {5}, "one output");
  refused(table(Matrix::Zero(0, 1), Matrix::Zero(0, 1)), {5}, "no rows");
  refused(table(Matrix::Zero(3, 1), Matrix::Zero(2, 1)), {5}, "3 rows of inputs and 2 rows of outputs");
  data::Dataset bad = good;
  bad.y(3, 0) = std::numeric_limits<double>::quiet_NaN();
  refused(bad, {5}, "not finite");
  bad = good;
  bad.x(3, 0) = 1e300;
  refused(bad, {5}, "too large for float32");
  bad = good;
  bad.y(3, 0) = 1e300;
  refused(bad, {5}, "too large for float32");
  bad = good;
  bad.input_names.emplace_back("one too many");
  refused(bad, {5}, "another number of names");
}

}  // namespace
}  // namespace secateur::train
