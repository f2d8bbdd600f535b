// SPDX-License-Identifier: Apache-2.0
//
// A few full-batch steps against the same steps in PyTorch (fixtures/train/make_gradients.py).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "peaks.hpp"
#include "secateur/train/sweep.hpp"
#include "secateur/train/train.hpp"

namespace secateur::train {
namespace {

using nlohmann::json;

const json& fixture() {
  static const json document = json::parse(std::ifstream(SECATEUR_TEST_DATA "/train/gradients.json"));
  return document;
}

Matrix matrix(const json& rows) {
  Matrix m(static_cast<Index>(rows.size()), static_cast<Index>(rows.at(0).size()));
  for (Index i = 0; i < m.rows(); ++i) {
    for (Index j = 0; j < m.cols(); ++j) m(i, j) = rows.at(static_cast<std::size_t>(i)).at(static_cast<std::size_t>(j));
  }
  return m;
}

Vector vector(const json& values) {
  return Eigen::Map<const Vector>(values.get<std::vector<double>>().data(), static_cast<Index>(values.size()));
}

/// A network of Dense layers alone: no scaling, so that the loss divides by the outputs' variance.
nn::Network start(nn::Precision precision) {
  nn::Network network;
  network.precision = precision;
  const json& given = fixture().at("start");
  for (std::size_t k = 0; k < given.at("weights").size(); ++k) {
    if (k > 0) network.layers.emplace_back(nn::Relu{});
    nn::Dense dense{matrix(given.at("weights").at(k)), vector(given.at("biases").at(k))};
    if (precision == nn::Precision::float32) {
      dense.weight = dense.weight.cast<float>().cast<double>().eval();
      dense.bias = dense.bias.cast<float>().cast<double>().eval();
    }
    network.layers.emplace_back(std::move(dense));
  }
  const Index inputs = std::get<nn::Dense>(network.layers.front()).weight.cols();
  network.input_names = nn::default_names("x", inputs);
  network.output_names = nn::default_names("y", std::get<nn::Dense>(network.layers.back()).weight.rows());
  network.box = Box{Vector::Constant(inputs, -1), Vector::Constant(inputs, 1)};
  return network;
}

TEST(PyTorch, LossAndGradient) {
  const json& document = fixture();
  const nn::Network network = start(nn::Precision::float64);
  const Matrix x = matrix(document.at("x"));
  const Matrix t = matrix(document.at("t"));
  Layout layout({3, 8, 5, 2});
  Buffer<double> p(layout.size()), gradient(layout.size()), columns_x(x.size()), columns_t(t.size());
  Eigen::Map<Matrix>(columns_x.data(), x.cols(), x.rows()) = x.transpose();
  Eigen::Map<Matrix>(columns_t.data(), t.cols(), t.rows()) = t.transpose();
  std::vector<double> weight;
  for (Index k = 0; k < t.cols(); ++k) weight.push_back(1 / (t.col(k).array() - t.col(k).mean()).square().mean());
  for (std::size_t k = 0; k < 3; ++k) {
    const auto& dense = std::get<nn::Dense>(network.layers[2 * k]);
    Eigen::Map<Matrix>(p.data() + layout.weight(k), layout.units(k), layout.inputs(k)) = dense.weight;
    Eigen::Map<Vector>(p.data() + layout.bias(k), layout.units(k)) = dense.bias;
  }
  Sweep<double> sweep(layout, weight);
  const double scale = 1.0 / static_cast<double>(t.size());
  const double loss =
      sweep.gradient(p.data(), {columns_x.data(), columns_t.data(), x.rows(), x.rows()}, scale, gradient.data());
  EXPECT_NEAR(loss * scale, document.at("start").at("error").get<double>(), 1e-13);
  const json& expected = document.at("cases").at("plain").at("gradient");
  for (std::size_t k = 0; k < 3; ++k) {
    const Matrix found = Eigen::Map<Matrix>(gradient.data() + layout.weight(k), layout.units(k), layout.inputs(k));
    EXPECT_LT((found - matrix(expected.at("weights").at(k))).cwiseAbs().maxCoeff(), 1e-13);
    const Vector bias = Eigen::Map<Vector>(gradient.data() + layout.bias(k), layout.units(k));
    EXPECT_LT((bias - vector(expected.at("biases").at(k))).cwiseAbs().maxCoeff(), 1e-13);
  }
}

struct Case {
  const char* name;
  nn::Precision precision;
  int threads;
  double tolerance;
};

class PyTorchSteps : public testing::TestWithParam<Case> {};

TEST_P(PyTorchSteps, EndAtTheSameWeights) {
  const json& document = fixture();
  const json& expected = document.at("cases").at(GetParam().name);
  TrainSettings settings;
  settings.epochs = document.at("epochs");
  settings.batch = 1000;  // all rows at once
  settings.learning_rate = document.at("rate");
  settings.l1 = expected.at("l1");
  settings.l2 = expected.at("l2");
  settings.stability = expected.at("stability");
  settings.threads = GetParam().threads;
  const data::Dataset data = table(matrix(document.at("x")), matrix(document.at("t")));
  Masks masks;
  for (const auto& mask : document.at("masks")) masks.push_back(matrix(mask).cast<float>());
  const Masks* used = expected.at("masked").get<bool>() ? &masks : nullptr;
  const Training result = train(start(GetParam().precision), data, data, settings, used);

  EXPECT_EQ(result.network.precision, GetParam().precision);
  ASSERT_EQ(result.epochs, settings.epochs);
  for (std::size_t e = 0; e < result.validation_loss.size(); ++e) {
    EXPECT_NEAR(result.validation_loss[e], expected.at("errors_after").at(e).get<double>(), GetParam().tolerance);
  }
  for (std::size_t k = 0; k < 3; ++k) {
    const auto& dense = std::get<nn::Dense>(result.network.layers[2 * k]);
    EXPECT_LT((dense.weight - matrix(expected.at("weights").at(k))).cwiseAbs().maxCoeff(), GetParam().tolerance);
    EXPECT_LT((dense.bias - vector(expected.at("biases").at(k))).cwiseAbs().maxCoeff(), GetParam().tolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Double, PyTorchSteps,
                         testing::Values(Case{"plain", nn::Precision::float64, 1, 1e-11},
                                         Case{"plain", nn::Precision::float64, 2, 1e-11},
                                         Case{"l1 and l2", nn::Precision::float64, 1, 1e-11},
                                         Case{"stability", nn::Precision::float64, 1, 1e-11},
                                         Case{"masked", nn::Precision::float64, 1, 1e-11},
                                         Case{"everything", nn::Precision::float64, 1, 1e-11},
                                         Case{"everything", nn::Precision::float64, 2, 1e-11}));
INSTANTIATE_TEST_SUITE_P(Float, PyTorchSteps,
                         testing::Values(Case{"plain", nn::Precision::float32, 1, 1e-5},
                                         Case{"everything", nn::Precision::float32, 1, 1e-5}));

}  // namespace
}  // namespace secateur::train
