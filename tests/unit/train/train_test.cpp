// SPDX-License-Identifier: Apache-2.0
#include "secateur/train/train.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "peaks.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/rng.hpp"
#include "secateur/train/scaling.hpp"

namespace secateur::train {
namespace {

using testing::HasSubstr;

struct Parts {
  data::Dataset training, validation, test;
};
const Parts& peaks_parts() {
  static const Parts parts{peaks(700, 1), peaks(150, 2), peaks(150, 3)};
  return parts;
}

TrainSettings short_run(int epochs) {
  TrainSettings settings;
  settings.epochs = epochs;
  return settings;
}

/// All weights and biases, one after another.
std::vector<double> parameters(const nn::Network& network) {
  std::vector<double> all;
  for (const auto& layer : network.layers) {
    if (const auto* dense = std::get_if<nn::Dense>(&layer)) {
      all.insert(all.end(), dense->weight.data(), dense->weight.data() + dense->weight.size());
      all.insert(all.end(), dense->bias.data(), dense->bias.data() + dense->bias.size());
    }
  }
  return all;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
    return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
  });
}

TEST(Train, LearnsPeaks) {
  const auto& [training, validation, test] = peaks_parts();
  const Training result = train(initial_network(training, {50, 50}, 1), training, validation, short_run(300));
  const Errors found = errors(result.network, test);
  EXPECT_GT(found.r2[0], 0.98);
  EXPECT_LT(found.max_error[0], 2);  // of a range of 15
  EXPECT_EQ(result.training_loss.size(), static_cast<std::size_t>(result.epochs));
  EXPECT_EQ(result.validation_loss.size(), static_cast<std::size_t>(result.epochs));
  EXPECT_GT(result.seconds, 0);
  nn::check(result.network);
}

TEST(Train, ReturnsTheWeightsOfTheBestEpoch) {
  const auto& [training, validation, test] = peaks_parts();
  TrainSettings settings = short_run(60);
  settings.learning_rate = 0.03;  // large: the loss goes up and down
  const Training result = train(initial_network(training, {20}, 1), training, validation, settings);
  const double best = *std::min_element(result.validation_loss.begin(), result.validation_loss.end());
  EXPECT_LT(best, result.validation_loss.back());
  // The output scaling gives the targets unit variance, so that the loss is the relative error squared.
  EXPECT_NEAR(std::pow(relative_rmse(result.network, validation, training), 2), best, 1e-5 * best);
}

TEST(Train, StopsWhenPatienceRunsOut) {
  const auto& [training, validation, test] = peaks_parts();
  TrainSettings settings = short_run(2000);
  settings.learning_rate = 0.05;
  settings.patience = 7;
  const Training result = train(initial_network(training, {10}, 1), training, validation, settings);
  ASSERT_LT(result.epochs, 2000);
  const auto best = std::min_element(result.validation_loss.begin(), result.validation_loss.end());
  EXPECT_EQ(result.validation_loss.end() - best, 8);  // the best epoch and seven more
  EXPECT_EQ(result.validation_loss.size(), static_cast<std::size_t>(result.epochs));
}

TEST(Train, NeverReturnsAWorseNetworkThanItWasGiven) {
  const auto& [training, validation, test] = peaks_parts();
  const nn::Network good = train(initial_network(training, {30, 30}, 1), training, validation, short_run(200)).network;
  TrainSettings rough = short_run(3);
  rough.learning_rate = 0.3;
  const Training result = train(good, training, validation, rough);
  EXPECT_GT(*std::min_element(result.validation_loss.begin(), result.validation_loss.end()),
            std::pow(relative_rmse(good, validation, training), 2));
  EXPECT_TRUE(same_bits(parameters(result.network), parameters(good)));
}

TEST(Train, SameSeedSameBits) {
  const auto& [training, validation, test] = peaks_parts();
  const nn::Network start = initial_network(training, {30, 17}, 1);
  for (const int threads : {1, 2, 3}) {
    TrainSettings settings = short_run(8);
    settings.threads = threads;
    settings.seed = 5;
    settings.stability = 1e-3;
    const Training first = train(start, training, validation, settings);
    const Training second = train(start, training, validation, settings);
    EXPECT_TRUE(same_bits(parameters(first.network), parameters(second.network))) << threads << " threads";
    EXPECT_TRUE(same_bits(first.validation_loss, second.validation_loss));
    settings.seed = 6;
    EXPECT_FALSE(
        same_bits(parameters(first.network), parameters(train(start, training, validation, settings).network)));
  }
}

TEST(Train, ThreadsChangeRoundingOnly) {
  const auto& [training, validation, test] = peaks_parts();
  nn::Network start = initial_network(training, {30, 17}, 1);
  start.precision = nn::Precision::float64;
  TrainSettings settings = short_run(5);
  const auto expected = parameters(train(start, training, validation, settings).network);
  for (const int threads : {2, 3, 16}) {
    settings.threads = threads;
    const auto found = parameters(train(start, training, validation, settings).network);
    for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-9);
  }
}

class MaskedTraining : public testing::TestWithParam<nn::Precision> {};

TEST_P(MaskedTraining, PrunedWeightsStayZero) {
  const auto& [training, validation, test] = peaks_parts();
  nn::Network start = initial_network(training, {24, 24}, 1);
  start.precision = GetParam();
  Masks masks;
  Rng rng(3);
  for (const auto& layer : start.layers) {
    const auto* dense = std::get_if<nn::Dense>(&layer);
    if (dense == nullptr) continue;
    masks.emplace_back(dense->weight.rows(), dense->weight.cols());
    for (Index i = 0; i < masks.back().size(); ++i) masks.back().data()[i] = rng.uniform() < 0.7 ? 0.0F : 1.0F;
  }
  TrainSettings settings = short_run(80);
  settings.l1 = 1e-4;
  settings.l2 = 1e-4;
  settings.stability = 1e-4;
  settings.threads = 2;
  const Training result = train(start, training, validation, settings, &masks);
  EXPECT_LT(result.validation_loss.back(), 0.8 * result.validation_loss.front());
  std::size_t k = 0;
  for (const auto& layer : result.network.layers) {
    const auto* dense = std::get_if<nn::Dense>(&layer);
    if (dense == nullptr) continue;
    for (Index i = 0; i < masks[k].size(); ++i) {
      const double w = dense->weight.data()[i];
      if (masks[k].data()[i] == 0) {
        EXPECT_EQ(std::bit_cast<std::uint64_t>(w), 0U);  // +0, not merely small
      } else {
        EXPECT_NE(w, 0);
      }
    }
    ++k;
  }
}
INSTANTIATE_TEST_SUITE_P(Precisions, MaskedTraining, testing::Values(nn::Precision::float32, nn::Precision::float64),
                         [](const auto& precision) { return std::string(to_string(precision.param)); });

TEST(Train, MaskOfZerosGivesTheBiasModel) {
  const auto& [training, validation, test] = peaks_parts();
  Masks masks{Masks::value_type::Zero(5, 2), Masks::value_type::Zero(1, 5)};
  TrainSettings settings = short_run(30);
  settings.learning_rate = 0.05;
  const Training result = train(initial_network(training, {5}, 1), training, validation, settings, &masks);
  EXPECT_EQ(nn::count_weights(result.network), 0);
  EXPECT_NEAR(errors(result.network, training).r2[0], 0, 0.01);
}

TEST(Train, OutputsOfAnyUnitCountTheSame) {
  // Two outputs, one of them a thousand times the other or a thousandth, in a network without output scaling.
  const auto with_unit = [](double unit) {
    data::Dataset data = peaks(300, 4);
    Matrix y(data.rows(), 2);
    y.col(0) = data.y;
    y.col(1) = unit * data.x.col(0).cwiseProduct(data.x.col(1));
    return table(data.x / 3, y);
  };
  nn::Network network = initial_network(with_unit(1), {30, 30}, 1);
  network.precision = nn::Precision::float64;
  network.layers.resize(network.layers.size() - 2);
  const auto relative = [&](double unit) {
    const data::Dataset data = with_unit(unit);
    nn::Network start = network;
    auto& last = std::get<nn::Dense>(start.layers.back());
    last.weight.row(1) *= unit;
    TrainSettings settings = short_run(400);
    settings.batch = 25;
    return errors(train(start, data, data, settings).network, data).r2;
  };
  // A loss in user units would be all about one of the two.
  for (const double unit : {1.0, 1e3, 1e-3}) {
    const std::vector<double> r2 = relative(unit);
    EXPECT_GT(r2[0], 0.9) << unit;
    EXPECT_GT(r2[1], 0.9) << unit;
  }
}

TEST(Train, WorksOnNetworksThatAreNotCanonical) {
  const auto& [training, validation, test] = peaks_parts();
  nn::Network network;
  network.input_names = {"a", "b"};
  network.output_names = {"c"};
  const nn::Network fresh = initial_network(training, {20, 20}, 1);
  const auto& first = std::get<nn::Dense>(fresh.layers[2]);
  const auto& second = std::get<nn::Dense>(fresh.layers[4]);
  const auto& third = std::get<nn::Dense>(fresh.layers[6]);
  network.layers = {first,  nn::Elementwise{nn::ElementwiseOp::multiply, Vector::Constant(20, 0.5)}, nn::Relu{},
                    second, nn::Dense{Matrix::Identity(20, 20), Vector::Constant(20, 0.1)},          nn::Relu{},
                    third};
  const Training result = train(network, training, validation, short_run(120));
  EXPECT_THAT(stack(result.network).widths, testing::ElementsAre(2, 20, 20, 1));
  EXPECT_GT(errors(result.network, test).r2[0], 0.9);
}

TEST(Train, LinearModelFindsTheLine) {
  Rng rng(1);
  Matrix x(200, 3);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = rng.uniform(-5, 5);
  const Matrix y = x * Matrix{{2.0}, {-1.0}, {0.5}} + Matrix::Constant(200, 1, 7);
  const data::Dataset data = table(x, y);
  TrainSettings settings = short_run(200);
  settings.learning_rate = 0.03;
  EXPECT_GT(errors(train(initial_network(data, {}, 1), data, data, settings).network, data).r2[0], 0.99999);
}

TEST(Train, L2AndL1ShrinkWeights) {
  const auto& [training, validation, test] = peaks_parts();
  const nn::Network start = initial_network(training, {30, 30}, 1);
  const auto size = [&](double l1, double l2) {
    TrainSettings settings = short_run(100);
    settings.l1 = l1;
    settings.l2 = l2;
    double sum = 0;
    for (const auto& layer : train(start, training, validation, settings).network.layers) {
      if (const auto* dense = std::get_if<nn::Dense>(&layer)) sum += dense->weight.cwiseAbs().sum();
    }
    return sum;
  };
  const double plain = size(0, 0);
  EXPECT_LT(size(0, 1e-3), 0.9 * plain);
  EXPECT_LT(size(1e-3, 0), 0.7 * plain);
}

/// Hidden units whose sign is not fixed over the box, by interval bounds.
Index unstable(const nn::Network& network) {
  const Stack parts = stack(network);
  Box box = scale_box(network, *network.box);
  Index count = 0;
  for (std::size_t i = parts.first; i < parts.last; i += 2) {
    const auto& dense = std::get<nn::Dense>(network.layers[i]);
    const Vector centre = dense.weight * (0.5 * (box.lower + box.upper)) + dense.bias;
    const Vector radius = dense.weight.cwiseAbs() * (0.5 * (box.upper - box.lower));
    count += ((centre - radius).array() < 0 && (centre + radius).array() > 0).count();
    box = {(centre - radius).cwiseMax(0), (centre + radius).cwiseMax(0)};
  }
  return count;
}

TEST(Train, StabilityPenaltyMakesUnitsStable) {
  const auto& [training, validation, test] = peaks_parts();
  const nn::Network start = initial_network(training, {30, 30}, 1);
  const auto trained = [&](double stability) {
    TrainSettings settings = short_run(300);
    settings.stability = stability;
    return train(start, training, validation, settings).network;
  };
  const nn::Network plain = trained(0);
  const nn::Network stable = trained(0.3);
  EXPECT_LT(3 * unstable(stable), 2 * unstable(plain));
  EXPECT_GT(errors(stable, test).r2[0], 0.85);
}

TEST(Train, TrainedFloatNetworkHoldsFloats) {
  const auto& [training, validation, test] = peaks_parts();
  for (const double p :
       parameters(train(initial_network(training, {5}, 1), training, validation, short_run(3)).network)) {
    EXPECT_EQ(p, static_cast<double>(static_cast<float>(p)));
  }
}

TEST(Train, ProgressComesOncePerEpoch) {
  const auto& [training, validation, test] = peaks_parts();
  std::vector<double> fractions;
  std::string note;
  const ProgressSink sink = [&](const Progress& p) {
    EXPECT_EQ(p.stage, "train");
    fractions.push_back(p.fraction.value_or(-1));
    note = std::string(p.note);
  };
  train(initial_network(training, {5}, 1), training, validation, short_run(4), nullptr, sink);
  EXPECT_THAT(fractions, testing::ElementsAre(0.25, 0.5, 0.75, 1.0));
  EXPECT_THAT(note, HasSubstr("validation loss"));
}

TEST(Train, StopEndsWithTheBestSoFar) {
  const auto& [training, validation, test] = peaks_parts();
  const nn::Network start = initial_network(training, {40, 40}, 1);
  const Training none = train(start, training, validation, short_run(100000), nullptr, {}, Stop(0));
  EXPECT_EQ(none.epochs, 0);
  EXPECT_TRUE(same_bits(parameters(none.network), parameters(start)));
  TrainSettings settings = short_run(1000000);
  settings.patience = 1000000;
  const Training some = train(start, training, validation, settings, nullptr, {}, Stop(0.3));
  EXPECT_GT(some.epochs, 0);
  EXPECT_LT(some.epochs, 1000000);
  EXPECT_LT(relative_rmse(some.network, validation, training), relative_rmse(start, validation, training));
}

TEST(Train, InterruptEndsBetweenSteps) {
  const auto& [training, validation, test] = peaks_parts();
  TrainSettings settings = short_run(1000000);
  settings.threads = 2;
  const ProgressSink sink = [](const Progress&) { interrupt_flag() = true; };
  const Training result = train(initial_network(training, {5}, 1), training, validation, settings, nullptr, sink);
  interrupt_flag() = false;
  EXPECT_EQ(result.epochs, 1);
}

TEST(Train, DivergenceIsAClearError) {
  const auto& [training, validation, test] = peaks_parts();
  TrainSettings settings = short_run(50);
  settings.learning_rate = 10;
  nn::Network start = initial_network(training, {10, 10, 10, 10, 10, 10, 10, 10}, 1);
  for (auto& layer : start.layers) {
    if (auto* dense = std::get_if<nn::Dense>(&layer)) dense->weight *= 2;
  }
  for (int more = 0; more < 40; ++more) {  // deep, each layer half as large again: the first step overflows
    start.layers.insert(start.layers.end() - 3, {nn::Layer(nn::Dense{1.5 * Matrix::Identity(10, 10), Vector::Zero(10)}),
                                                 nn::Layer(nn::Relu{})});
  }
  ASSERT_EQ(nn::canonical(start).precision, nn::Precision::float32);
  EXPECT_THAT([&] { train(start, training, validation, settings); },
              testing::ThrowsMessage<InputError>(HasSubstr("smaller learning rate than 10")));
}

TEST(Train, InfiniteErrorAtTheStartIsRefused) {
  const auto& [training, validation, test] = peaks_parts();
  nn::Network start = initial_network(training, {5, 5}, 1);
  for (auto& layer : start.layers) {
    if (auto* dense = std::get_if<nn::Dense>(&layer)) dense->weight.setConstant(0x1p127);
  }
  EXPECT_THAT([&] { train(start, training, validation, short_run(1)); },
              testing::ThrowsMessage<InputError>(HasSubstr("not finite")));
}

TEST(Train, LaterDivergenceKeepsTheBest) {
  // y = w1 w2 ... w6 x with all weights 1, and targets 3 10^6 times as large. The first step of size 10 takes each
  // weight to 11, which is better; the second to about 18, where the squared error overflows.
  nn::Network network;
  network.precision = nn::Precision::float64;
  for (int k = 0; k < 6; ++k) {
    if (k > 0) network.layers.emplace_back(nn::Relu{});
    network.layers.emplace_back(nn::Dense{Matrix::Ones(1, 1), Vector::Zero(1)});
  }
  network.input_names = {"x"};
  network.output_names = {"y"};
  const data::Dataset data = table(Matrix{{1e147}, {1e147}}, Matrix{{3.0e153}, {3.3e153}});
  TrainSettings settings = short_run(1000);
  settings.learning_rate = 10;
  const Training result = train(network, data, data, settings);
  EXPECT_EQ(result.epochs, 1);
  for (const auto& layer : result.network.layers) {
    const auto* dense = std::get_if<nn::Dense>(&layer);
    if (dense == nullptr) continue;
    EXPECT_NEAR(dense->weight(0, 0), 11, 0.01);
  }
}

TEST(Train, OutputsBeyondTheRangeOfFloatAreRefused) {
  nn::Network network;
  network.layers.emplace_back(nn::Dense{Matrix::Ones(1, 1), Vector::Zero(1)});
  network.input_names = {"x"};
  network.output_names = {"y"};
  for (const double unit : {1e-25, 1e25}) {
    const data::Dataset data = table(Matrix{{1.0}, {2.0}}, Matrix{{unit}, {2 * unit}});
    EXPECT_THAT([&] { train(network, data, data, short_run(1)); },
                testing::ThrowsMessage<InputError>(HasSubstr("output scaling")));
    network.precision = nn::Precision::float64;
    EXPECT_NO_THROW(train(network, data, data, short_run(1)));
    network.precision = nn::Precision::float32;
  }
}

TEST(Train, BatchesOfAnySizeCoverAllRows) {
  const auto& [training, validation, test] = peaks_parts();
  const nn::Network start = initial_network(training, {8}, 1);
  for (const int batch : {1, 7, 64, 699, 700, 100000}) {
    TrainSettings settings = short_run(2);
    settings.batch = batch;
    settings.threads = 2;
    EXPECT_EQ(train(start, training, validation, settings).epochs, 2) << batch;
  }
}

TEST(Train, RefusesDataThatDoesNotFit) {
  const auto& [training, validation, test] = peaks_parts();
  const nn::Network network = initial_network(training, {5}, 1);
  const auto refused = [&](const data::Dataset& first, const data::Dataset& second, const std::string& part) {
    EXPECT_THAT([&] { train(network, first, second, short_run(1)); },
                testing::ThrowsMessage<InputError>(HasSubstr(part)));
  };
  const data::Dataset wide = table(Matrix::Zero(9, 3), Matrix::Zero(9, 1));
  refused(wide, validation, "the training data has 3 inputs and 1 outputs; the network has 2 and 1");
  refused(training, wide, "the validation data has 3 inputs");
  refused(table(Matrix::Zero(9, 2), Matrix::Zero(9, 2)), validation, "2 outputs");
  const data::Dataset none = table(Matrix::Zero(0, 2), Matrix::Zero(0, 1));
  refused(none, validation, "the training data has no rows");
  refused(training, none, "the validation data has no rows");
  refused(table(Matrix::Zero(9, 2), Matrix::Zero(8, 1)), validation, "9 rows of inputs and 8 rows of outputs");
  data::Dataset bad = training;
  bad.x(1, 1) = std::numeric_limits<double>::quiet_NaN();
  refused(bad, validation, "not finite");
  refused(training, bad, "not finite");
}

TEST(Train, RefusesMasksThatDoNotFit) {
  const auto& [training, validation, test] = peaks_parts();
  const nn::Network network = initial_network(training, {5}, 1);
  const auto refused = [&](const Masks& masks, const std::string& part) {
    EXPECT_THAT([&] { train(network, training, validation, short_run(1), &masks); },
                testing::ThrowsMessage<InputError>(HasSubstr(part)));
  };
  using Mask = Masks::value_type;
  refused({}, "0 masks for 2 Dense layers");
  refused({Mask::Ones(5, 2)}, "1 masks for 2 Dense layers");
  refused({Mask::Ones(5, 2), Mask::Ones(1, 5), Mask::Ones(1, 1)}, "3 masks");
  refused({Mask::Ones(2, 5), Mask::Ones(1, 5)}, "mask 0 is 2 x 5; the layer is 5 x 2");
  refused({Mask::Ones(5, 2), Mask::Ones(5, 1)}, "mask 1 is 5 x 1");
}

TEST(Train, RefusesSettingsOutOfRange) {
  const auto& [training, validation, test] = peaks_parts();
  const nn::Network network = initial_network(training, {5}, 1);
  const auto refused = [&](auto change, const std::string& part) {
    TrainSettings settings = short_run(1);
    change(settings);
    EXPECT_THAT([&] { train(network, training, validation, settings); },
                testing::ThrowsMessage<InputError>(HasSubstr(part)));
  };
  refused([](TrainSettings& s) { s.epochs = 0; }, "epochs is 0; allowed is from 1 to 1000000");
  refused([](TrainSettings& s) { s.batch = 0; }, "batch is 0");
  refused([](TrainSettings& s) { s.learning_rate = 0; }, "learning-rate is 0; allowed is more than 0");
  refused([](TrainSettings& s) { s.learning_rate = std::numeric_limits<double>::quiet_NaN(); }, "learning-rate is nan");
  refused([](TrainSettings& s) { s.l1 = -1; }, "l1 is -1");
  refused([](TrainSettings& s) { s.l2 = -1; }, "l2 is -1");
  refused([](TrainSettings& s) { s.stability = -1; }, "stability is -1");
  refused([](TrainSettings& s) { s.patience = 0; }, "patience is 0");
  refused([](TrainSettings& s) { s.threads = 0; }, "threads is 0");
}

}  // namespace
}  // namespace secateur::train
