// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/version.hpp"
#include "secateur/study/attribution.hpp"
#include "secateur/study/records.hpp"

namespace secateur::study {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::SizeIs;
using testing::ThrowsMessage;

Json small() {
  return Json::parse(R"({
    "version": 1, "name": "small", "sources": [{"function": "peaks", "rows": 300}], "architectures": ["2x8"],
    "training": [{"name": "plain", "epochs": 40}],
    "pruning": [{"name": "weight", "method": "weight", "sparsities": [0.6], "epochs": 30},
                {"name": "node", "method": "node", "sparsities": [0.5], "epochs": 30}],
    "bounds": ["interval", "crown"],
    "solve": [{"name": "big_m", "engine": "milp", "tighten": "off"}],
    "attribution": {"solve": ["big_m"]}})");
}

// Cells run in this process here; worker processes are tried through the program (tests/cli).
class RunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    m_folder = testing::TempDir() + "/runner_" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(m_folder);
    std::filesystem::create_directories(m_folder);
  }

  Summary run(const Json& json, const RunSettings& settings = {}) {
    const Spec spec = parse_spec(json.dump(), "spec.json", m_folder);
    return run_study(spec, plan_cells(spec), ledger(), settings, {});
  }
  [[nodiscard]] std::filesystem::path ledger() const { return m_folder + "/ledger.sqlite"; }
  [[nodiscard]] Study read() const { return read_study(ledger()); }

  std::string m_folder;
};

int total(const Summary& summary, Outcome outcome) {
  int sum = 0;
  for (const Count& count : summary.counts) sum += count.of(outcome);
  return sum;
}

TEST_F(RunnerTest, RunsEveryCellOnce) {
  const Summary first = run(small());
  EXPECT_EQ(first.ran, 1 + 2 + 6 + 3 + 6);
  EXPECT_EQ(total(first, Outcome::done), first.ran);
  EXPECT_FALSE(first.interrupted || first.time_limit);
  const Summary second = run(small());
  EXPECT_EQ(second.ran, 0);
  EXPECT_EQ(total(second, Outcome::done), first.ran);
}

TEST_F(RunnerTest, RunsOnlyWhatIsNewOfAGrownSpecification) {
  run(small());
  Json grown = small();
  grown["pruning"][0]["sparsities"].push_back(0.8);
  // The network, its two bounds, and its four solves.
  EXPECT_EQ(run(grown).ran, 1 + 2 + 4);
  EXPECT_EQ(run(small()).ran, 0);
  EXPECT_THAT(read().networks, SizeIs(3));
}

TEST_F(RunnerTest, FillsTheTables) {
  run(small());
  const Study study = read();
  EXPECT_EQ(study.name, "small");
  EXPECT_EQ(Json::parse(study.spec), small());
  ASSERT_THAT(study.networks, SizeIs(3));
  const NetworkRow& dense = study.networks[0];
  EXPECT_EQ(dense.axes.architecture, "2x8");
  EXPECT_FALSE(dense.axes.method);
  EXPECT_EQ(dense.weights, 2 * 8 + 8 * 8 + 8);
  EXPECT_EQ(dense.neurons, 16);
  EXPECT_EQ(dense.rows, 300);
  EXPECT_EQ(dense.failed_rows, 0);
  EXPECT_GT(dense.test_r2.value(), 0);
  const NetworkRow& weight = study.networks[1];
  EXPECT_EQ(weight.axes.method, prune::Method::weight);
  EXPECT_EQ(weight.axes.sparsity, 0.6);
  EXPECT_EQ(weight.weights, 88 - 52);
  EXPECT_EQ(study.networks[2].neurons, 8);
  ASSERT_THAT(study.bounds, SizeIs(3 * 2 * 3));
  EXPECT_EQ(study.bounds[0].bounds, graph::BoundsMethod::interval);
  EXPECT_EQ(study.bounds[0].layer, 0);
  EXPECT_EQ(study.bounds[0].units, 8);
  EXPECT_EQ(study.bounds[0].nonzeros, 16);
  // CROWN is never looser.
  for (std::size_t i = 0; i < 3; ++i) EXPECT_LE(*study.bounds[i + 3].mean_width, *study.bounds[i].mean_width);
  ASSERT_THAT(study.solves, SizeIs(9));
  for (const SolveRow& row : study.solves) {
    EXPECT_EQ(row.status, Status::optimal);
    // Minimising: the relaxation lies below.
    EXPECT_LE(row.root_bound.value(), *row.objective + 1e-6);
    EXPECT_EQ(row.reference, row.big_m == model::BigM::loose || row.binaries == model::Binaries::all);
    EXPECT_GT(row.simulated.value(), -6.6);
    EXPECT_GE(row.data_distance.value(), 0);
    EXPECT_GE(row.regret.value(), 0);
    EXPECT_THAT(row.solver_version, HasSubstr("HiGHS"));
    EXPECT_EQ(row.work.workers, 1);
    EXPECT_EQ(row.work.version, version);
  }
}

TEST_F(RunnerTest, EnginesAgreeAndSayWhichTheyWere) {
  Json spec = small();
  spec["sources"][0] = {{"function", "ackley"}, {"inputs", 4}, {"rows", 300}};
  spec["bounds"] = {"crown"};
  spec["solve"] = Json::parse(R"([{"name": "milp", "engine": "milp"}, {"name": "native", "engine": "native"},
                                  {"name": "auto"}])");
  spec.erase("attribution");
  run(spec);
  const Study study = read();
  ASSERT_THAT(study.solves, SizeIs(9));
  for (std::size_t i = 0; i < 3; ++i) {
    const SolveRow &milp = study.solves[i], &native = study.solves[i + 3], &automatic = study.solves[i + 6];
    EXPECT_EQ(milp.solve, "milp");
    EXPECT_EQ(milp.engine_used, "milp");
    EXPECT_TRUE(milp.root_bound.has_value());
    EXPECT_EQ(native.work.outcome, Outcome::done) << native.work.reason;
    EXPECT_EQ(native.engine, model::Engine::native);
    EXPECT_EQ(native.engine_used, "native");
    EXPECT_EQ(native.proof, Proof::rounding_safe);
    EXPECT_FALSE(native.root_bound.has_value());
    EXPECT_EQ(automatic.engine, model::Engine::auto_);
    for (const SolveRow* row : {&native, &automatic}) {
      EXPECT_EQ(row->status, Status::optimal);
      EXPECT_NEAR(*row->objective, *milp.objective, 2e-4 * std::abs(*milp.objective));
    }
  }
}

TEST_F(RunnerTest, SwitchesChangeTheFormulationButNotTheOptimum) {
  run(small());
  const Study study = read();
  for (const SolveRow& row : study.solves) {
    if (!row.reference) continue;
    const auto own = std::find_if(study.solves.begin(), study.solves.end(), [&](const SolveRow& other) {
      return !other.reference && other.axes.pruning == row.axes.pruning;
    });
    EXPECT_NEAR(*row.objective, *own->objective, 2e-4 * std::abs(*own->objective));
    EXPECT_LE(*row.root_bound, *own->root_bound + 1e-6);
    EXPECT_GE(*row.binary_count, *own->binary_count);
    if (row.binaries == model::Binaries::unstable) {
      EXPECT_EQ(row.binary_count, own->binary_count);
    }
  }
  // Three measures each of the two pruned networks.
  const auto attributions = attribute(study);
  EXPECT_THAT(attributions, SizeIs(6));
  for (const Attribution& a : attributions) {
    EXPECT_NEAR(a.size.log + a.integers.log + a.big_m.log, a.total.log, 1e-12);
  }
}

TEST_F(RunnerTest, SameSpecificationSameNumbers) {
  run(small());
  const Study first = read();
  std::filesystem::remove(ledger());
  run(small());
  const Study second = read();
  for (std::size_t i = 0; i < first.networks.size(); ++i) {
    EXPECT_EQ(first.networks[i].work.key, second.networks[i].work.key);
    EXPECT_EQ(first.networks[i].validation_error, second.networks[i].validation_error);
  }
  for (std::size_t i = 0; i < first.solves.size(); ++i) {
    EXPECT_EQ(first.solves[i].objective, second.solves[i].objective);
    EXPECT_EQ(first.solves[i].nodes, second.solves[i].nodes);
    EXPECT_EQ(first.solves[i].root_bound, second.solves[i].root_bound);
  }
}

TEST_F(RunnerTest, TablesSurviveTheirFiles) {
  run(small());
  const Study study = read();
  const auto names = write_csv(study, m_folder + "/a");
  write_csv(read_study(m_folder + "/a"), m_folder + "/b");
  for (const std::string& name : names) {
    EXPECT_EQ(read_file(m_folder + "/a/" + name), read_file(m_folder + "/b/" + name)) << name;
  }
  EXPECT_EQ(Json::parse(read_study(m_folder + "/a").spec), small());
}

TEST_F(RunnerTest, RefusesTablesThatAreNotItsOwn) {
  run(small());
  write_csv(read(), m_folder + "/a");
  const auto refused = [&](const std::string& what) {
    EXPECT_THAT([&] { read_study(m_folder + "/a"); }, ThrowsMessage<InputError>(HasSubstr(what)));
  };
  const std::string file = m_folder + "/a/networks.csv", good = read_file(file);
  write_file(file, "a,b\n");
  refused("networks.csv: does not have the columns source, architecture");
  std::string bad = good;
  bad.replace(bad.find("peaks,2x8"), 9, "peaks");
  write_file(file, bad);
  refused("networks.csv: record 1: has 25 fields");
  bad = good;
  bad.replace(bad.find(",done,"), 6, ",gone,");
  write_file(file, bad);
  refused("record 1: outcome cannot be \"gone\"");
  std::filesystem::remove(file);
  refused("networks.csv: cannot be read");
  write_file(m_folder + "/a/study.json", R"({"format": 2, "name": "", "version": "", "machine": "", "spec": {}})");
  refused("study.json: format: has to be 1");
}

TEST_F(RunnerTest, RefusesToReadWhatIsNoLedger) {
  write_file(m_folder + "/x.csv", "a,b\n");
  EXPECT_THAT([&] { read_study(m_folder + "/x.csv"); }, ThrowsMessage<InputError>(HasSubstr("is not a ledger")));
  EXPECT_THAT([&] { read_study(m_folder + "/none"); }, ThrowsMessage<InputError>(HasSubstr("there is no such file")));
}

TEST_F(RunnerTest, RecordsAFailureAndSkipsWhatDependsOnIt) {
  std::string table = "x,y\n";
  for (int i = 0; i < 40; ++i) table += std::to_string(i) + "," + std::to_string(i * i) + "\n";
  const std::string file = m_folder + "/points.csv";
  write_file(file, table);
  Json json = small();
  json["sources"] = Json::parse(R"([{"data": "points.csv", "inputs": ["x"], "outputs": ["y"]}])");
  const Spec spec = parse_spec(json.dump(), "spec.json", m_folder);
  const auto cells = plan_cells(spec);
  // The table changes between planning and running.
  write_file(file, table + "1,1\n");
  const Summary broken = run_study(spec, cells, ledger(), {}, {});
  EXPECT_EQ(total(broken, Outcome::failed), 1);
  EXPECT_EQ(total(broken, Outcome::skipped), 17);
  Study study = read();
  EXPECT_THAT(study.networks[0].work.reason, HasSubstr("is not the file that was meant"));
  EXPECT_EQ(study.networks[1].work.reason, "the train cell it reads: failed");
  EXPECT_EQ(study.solves[0].work.outcome, Outcome::skipped);
  // As it was: nothing runs until asked to try again.
  write_file(file, table);
  EXPECT_EQ(run_study(spec, cells, ledger(), {}, {}).ran, 0);
  RunSettings retry;
  retry.retry = Retry::failed;
  const Summary mended = run_study(spec, cells, ledger(), retry, {});
  EXPECT_EQ(total(mended, Outcome::done), 18);
  study = read();
  EXPECT_EQ(study.networks[0].work.reason, "");
  EXPECT_EQ(study.solves[0].axes.source, "points");
  EXPECT_FALSE(study.solves[0].simulated);
  EXPECT_TRUE(study.solves[0].data_distance);
}

TEST_F(RunnerTest, SolverThatIsNotThereIsAFailureThatCanBeRetried) {
  Json json = small();
  json["pruning"] = Json::array();
  json.erase("pruning");
  json.erase("attribution");
  json["solve"] = Json::parse(R"([{"name": "odd", "formulation": "sos", "engine": "milp"}])");
  const Summary summary = run(json);
  EXPECT_EQ(total(summary, Outcome::failed), 1);
  const Study study = read();
  EXPECT_EQ(study.solves[0].work.outcome, Outcome::failed);
  EXPECT_THAT(study.solves[0].work.reason, HasSubstr("gurobi or scip"));
  EXPECT_FALSE(study.solves[0].status);
  EXPECT_EQ(run(json).ran, 0);
  RunSettings retry;
  retry.retry = Retry::failed;
  EXPECT_EQ(run(json, retry).ran, 1);
}

TEST_F(RunnerTest, TimeLimitStartsNothingMore) {
  RunSettings settings;
  settings.time_limit = 1e-9;
  const Summary summary = run(small(), settings);
  EXPECT_EQ(summary.ran, 0);
  EXPECT_TRUE(summary.time_limit);
  EXPECT_EQ(total(summary, Outcome::pending), 18);
  // A study of which nothing has run can be read as well.
  const Study study = read();
  ASSERT_THAT(study.solves, SizeIs(9));
  EXPECT_EQ(study.solves[0].work.outcome, Outcome::pending);
  EXPECT_THAT(study.bounds, SizeIs(6));
  EXPECT_FALSE(study.bounds[0].layer);
}

TEST_F(RunnerTest, PreviewRunsNothing) {
  const Spec spec = parse_spec(small().dump(), "spec.json", m_folder);
  const Summary before = preview(spec, plan_cells(spec), ledger(), {});
  EXPECT_EQ(total(before, Outcome::pending), 18);
  EXPECT_GT(before.estimated_seconds, 0);
  EXPECT_FALSE(std::filesystem::exists(ledger()));
  run(small());
  const Summary after = preview(spec, plan_cells(spec), ledger(), {});
  EXPECT_EQ(total(after, Outcome::done), 18);
  EXPECT_EQ(after.estimated_seconds, 0);
}

}  // namespace
}  // namespace secateur::study
