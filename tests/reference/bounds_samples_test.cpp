// SPDX-License-Identifier: Apache-2.0
// Every network of tests/data/nets: no preactivation at any of a million sampled inputs lies outside its bounds.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "secateur/bounds/bounds.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/nn/onnx.hpp"

namespace secateur {
namespace {

const std::filesystem::path data_folder = std::filesystem::path(SECATEUR_TEST_DATA).parent_path() / "data";

std::vector<std::string> networks() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(data_folder / "nets")) {
    names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Samples : public testing::TestWithParam<std::string> {};

TEST_P(Samples, AMillionLieInsideTheBounds) {
  const nn::Network network = nn::read_onnx(data_folder / "nets" / (GetParam() + ".onnx"));
  const Box box{Vector::Constant(network.inputs(), -1.0), Vector::Constant(network.inputs(), 1.0)};
  const graph::ReluGraph graph = graph::lower(network, box);
  const graph::NeuronBounds bounds = bounds::crown(graph, box);

  // Samples are evaluated in plain double arithmetic, whose own error is far below this share of a layer's largest
  // bound.
  constexpr double evaluation_error = 1e-12;
  constexpr Index total = 1000000, block = 2000;
  // The networks have no skips: each layer reads the one before it, a dense block of its weight.
  std::vector<Eigen::MatrixXd> weights;
  for (int k = 0; k < graph.depth(); ++k) {
    const SparseMatrix& weight = graph.layers[static_cast<std::size_t>(k)].weight;
    const Index first = k == 0 ? 0 : graph.first_value(k - 1);
    ASSERT_EQ(Matrix(weight.leftCols(first)).cwiseAbs().sum(), 0.0);
    weights.emplace_back(weight.rightCols(weight.cols() - first));
  }
  std::vector<Vector> smallest, largest;
  for (const auto& layer : bounds) {
    smallest.push_back(Vector::Constant(layer.size(), 1e300));
    largest.push_back(Vector::Constant(layer.size(), -1e300));
  }
  Rng rng(1);
  for (Index done = 0; done < total; done += block) {
    Eigen::MatrixXd a(network.inputs(), block);
    for (Index s = 0; s < block; ++s) {
      // Some at corners, where bounds are attained.
      const bool corner = s % 8 == 0;
      for (Index j = 0; j < a.rows(); ++j) {
        a(j, s) = corner ? (rng.next() % 2 == 0 ? -1.0 : 1.0) : rng.uniform(-1, 1);
      }
    }
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const Eigen::MatrixXd z = (weights[k] * a).colwise() + graph.layers[k].bias;
      smallest[k] = smallest[k].cwiseMin(z.rowwise().minCoeff());
      largest[k] = largest[k].cwiseMax(z.rowwise().maxCoeff());
      a = z.cwiseMax(0.0);
    }
  }
  for (std::size_t k = 0; k < bounds.size(); ++k) {
    const double slack = evaluation_error * bounds[k].magnitude().maxCoeff();
    EXPECT_TRUE((smallest[k].array() >= bounds[k].lower.array() - slack).all()) << "layer " << k;
    EXPECT_TRUE((largest[k].array() <= bounds[k].upper.array() + slack).all()) << "layer " << k;
  }
}

INSTANTIATE_TEST_SUITE_P(Nets, Samples, testing::ValuesIn(networks()), [](const auto& test) { return test.param; });

}  // namespace
}  // namespace secateur
