// SPDX-License-Identifier: Apache-2.0
// What PyTorch, Keras and scikit-learn export, and hand-written graphs, against outputs computed by onnxruntime
// (tests/fixtures/nn/make_fixtures.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "secateur/core/file.hpp"
#include "unit/nn/reading.hpp"

namespace secateur::nn {
namespace {

const std::filesystem::path folder = std::filesystem::path(SECATEUR_TEST_DATA) / "nn";

nlohmann::json expected() { return nlohmann::json::parse(read_file(folder / "expected.json")); }

Matrix matrix(const nlohmann::json& rows) {
  Matrix result(static_cast<Index>(rows.size()), static_cast<Index>(rows.at(0).size()));
  for (Index i = 0; i < result.rows(); ++i) {
    for (Index j = 0; j < result.cols(); ++j)
      result(i, j) = rows.at(static_cast<std::size_t>(i)).at(static_cast<std::size_t>(j));
  }
  return result;
}

/// The largest difference, relative to the largest output.
double difference(const Matrix& found, const Matrix& wanted) {
  if (found.rows() != wanted.rows() || found.cols() != wanted.cols()) return std::numeric_limits<double>::infinity();
  return (found - wanted).cwiseAbs().maxCoeff() / wanted.cwiseAbs().maxCoeff();
}

TEST(Fixtures, EvaluateLikeOnnxruntime) {
  const auto accepted = expected().at("accepted");
  EXPECT_GE(accepted.size(), 75U);
  for (const auto& [name, entry] : accepted.items()) {
    const Network network = read_onnx(folder / name);
    const Matrix points = matrix(entry.at("points")), outputs = matrix(entry.at("outputs"));
    EXPECT_LE(difference(evaluate_native(network, points), outputs), 1e-6) << name;
    EXPECT_LE(difference(evaluate(network, points), outputs), 1e-6) << name;
  }
}

TEST(Fixtures, RoundTripBitForBit) {
  const auto accepted = expected().at("accepted");
  for (const auto& [name, entry] : accepted.items()) {
    const Network network = read_onnx(folder / name);
    const std::string bytes = to_onnx_bytes(network);
    const Network copy = read_onnx_bytes(bytes, name);
    EXPECT_TRUE(same_bits(copy.layers, network.layers)) << name;
    EXPECT_EQ(copy.precision, storage_precision(network)) << name;
    EXPECT_EQ(copy.activation, network.activation) << name;
    EXPECT_EQ(to_onnx_bytes(copy), bytes) << name;
  }
}

TEST(Fixtures, CanonicalFormHasTheSameValues) {
  const auto accepted = expected().at("accepted");
  for (const auto& [name, entry] : accepted.items()) {
    if (name.starts_with("layers_") || name == "pytorch_dynamo_residual.onnx") continue;
    const Network network = canonical(read_onnx(folder / name));
    EXPECT_LE(difference(evaluate(network, matrix(entry.at("points"))), matrix(entry.at("outputs"))), 1e-6) << name;
  }
}

TEST(Fixtures, RefusalsNameTheProblem) {
  const auto files = expected().at("refused");
  for (const auto& [name, words] : files.items()) {
    try {
      read_onnx(folder / name);
      ADD_FAILURE() << name << " was read";
    } catch (const InputError& error) {
      EXPECT_EQ(error.file(), (folder / name).string());
      for (const std::string word : words) EXPECT_THAT(error.what(), testing::HasSubstr(word)) << name;
    }
  }
}

TEST(Fixtures, EveryFileIsUsed) {
  const auto all = expected();
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    const std::string name = entry.path().filename();
    EXPECT_TRUE(all.at("accepted").contains(name) || all.at("refused").contains(name)) << name;
  }
}

/// Damaged files are refused or read, but nothing else happens: with sanitizers this is a small fuzzer that always
/// runs.
TEST(Fixtures, DamageDoesNoHarm) {
  Rng rng(11);
  int refused = 0, read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    const std::string whole = read_file(entry.path());
    for (int trial = 0; trial < 40; ++trial) {
      std::string bytes = whole;
      const std::int64_t changes = 1 + rng.below(4);
      for (std::int64_t k = 0; k < changes; ++k) {
        const auto position = static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(bytes.size())));
        switch (rng.below(4)) {
          case 0:
            bytes[position] = static_cast<char>(rng.below(256));
            break;
          case 1:
            bytes[position] = static_cast<char>(bytes[position] ^ (1 << rng.below(8)));
            break;
          case 2:
            bytes.erase(position, 1 + static_cast<std::size_t>(rng.below(8)));
            break;
          default:
            bytes.insert(position, bytes.substr(position, static_cast<std::size_t>(rng.below(16))));
            break;
        }
        if (bytes.empty()) bytes = whole;
      }
      try {
        check(read_onnx_bytes(bytes, "net.onnx", folder));
        ++read;
      } catch (const InputError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 500);
  EXPECT_GT(read, 100);
}

}  // namespace
}  // namespace secateur::nn
