// SPDX-License-Identifier: Apache-2.0
#include "secateur/prune/prune.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "networks.hpp"
#include "secateur/bounds/bounds.hpp"
#include "secateur/core/error.hpp"
#include "secateur/graph/lower.hpp"
#include "secateur/nn/evaluate.hpp"
#include "secateur/nn/onnx.hpp"
#include "secateur/prune/dense_layers.hpp"
#include "secateur/prune/schedule.hpp"

namespace secateur::prune {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::ThrowsMessage;

const PruneData& shared_data() {
  static const PruneData data = peaks_data(200);
  return data;
}

const nn::Network& shared_network() {
  static const nn::Network network = peaks_network(shared_data(), {12, 9}, 60);
  return network;
}

double validation_error(const nn::Network& network) {
  return train::relative_rmse(network, shared_data().validation, shared_data().training);
}

bool is_float32(const nn::Network& network) {
  for (const nn::Dense* dense : dense_layers(network)) {
    if ((dense->weight.cast<float>().cast<double>() - dense->weight).cwiseAbs().maxCoeff() != 0) return false;
    if ((dense->bias.cast<float>().cast<double>() - dense->bias).cwiseAbs().maxCoeff() != 0) return false;
  }
  return true;
}

// Every combination of method, saliency, scope and schedule prunes exactly what was asked for.
class Exact : public testing::TestWithParam<std::tuple<Method, Saliency, Scope, Schedule, bool, bool>> {};

TEST_P(Exact, Counts) {
  PruneSettings settings;
  bool with_data = false;
  std::tie(settings.method, settings.saliency, settings.scope, settings.schedule, settings.compensate, with_data) =
      GetParam();
  settings.epochs = 8;
  for (const double sparsity : {0.0, 0.37, 0.8}) {
    settings.sparsity = sparsity;
    const Pruned pruned = prune(shared_network(), peaks_box(), with_data ? &shared_data() : nullptr, settings);
    nn::check(pruned.network);
    EXPECT_TRUE(is_float32(pruned.network));
    if (settings.method == Method::weight) {
      const Index total = 24 + 108 + 9;
      EXPECT_EQ(zero_weights(pruned.network), target_count(sparsity, total));
      EXPECT_EQ(pruned.after.weights, total - target_count(sparsity, total));
      EXPECT_EQ(pruned.after.neurons, 21);
      EXPECT_DOUBLE_EQ(pruned.sparsity,
                       static_cast<double>(target_count(sparsity, total)) / static_cast<double>(total));
    } else {
      EXPECT_EQ(pruned.after.neurons, 21 - target_count(sparsity, 21));
      const auto widths = hidden_widths(pruned.network);
      EXPECT_EQ(widths[0] + widths[1], pruned.after.neurons);
      EXPECT_GE(std::min(widths[0], widths[1]), 1);
      if (settings.scope == Scope::layer) {
        EXPECT_NEAR(static_cast<double>(widths[0]), 12 * (1 - sparsity), 1.0);
      }
      EXPECT_EQ(zero_weights(pruned.network), 0);
    }
    EXPECT_EQ(pruned.before.weights, 141);
    EXPECT_EQ(pruned.before.neurons, 21);
    EXPECT_EQ(pruned.after.validation.has_value(), with_data);
    EXPECT_EQ(pruned.note, "");
  }
}

std::string combination(const testing::TestParamInfo<Exact::ParamType>& tested) {
  const auto& [method, saliency, scope, schedule, compensate, with_data] = tested.param;
  return std::string(to_string(method)) + "_" + std::string(to_string(saliency)) + "_" + std::string(to_string(scope)) +
         "_" + std::string(to_string(schedule)) + (compensate ? "_compensated" : "");
}

constexpr auto methods = {Method::weight, Method::node};
constexpr auto scopes = {Scope::global, Scope::layer};
constexpr auto schedules = {Schedule::gradual, Schedule::one_shot};

INSTANTIATE_TEST_SUITE_P(
    WithData, Exact,
    testing::Combine(testing::ValuesIn(methods),
                     testing::Values(Saliency::magnitude, Saliency::range, Saliency::taylor, Saliency::activation),
                     testing::ValuesIn(scopes), testing::ValuesIn(schedules), testing::Bool(), testing::Values(true)),
    combination);
INSTANTIATE_TEST_SUITE_P(WithoutData, Exact,
                         testing::Combine(testing::ValuesIn(methods),
                                          testing::Values(Saliency::magnitude, Saliency::range),
                                          testing::ValuesIn(scopes), testing::ValuesIn(schedules), testing::Bool(),
                                          testing::Values(false)),
                         combination);

TEST(Prune, KeepsNamesBoxPrecisionAndScaling) {
  PruneSettings settings;
  settings.sparsity = 0.5;
  settings.epochs = 5;
  nn::Network named = shared_network();
  named.input_names = {"T", "p"};
  PruneData data = shared_data();
  const nn::Network pruned = prune(named, peaks_box(), &data, settings).network;
  EXPECT_EQ(pruned.input_names, named.input_names);
  EXPECT_EQ(pruned.output_names, named.output_names);
  EXPECT_EQ(pruned.precision, nn::Precision::float32);
  ASSERT_TRUE(pruned.box.has_value());
  EXPECT_EQ(pruned.box->lower, named.box->lower);
  EXPECT_EQ(pruned.layers.size(), named.layers.size());
  for (std::size_t k = 0; k < pruned.layers.size(); ++k) {
    const auto* scaling = std::get_if<nn::Elementwise>(&named.layers[k]);
    if (scaling == nullptr) continue;
    EXPECT_EQ(std::get<nn::Elementwise>(pruned.layers[k]).constant, scaling->constant);
  }
}

TEST(Prune, FinetuningKeepsZerosThatWereThereBefore) {
  nn::Network sparse = shared_network();
  dense_layers(sparse)[1]->weight.leftCols(4).setZero();
  PruneSettings settings;
  settings.sparsity = 0.1;  // fewer than the 36 zeros that are there
  settings.epochs = 10;
  const Pruned pruned = prune(sparse, peaks_box(), &shared_data(), settings);
  EXPECT_EQ(zero_weights(pruned.network), 36);
  EXPECT_EQ(dense_layers(std::as_const(pruned.network))[1]->weight.leftCols(4).cwiseAbs().maxCoeff(), 0);
  EXPECT_DOUBLE_EQ(pruned.sparsity, 36.0 / 141);
  settings.method = Method::node;
  settings.sparsity = 0.3;
  const nn::Network nodes = prune(sparse, peaks_box(), &shared_data(), settings).network;
  for (const nn::Dense* dense : dense_layers(nodes)) {
    // What is left of a zero column is zero.
    for (Index j = 0; j < dense->weight.cols(); ++j) {
      const auto zeros = (dense->weight.col(j).array() == 0).count();
      EXPECT_TRUE(zeros == 0 || zeros == dense->weight.rows());
    }
  }
}

TEST(Prune, FinetuningHelpsAndNeverHurts) {
  for (const Method method : {Method::weight, Method::node}) {
    for (const Schedule schedule : {Schedule::gradual, Schedule::one_shot}) {
      PruneSettings settings;
      settings.method = method;
      settings.schedule = schedule;
      settings.sparsity = 0.5;
      settings.epochs = 60;
      const double tuned = validation_error(prune(shared_network(), peaks_box(), &shared_data(), settings).network);
      settings.finetune = false;
      const double raw = validation_error(prune(shared_network(), peaks_box(), &shared_data(), settings).network);
      EXPECT_LT(tuned, 0.9 * raw);
    }
  }
}

// A network that fits its data exactly can only lose by training, and is left alone.
TEST(Prune, FinetuningReturnsWhatItCannotImprove) {
  const nn::Network exact = network_of({dense(2, 1, {0.1, -0.7}, {0, 0.1}), dense(1, 2, {1.0 / 3, 0.3}, {0.1})});
  PruneData data;
  data.training.x = Vector::LinSpaced(40, -1, 1);
  data.training.y = nn::evaluate(exact, data.training.x);
  data.validation = data.test = data.training;
  PruneSettings settings;
  settings.sparsity = 0;
  settings.epochs = 5;
  const nn::Network pruned = prune(exact, box_of({-1}, {1}), &data, settings).network;
  EXPECT_EQ(nn::to_onnx_bytes(pruned), nn::to_onnx_bytes(exact));
}

TEST(Prune, WithoutDataIsOneShotByMagnitude) {
  PruneSettings settings;
  settings.sparsity = 0.5;
  const nn::Network pruned = prune(shared_network(), peaks_box(), nullptr, settings).network;
  const nn::Network original = nn::canonical(shared_network());
  double largest_removed = 0, smallest_kept = std::numeric_limits<double>::infinity();
  const auto before = dense_layers(original), after = dense_layers(pruned);
  for (std::size_t k = 0; k < before.size(); ++k) {
    EXPECT_EQ(before[k]->bias, after[k]->bias);
    for (Index i = 0; i < before[k]->weight.size(); ++i) {
      const double was = before[k]->weight.data()[i], is = after[k]->weight.data()[i];
      if (is == 0) {
        largest_removed = std::max(largest_removed, std::abs(was));
      } else {
        EXPECT_EQ(is, was);
        smallest_kept = std::min(smallest_kept, std::abs(was));
      }
    }
  }
  EXPECT_LE(largest_removed, smallest_kept);
}

TEST(Prune, SameSeedSameBits) {
  PruneSettings settings;
  settings.sparsity = 0.6;
  settings.epochs = 20;
  const auto bytes = [&](std::uint64_t seed) {
    settings.seed = seed;
    return nn::to_onnx_bytes(prune(shared_network(), peaks_box(), &shared_data(), settings).network);
  };
  EXPECT_EQ(bytes(1), bytes(1));
  EXPECT_NE(bytes(1), bytes(2));
}

TEST(Prune, MakesSmallerModelFilesOfNodes) {
  PruneSettings settings;
  settings.sparsity = 0.5;
  settings.method = Method::node;
  const nn::Network pruned = prune(shared_network(), peaks_box(), nullptr, settings).network;
  const std::string bytes = nn::to_onnx_bytes(pruned);
  EXPECT_LT(bytes.size() + 4 * 50, nn::to_onnx_bytes(shared_network()).size());
  const nn::Network back = nn::read_onnx_bytes(bytes, "pruned.onnx");
  EXPECT_EQ(nn::count_neurons(back), 11);
  const Matrix points = shared_data().test.x;
  EXPECT_EQ(nn::evaluate(back, points), nn::evaluate(pruned, points));
}

TEST(Prune, SaysWhichNodesAreLeft) {
  const PruneData data = peaks_data(200);
  const nn::Network network = nn::canonical(peaks_network(data, {12, 9}, 20));
  for (const Schedule schedule : {Schedule::one_shot, Schedule::gradual}) {
    PruneSettings settings;
    settings.method = Method::node;
    settings.sparsity = 0.6;
    settings.schedule = schedule;
    settings.finetune = false;
    const Pruned pruned = prune(network, peaks_box(), &data, settings);
    const auto before = dense_layers(network), after = dense_layers(pruned.network);
    ASSERT_EQ(pruned.kept.size(), 2u);
    EXPECT_EQ(pruned.kept[0].size() + pruned.kept[1].size(), 21u - 12u);
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_EQ(after[k]->bias, Vector(before[k]->bias(pruned.kept[k])));
    }
    EXPECT_EQ(after[1]->weight, Matrix(before[1]->weight(pruned.kept[1], pruned.kept[0])));
    settings.method = Method::weight;
    EXPECT_THAT(prune(network, peaks_box(), &data, settings).kept, ElementsAre(SizeIs(12), SizeIs(9)));
  }
}

TEST(Prune, WorksOnNetworksThatAreNotCanonical) {
  // Dense, scaling between, Dense, Relu, Dense, Relu: as an exporter may leave them.
  nn::Network odd;
  odd.precision = nn::Precision::float64;
  odd.input_names = {"a"};
  odd.output_names = {"b", "c"};
  odd.layers = {
      dense(2, 1, {1, 2}, {0, 1}),          nn::Elementwise{nn::ElementwiseOp::multiply, Eigen::Vector2d(2, 3)},
      dense(2, 2, {1, 0.5, -1, 2}, {0, 0}), nn::Relu{},
      dense(2, 2, {1, 2, 3, 4}, {0, 0}),    nn::Relu{}};
  PruneSettings settings;
  settings.sparsity = 0.5;
  settings.compensate = true;
  const Pruned weights = prune(odd, box_of({-1}, {1}), nullptr, settings);
  EXPECT_EQ(zero_weights(weights.network), 5);  // of 2 + 4 + 4, the last an identity
  settings.method = Method::node;
  const Pruned nodes = prune(odd, box_of({-1}, {1}), nullptr, settings);
  EXPECT_EQ(nn::count_neurons(nodes.network), 2);
  EXPECT_EQ(nodes.network.outputs(), 2);
}

TEST(Prune, SaysWhenALayerKeepsItsLastNode) {
  PruneSettings settings;
  settings.method = Method::node;
  settings.sparsity = 0.95;
  const nn::Network thin = network_of({dense(2, 1, {1, 2}, {0, 0}), dense(2, 2, {1, 2, 3, 4}, {0, 0}),
                                       dense(2, 2, {1, 2, 3, 4}, {0, 0}), dense(1, 2, {1, 2}, {0})});
  const Pruned pruned = prune(thin, box_of({0}, {1}), nullptr, settings);
  EXPECT_EQ(pruned.after.neurons, 3);
  EXPECT_DOUBLE_EQ(pruned.sparsity, 0.5);
  EXPECT_THAT(pruned.note, HasSubstr("3 of 5 nodes removed"));
}

TEST(Prune, ReachesTheTargetWhenStopped) {
  PruneSettings settings;
  settings.sparsity = 0.5;
  settings.epochs = 1000000;
  const Pruned pruned = prune(shared_network(), peaks_box(), &shared_data(), settings, {}, Stop(0.05));
  EXPECT_EQ(zero_weights(pruned.network), 70);
}

TEST(Prune, ReportsProgressThatGrowsToOne) {
  PruneSettings settings;
  settings.sparsity = 0.5;
  settings.epochs = 50;
  std::vector<double> fractions;
  std::string note;
  prune(shared_network(), peaks_box(), &shared_data(), settings, [&](const Progress& p) {
    EXPECT_EQ(p.stage, "prune");
    fractions.push_back(p.fraction.value());
    note = p.note;
  });
  ASSERT_GE(fractions.size(), 10U);
  EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
  EXPECT_LE(fractions.back(), 1);
  EXPECT_GT(fractions.back(), 0.5);
  EXPECT_THAT(note, HasSubstr("49.6 % of the weights removed"));
}

TEST(Summarize, CountsByCrown) {
  //   z1 = x in [-1, 1] unstable, z2 = x + 2 in [1, 3] active, z3 = x - 2 inactive; y = a1 + a2.
  const nn::Network network = network_of({dense(3, 1, {1, 1, 1}, {0, 2, -2}), dense(1, 3, {1, 1, 0}, {0})});
  const Summary summary = summarize(network, box_of({-1}, {1}), nullptr);
  EXPECT_EQ(summary.weights, 5);
  EXPECT_EQ(summary.neurons, 3);
  EXPECT_EQ(summary.unstable, 1);
  ASSERT_EQ(summary.mean_width.size(), 2U);
  EXPECT_NEAR(summary.mean_width[0], 2, 1e-13);
  // y in [1, 4]: below, a1 >= 0 or a1 >= x, and with the slope 1 of x above.
  EXPECT_NEAR(summary.mean_width[1], 3, 1e-13);
  EXPECT_FALSE(summary.validation.has_value());
}

TEST(Summarize, HasTheErrorsOfBothParts) {
  const Summary summary = summarize(shared_network(), peaks_box(), &shared_data());
  EXPECT_EQ(summary.validation->rmse, train::errors(shared_network(), shared_data().validation).rmse);
  EXPECT_EQ(summary.test->max_error, train::errors(shared_network(), shared_data().test).max_error);
}

class Refused : public testing::Test {
 protected:
  PruneSettings settings;
  Box box = peaks_box();
  PruneData data = shared_data();
  bool with_data = true;
  nn::Network network = shared_network();

  void SetUp() override {
    settings.sparsity = 0.5;
    settings.epochs = 2;
  }
  void expect(const char* message) {
    EXPECT_THAT([&] { prune(network, box, with_data ? &data : nullptr, settings); },
                ThrowsMessage<InputError>(HasSubstr(message)));
  }
};

TEST_F(Refused, SparsityAndTolerance) {
  settings.tolerance = 0.1;
  expect("a sparsity and a tolerance are given");
}
TEST_F(Refused, NeitherSparsityNorTolerance) {
  settings.sparsity.reset();
  expect("neither a sparsity nor a tolerance");
}
TEST_F(Refused, SparsityOutOfRange) {
  for (const double value : {1.0, -0.1, 2.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    settings.sparsity = value;
    expect("sparsity: ");
  }
}
TEST_F(Refused, ToleranceOutOfRange) {
  settings.sparsity.reset();
  for (const double value : {-0.1, std::nan(""), std::numeric_limits<double>::infinity()}) {
    settings.tolerance = value;
    expect("tolerance: ");
  }
}
TEST_F(Refused, NoEpochsNorThreads) {
  settings.epochs = 0;
  expect("epochs: 0; at least 1");
  settings.epochs = 1;
  settings.threads = 0;
  expect("threads: 0; at least 1");
}
TEST_F(Refused, ToleranceWithoutData) {
  with_data = false;
  settings.sparsity.reset();
  settings.tolerance = 0.1;
  expect("tolerance: needs data");
}
TEST_F(Refused, SaliencyWithoutData) {
  with_data = false;
  settings.saliency = Saliency::taylor;
  expect("saliency: taylor needs data; magnitude and range work without");
  settings.saliency = Saliency::activation;
  expect("saliency: activation needs data");
}
TEST_F(Refused, BoxThatDoesNotFit) {
  box = box_of({0}, {1});
  expect("box: has 1 intervals; the network has 2 inputs");
  box = box_of({0, 1}, {1, 0});
  expect("box: 1:0 for input x[1]");
  box = box_of({0, 0}, {1, std::numeric_limits<double>::infinity()});
  expect("box: 0:inf for input x[1]");
  box = box_of({0, std::nan("")}, {1, 1});
  expect("box: nan:1");
}
TEST_F(Refused, DataThatDoesNotFit) {
  data.validation.x.conservativeResize(Eigen::NoChange, 1);
  expect("validation data");
  data = shared_data();
  data.training.y(0, 0) = std::nan("");
  expect("training data");
  data = shared_data();
  data.test.x.resize(0, 2);
  data.test.y.resize(0, 1);
  expect("test data has no rows");
}
TEST_F(Refused, NodesOfANetworkWithoutHiddenOnes) {
  network = network_of({dense(1, 2, {1, 2}, {0})});
  settings.method = Method::node;
  with_data = false;
  expect("no hidden nodes");
}
TEST_F(Refused, OutputScaledByZero) {
  network.layers.emplace_back(nn::Elementwise{nn::ElementwiseOp::multiply, Vector::Zero(1)});
  expect("multiplies an output by 0");
}

}  // namespace
}  // namespace secateur::prune
