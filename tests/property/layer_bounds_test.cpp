// SPDX-License-Identifier: Apache-2.0
// Residual, convolutional and piecewise linear networks: bounds contain the stored network's values in exact
// arithmetic.
#include <gtest/gtest.h>

#include <filesystem>

#include "secateur/bounds/bounds.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/nn/onnx.hpp"
#include "support/exact.hpp"
#include "support/random_network.hpp"

namespace secateur {
namespace {

using exact::Rational;

TEST(LayerBounds, ContainExactValuesOfEveryFixture) {
  Rng rng(21);
  int networks = 0, unstable = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(SECATEUR_TEST_DATA) / "nn")) {
    const std::string name = entry.path().filename();
    if (entry.path().extension() != ".onnx" || !name.starts_with("layers_")) continue;
    nn::Network network = nn::read_onnx(entry.path());
    network.activation = nn::Activation::none;
    ++networks;
    for (const double width : {0.05, 2.0}) {
      const Box box = random_box(network.inputs(), width, rng);
      const graph::ReluGraph graph = graph::lower(network, box);
      const graph::NeuronBounds loose = bounds::interval(graph, box), tight = bounds::crown(graph, box);
      unstable += static_cast<int>(graph::count_unstable(tight));
      for (int s = 0; s < 4; ++s) {
        const auto stored = exact::preactivations(network, random_point(box, rng));
        ASSERT_EQ(stored.size(), tight.size()) << name;
        for (std::size_t k = 0; k < stored.size(); ++k) {
          for (std::size_t i = 0; i < stored[k].size(); ++i) {
            const auto unit = static_cast<Index>(i);
            ASSERT_GE(stored[k][i], Rational(loose[k].lower(unit))) << name << " layer " << k << " unit " << i;
            ASSERT_LE(stored[k][i], Rational(loose[k].upper(unit))) << name << " layer " << k << " unit " << i;
            ASSERT_GE(stored[k][i], Rational(tight[k].lower(unit))) << name << " layer " << k << " unit " << i;
            ASSERT_LE(stored[k][i], Rational(tight[k].upper(unit))) << name << " layer " << k << " unit " << i;
          }
        }
      }
    }
  }
  EXPECT_GE(networks, 25);
  EXPECT_GT(unstable, 100);
}

// Interval arithmetic sees that a clipped value lies between the bounds, however wide the box.
TEST(LayerBounds, IntervalsOfAClippedValueEndAtItsBounds) {
  nn::Network network = nn::read_onnx(std::filesystem::path(SECATEUR_TEST_DATA) / "nn" / "layers_clip_opset6.onnx");
  const Box box{Vector::Constant(3, -1000), Vector::Constant(3, 1000)};
  const graph::NeuronBounds bounds = bounds::interval(graph::lower(network, box), box);
  // Clipped from 0 to 6 and then to at most 0.5.
  EXPECT_GE(bounds.back().lower.minCoeff(), -1e-12);
  EXPECT_LE(bounds.back().upper.maxCoeff(), 0.5 + 1e-12);
}

}  // namespace
}  // namespace secateur
