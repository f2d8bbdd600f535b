// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "networks.hpp"
#include "secateur/nn/onnx.hpp"
#include "secateur/prune/dense_layers.hpp"
#include "secateur/prune/prune.hpp"

namespace secateur::prune {
namespace {

using testing::HasSubstr;

class Tolerance : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    s_data = new PruneData(peaks_data(400));
    s_network = new nn::Network(peaks_network(*s_data, {20, 20}, 150));
  }
  static void TearDownTestSuite() {
    delete s_data;
    delete s_network;
  }
  static double error(const nn::Network& network) {
    return train::relative_rmse(network, s_data->validation, s_data->training);
  }
  static Pruned pruned(PruneSettings settings) { return prune(*s_network, peaks_box(), s_data, settings); }
  static PruneData* s_data;
  static nn::Network* s_network;
};

PruneData* Tolerance::s_data = nullptr;
nn::Network* Tolerance::s_network = nullptr;

TEST_F(Tolerance, FindsASparserNetworkWithinIt) {
  PruneSettings settings;
  settings.tolerance = 0.1;
  settings.epochs = 60;
  const Pruned found = pruned(settings);
  EXPECT_LE(error(found.network), 1.1 * error(*s_network));
  EXPECT_GT(found.sparsity, 0.4);
  EXPECT_EQ(zero_weights(found.network), 460 - found.after.weights);
  EXPECT_EQ(found.note, "");
}

TEST_F(Tolerance, FindsFewerNodesWithinIt) {
  PruneSettings settings;
  settings.method = Method::node;
  settings.tolerance = 0.1;
  settings.epochs = 60;
  const Pruned found = pruned(settings);
  EXPECT_LE(error(found.network), 1.1 * error(*s_network));
  EXPECT_GT(found.sparsity, 0.1);
  EXPECT_EQ(found.after.neurons, hidden_nodes(found.network));
}

TEST_F(Tolerance, AllowsMoreForMore) {
  PruneSettings settings;
  settings.epochs = 40;
  settings.tolerance = 0.02;
  const Pruned tight = pruned(settings);
  settings.tolerance = 3.0;
  const Pruned loose = pruned(settings);
  EXPECT_LE(error(loose.network), 4.0 * error(*s_network));
  EXPECT_GT(loose.sparsity, tight.sparsity);
}

TEST_F(Tolerance, WithoutFinetuningReachesTheLimitWeightByWeight) {
  PruneSettings settings;
  settings.finetune = false;
  settings.tolerance = 0.5;
  settings.schedule = Schedule::one_shot;
  const Pruned found = pruned(settings);
  EXPECT_LE(error(found.network), 1.5 * error(*s_network));
  // One weight more is too many.
  const Index removed = zero_weights(found.network);
  EXPECT_GT(removed, 0);
  settings.tolerance.reset();
  settings.sparsity = (static_cast<double>(removed) + 1) / 460;
  EXPECT_GT(error(pruned(settings).network), 1.5 * error(*s_network));
}

TEST_F(Tolerance, ReturnsTheOriginalAndSaysSoWhenNothingFits) {
  // One weight: without it the answer is constant, whatever the training.
  const nn::Network line = network_of({dense(1, 1, {1}, {0})});
  PruneData data;
  data.training.x = Vector::LinSpaced(50, -1, 1);
  data.training.y = data.training.x;
  data.training.y(3, 0) += 0.01;
  data.training.input_names = {"x"};
  data.training.output_names = {"y"};
  data.validation = data.test = data.training;
  PruneSettings settings;
  settings.tolerance = 0.5;
  settings.epochs = 5;
  const Pruned found = prune(line, box_of({-1}, {1}), &data, settings);
  EXPECT_EQ(nn::to_onnx_bytes(found.network), nn::to_onnx_bytes(line));
  EXPECT_EQ(found.sparsity, 0);
  EXPECT_THAT(found.note, HasSubstr("nothing removed"));
}

TEST_F(Tolerance, ReturnsTheBestSoFarWhenStopped) {
  PruneSettings settings;
  settings.tolerance = 0.5;
  settings.epochs = 60;
  const Pruned found = prune(*s_network, peaks_box(), s_data, settings, {}, Stop(0.0));
  EXPECT_LE(error(found.network), 1.5 * error(*s_network));
}

TEST_F(Tolerance, SameSeedSameBits) {
  PruneSettings settings;
  settings.tolerance = 0.1;
  settings.epochs = 10;
  EXPECT_EQ(nn::to_onnx_bytes(pruned(settings).network), nn::to_onnx_bytes(pruned(settings).network));
}

}  // namespace
}  // namespace secateur::prune
