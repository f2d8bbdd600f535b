// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/cell.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "secateur/core/error.hpp"

namespace secateur::study {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::ThrowsMessage;

Json base() {
  return Json::parse(R"({
    "version": 1, "name": "plan", "sources": [{"function": "peaks"}], "architectures": ["2x5", "1x9"],
    "training": [{"name": "plain"}, {"name": "sparse", "l1": 1e-4, "only": {"architectures": ["1x9"]}}],
    "pruning": [{"name": "w", "method": "weight", "sparsities": [0.5, 0.9]},
                {"name": "n", "method": "node", "sparsities": [0.5], "only": {"training": ["plain"]}}],
    "bounds": ["crown"],
    "solve": [{"name": "s", "engine": "milp", "tighten": "off", "time_limit": 7}],
    "attribution": {"solve": ["s"], "only": {"training": ["plain"], "architectures": ["2x5"]}},
    "seeds": [3, 1], "cell_limit": 100})");
}

std::vector<Cell> plan(const Json& json) { return plan_cells(parse_spec(json.dump(), "spec.json", "")); }

std::set<std::string> keys(const std::vector<Cell>& cells) {
  std::set<std::string> result;
  for (const Cell& cell : cells) result.insert(cell.key);
  return result;
}

std::map<Kind, int> counts(const std::vector<Cell>& cells) {
  std::map<Kind, int> result;
  for (const Cell& cell : cells) ++result[cell.kind];
  return result;
}

TEST(Plan, IsTheRestrictedCrossProduct) {
  const auto cells = plan(base());
  auto count = counts(cells);
  // A seed: 3 dense networks; of each two pruned by weights, of the plain ones one pruned by nodes.
  EXPECT_EQ(count[Kind::train], 2 * 3);
  EXPECT_EQ(count[Kind::prune], 2 * (3 * 2 + 2));
  EXPECT_EQ(count[Kind::bounds], 2 * 11);
  // 11 networks, and three runs each for the three pruned from plain 2x5.
  EXPECT_EQ(count[Kind::solve], 2 * (11 + 3 * 3));
  EXPECT_THAT(keys(cells), SizeIs(cells.size()));
}

TEST(Plan, PutsParentsFirstAndSeedsInOrder) {
  const auto cells = plan(base());
  std::set<std::string> seen;
  for (const Cell& cell : cells) {
    EXPECT_TRUE(cell.parent.empty() == (cell.kind == Kind::train));
    EXPECT_TRUE(cell.parent.empty() || seen.contains(cell.parent));
    EXPECT_TRUE(cell.reference.empty() || seen.contains(cell.reference));
    seen.insert(cell.key);
  }
  const auto first = std::find_if(cells.begin(), cells.end(), [](const Cell& c) { return c.axes.seed == 1; });
  EXPECT_TRUE(std::all_of(cells.begin(), first, [](const Cell& c) { return c.axes.seed == 3; }));
  EXPECT_TRUE(std::all_of(first, cells.end(), [](const Cell& c) { return c.axes.seed == 1; }));
}

TEST(Plan, GivesTheAttributionItsThreeSwitchesAndTheAncestor) {
  const auto cells = plan(base());
  int found = 0;
  for (const Cell& cell : cells) {
    if (cell.reference.empty()) continue;
    ++found;
    const auto ancestor =
        std::find_if(cells.begin(), cells.end(), [&](const Cell& c) { return c.key == cell.reference; });
    EXPECT_EQ(ancestor->kind, Kind::train);
    EXPECT_EQ(ancestor->axes.seed, cell.axes.seed);
    EXPECT_EQ(ancestor->axes.architecture, "2x5");
    EXPECT_TRUE(cell.axes.method.has_value());
    EXPECT_TRUE(cell.spec["solve"].contains("big_m") || cell.spec["solve"].contains("binaries"));
    EXPECT_EQ(cell.limit, 107);
  }
  EXPECT_EQ(found, 2 * 9);
}

TEST(Plan, KeysDoNotDependOnNamesOrOtherParts) {
  const auto before = keys(plan(base()));
  Json json = base();
  json["name"] = "other";
  json["description"] = "more";
  json["training"][0]["name"] = "first";
  json["pruning"][1]["only"]["training"] = {"first"};
  json["attribution"]["only"]["training"] = {"first"};
  json["memory_limit"] = 500;
  json["cell_limit"] = 1;
  EXPECT_EQ(keys(plan(json)), before);
  // A setting that is stated at its default is the same as one left out.
  json["training"][0]["epochs"] = train::TrainSettings{}.epochs;
  EXPECT_EQ(keys(plan(json)), before);
  json["seeds"] = {3, 1, 2};
  json["architectures"].push_back("4x4");
  const auto grown = keys(plan(json));
  EXPECT_TRUE(std::includes(grown.begin(), grown.end(), before.begin(), before.end()));
}

TEST(Plan, KeysDependOnEverythingThatResultsDependOn) {
  const auto before = plan(base());
  const auto shared = [&](const char* patch) {
    Json json = base();
    json.merge_patch(Json::parse(patch));
    const auto after = keys(plan(json));
    int count = 0;
    for (const Cell& cell : before) count += after.contains(cell.key) ? 1 : 0;
    return count;
  };
  EXPECT_EQ(shared("{}"), static_cast<int>(before.size()));
  EXPECT_EQ(shared(R"({"sources": [{"function": "peaks", "rows": 2999}]})"), 0);
  EXPECT_EQ(shared(R"({"threads": 2})"), 0);
  EXPECT_EQ(shared(R"({"seeds": [7]})"), 0);
  // Other pruning: the dense networks with their bounds and solves stay.
  EXPECT_EQ(shared(R"({"pruning": [{"name": "w", "method": "weight", "sparsities": [0.5], "saliency": "range"}],
                       "attribution": null})"),
            2 * 3 * 3);
  // Another solve: all else stays.
  EXPECT_EQ(shared(R"({"solve": [{"name": "s", "engine": "milp", "tighten": "off", "time_limit": 8}]})"),
            2 * (3 + 8 + 11));
}

TEST(Plan, RefusesTwoBlocksThatAskForTheSame) {
  Json json = base();
  json["pruning"].push_back(Json::parse(R"({"name": "v", "method": "weight", "sparsities": [0.9]})"));
  const Spec spec = parse_spec(json.dump(), "spec.json", "");
  EXPECT_THAT([&] { plan_cells(spec, "spec.json"); },
              ThrowsMessage<InputError>(HasSubstr("spec.json: two blocks ask for the same cell (prune peaks 2x5 plain "
                                                  "v and prune peaks 2x5 plain w)")));
}

}  // namespace
}  // namespace secateur::study
