// SPDX-License-Identifier: Apache-2.0
// The benchmark instances of tests/data by the MILP engine, against their reference optima. Instances that a MILP
// solver is known to close within seconds have to be closed; the others get a few seconds (SECATEUR_LONG set: a
// minute), and whatever is reported has to be right.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "secateur/core/file.hpp"
#include "secateur/lp/session.hpp"
#include "secateur/mip/solve.hpp"
#include "secateur/nn/onnx.hpp"
#include "support/over_box.hpp"

namespace secateur {
namespace {

const std::filesystem::path data_folder = std::filesystem::path(SECATEUR_TEST_DATA).parent_path() / "data";

struct Instance {
  std::string name;
  OverBox problem;
  double reference = 0;
  bool proven = false;
  bool easy = false;  ///< HiGHS took less than two seconds in the reference run
};

const nlohmann::json& instances() {
  static const auto json = nlohmann::json::parse(read_file(data_folder / "instances.json"));
  return json;
}

Vector vector_of(const nlohmann::json& list) {
  const auto values = list.get<std::vector<double>>();
  return Eigen::Map<const Vector>(values.data(), static_cast<Index>(values.size()));
}

Instance instance(std::size_t index) {
  const nlohmann::json& entry = instances()[index];
  Instance result;
  result.name = entry["name"];
  result.problem.network = nn::read_onnx(data_folder / entry["network"].get<std::string>());
  result.problem.box = {vector_of(entry["lower"]), vector_of(entry["upper"])};
  result.problem.objective = vector_of(entry["objective"]);
  result.problem.sense = from_string<Sense>(entry["sense"].get<std::string>()).value();
  result.reference = entry["reference"];
  result.proven = entry["proven"];
  for (const auto& [peer, seconds] : entry["peer_seconds"].items()) {
    if (peer.starts_with("highs") && seconds.is_number()) result.easy = seconds.get<double>() < 2.0;
  }
  return result;
}

class SolveReference : public testing::TestWithParam<int> {};

TEST_P(SolveReference, IsRight) {
  const Instance known = instance(static_cast<std::size_t>(GetParam()));
  SCOPED_TRACE(known.name);
  model::SolveSettings settings;
  settings.threads = 1;
  const bool patient = std::getenv("SECATEUR_LONG") != nullptr;
  settings.time_limit = known.easy ? 120 : patient ? 60 : 3;
  const model::SolveResult result = mip::solve(known.problem, settings);

  ASSERT_TRUE(result.objective && result.bound && result.gap);
  if (known.easy) {
    EXPECT_EQ(result.status, Status::optimal);
  }
  EXPECT_TRUE(result.status == Status::optimal || result.status == Status::time_limit) << to_string(result.status);
  EXPECT_LT(result.seconds.total, settings.time_limit + 10);  // on a machine that is busy otherwise
  EXPECT_TRUE(known.problem.box.contains(result.x));
  EXPECT_EQ(*result.objective, objective_at(known.problem, result.x));

  // As a minimisation: bound <= best known value, and no value below a proven optimum by more than its own gap.
  const double sign = known.problem.sense == Sense::minimize ? 1 : -1;
  const double objective = sign * *result.objective, bound = sign * *result.bound, reference = sign * known.reference;
  const double slack = 1e-4 * std::max(1e-9, std::abs(reference));
  EXPECT_LE(bound, objective);
  EXPECT_LE(bound, reference + 1e-6 * std::max(1.0, std::abs(reference)));
  if (known.proven) {
    EXPECT_GE(objective, reference - slack);
  }
  if (result.status == Status::optimal) {
    EXPECT_LE(objective, reference + slack);
    EXPECT_TRUE(model::gap_closed(*result.objective, *result.bound, known.problem.sense, settings));
  }
}

INSTANTIATE_TEST_SUITE_P(Instances, SolveReference, testing::Range(0, static_cast<int>(instances().size())),
                         [](const testing::TestParamInfo<int>& parameter) {
                           std::string name = instances()[static_cast<std::size_t>(parameter.param)]["name"];
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
                           return name;
                         });

/// The formulation alone, without subdivision, through every solver that is there.
class SolveReferenceBackEnds : public testing::TestWithParam<model::Solver> {};

TEST_P(SolveReferenceBackEnds, Agree) {
  const lp::Availability available = lp::availability(to_string(GetParam()));
  if (!available.reason.empty()) GTEST_SKIP() << available.reason;
  int tried = 0;
  for (std::size_t i = 0; i < instances().size(); ++i) {
    const Instance known = instance(i);
    // Small enough for each of them, also under a size-limited licence.
    if (!known.easy || !(known.name.starts_with("d64") || known.name == "d2_2x50_w90")) continue;
    SCOPED_TRACE(known.name);
    model::SolveSettings settings;
    settings.solver = GetParam();
    settings.tighten = model::Tighten::off;
    settings.time_limit = 300;
    const model::SolveResult result = mip::solve(known.problem, settings);
    EXPECT_EQ(result.status, Status::optimal);
    EXPECT_NEAR(result.objective.value(), known.reference, 2e-4 * std::max(1.0, std::abs(known.reference)));
    EXPECT_NEAR(result.bound.value(), known.reference, 2e-4 * std::max(1.0, std::abs(known.reference)));
    ++tried;
  }
  EXPECT_GE(tried, 6);
}

INSTANTIATE_TEST_SUITE_P(Solvers, SolveReferenceBackEnds,
                         testing::Values(model::Solver::highs, model::Solver::scip, model::Solver::gurobi),
                         [](const auto& parameter) { return std::string(to_string(parameter.param)); });

}  // namespace
}  // namespace secateur
