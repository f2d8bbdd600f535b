// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "peaks.hpp"
#include "secateur/core/error.hpp"
#include "secateur/train/train.hpp"

namespace secateur::train {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::HasSubstr;

/// y = (x, 2 x).
nn::Network line() {
  nn::Network network;
  network.layers.emplace_back(nn::Dense{Matrix{{1.0}, {2.0}}, Vector::Zero(2)});
  network.input_names = {"x"};
  network.output_names = {"a", "b"};
  return network;
}

data::Dataset four_points() {
  // Residuals of line(): first output (0, 1, 0, -1), second (0, 0, 0, 3).
  return table(Matrix{{0.0}, {1.0}, {2.0}, {3.0}}, Matrix{{0.0, 0.0}, {0.0, 2.0}, {2.0, 4.0}, {4.0, 3.0}});
}

TEST(Errors, ByHand) {
  const Errors found = errors(line(), four_points());
  // Sums of squares about the means 1.5 and 2.25: 11 and 8.75.
  EXPECT_THAT(found.r2, ElementsAre(DoubleEq(1 - 2.0 / 11), DoubleEq(1 - 9 / 8.75)));
  EXPECT_THAT(found.rmse, ElementsAre(DoubleEq(std::sqrt(0.5)), DoubleEq(1.5)));
  EXPECT_THAT(found.max_error, ElementsAre(DoubleEq(1), DoubleEq(3)));
}

TEST(Errors, ConstantColumn) {
  const data::Dataset data = table(Matrix{{1.0}, {1.0}}, Matrix{{1.0, 3.0}, {1.0, 3.0}});
  const Errors found = errors(line(), data);
  EXPECT_THAT(found.r2, ElementsAre(1, 0));  // hit exactly; missed by 1
  EXPECT_THAT(found.rmse, ElementsAre(0, 1));
}

TEST(RelativeRmse, ByHand) {
  const data::Dataset data = four_points();
  // Variances 11 / 4 and 8.75 / 4 over the same rows.
  const double expected = std::sqrt(0.5 * (0.5 / 2.75 + 2.25 / 2.1875));
  EXPECT_DOUBLE_EQ(relative_rmse(line(), data, data), expected);
}

TEST(RelativeRmse, UnitsDoNotCount) {
  data::Dataset data = four_points();
  nn::Network network = line();
  const double before = relative_rmse(network, data, data);
  data.y.col(1) *= 1024;
  std::get<nn::Dense>(network.layers.front()).weight(1, 0) *= 1024;
  EXPECT_DOUBLE_EQ(relative_rmse(network, data, data), before);
}

TEST(RelativeRmse, ConstantReferenceCountsInItsOwnUnit) {
  const data::Dataset reference = table(Matrix{{1.0}}, Matrix{{5.0, 5.0}});
  const data::Dataset data = table(Matrix{{1.0}}, Matrix{{4.0, 2.0}});
  EXPECT_DOUBLE_EQ(relative_rmse(line(), data, reference), std::sqrt(0.5 * 9));
}

void expect_refusal(const data::Dataset& data, const std::string& part) {
  EXPECT_THAT([&] { errors(line(), data); }, testing::ThrowsMessage<InputError>(HasSubstr(part)));
  EXPECT_THAT([&] { relative_rmse(line(), four_points(), data); }, testing::ThrowsMessage<InputError>(HasSubstr(part)));
}

TEST(Errors, RefusesDataThatDoesNotFit) {
  expect_refusal(table(Matrix::Zero(3, 2), Matrix::Zero(3, 2)), "2 inputs and 2 outputs; the network has 1 and 2");
  expect_refusal(table(Matrix::Zero(3, 1), Matrix::Zero(3, 1)), "1 inputs and 1 outputs");
  expect_refusal(table(Matrix::Zero(3, 1), Matrix::Zero(2, 2)), "3 rows of inputs and 2 rows of outputs");
  expect_refusal(table(Matrix::Zero(0, 1), Matrix::Zero(0, 2)), "no rows");
  data::Dataset data = four_points();
  data.y(2, 1) = std::numeric_limits<double>::quiet_NaN();
  expect_refusal(data, "not finite");
  data = four_points();
  data.x(0, 0) = std::numeric_limits<double>::infinity();
  expect_refusal(data, "not finite");
}

}  // namespace
}  // namespace secateur::train
