// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/demo.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/study/demo_figures.hpp"
#include "secateur/study/demo_report.hpp"
#include "unit/study/html_check.hpp"

namespace secateur::study {
namespace {

using prune::Method;
using testing::HasSubstr;
using testing::Not;

/// y = max(0, x[0]) - max(0, x[1]) + shift, as if it were a trained network.
nn::Network small_network(double shift) {
  nn::Network network;
  network.layers = {nn::Dense{Matrix::Identity(2, 2), Vector::Zero(2)}, nn::Relu{},
                    nn::Dense{(Matrix(1, 2) << 1, -1).finished(), Vector::Constant(1, shift)}};
  network.input_names = {"x[0]", "x[1]"};
  network.output_names = {"y"};
  return network;
}

DemoNetwork network(const std::string& name, std::optional<Method> method, double sparsity, Status status,
                    double seconds) {
  DemoNetwork made;
  made.name = name;
  made.method = method;
  made.sparsity = sparsity;
  made.network = small_network(sparsity);
  made.time_limit = 60;
  made.summary.weights = 5150;
  made.summary.neurons = 150;
  made.summary.unstable = 140;
  made.summary.mean_width = {3, 10, 30 * (1 - sparsity), 200 * (1 - sparsity)};
  made.summary.validation = train::Errors{{0.99}, {0.04}, {0.2}};
  model::SolveResult solve;
  solve.status = status;
  solve.objective = -6.5;
  solve.bound = status == Status::optimal ? -6.5001 : -13.0;
  solve.gap = model::relative_gap(*solve.objective, *solve.bound, Sense::minimize);
  solve.x = Eigen::Vector2d(0.23, -1.62);
  solve.y = Vector::Constant(1, -6.5);
  solve.seconds.total = seconds;
  solve.nodes = 12345;
  solve.neurons = {150, 140, 139};
  solve.solver = "HiGHS 1.15.1";
  solve.trace = {{0.01, -5.0, std::nullopt}, {0.1, -6.5, -100.0}};
  made.solve = solve;
  made.simulated = -6.55;
  made.distance = 0.006;
  made.objective_error = 0.0076;
  return made;
}

/// Dense stopped at its limit, both pruned ones solved, one of the sweep stopped.
DemoResult small_result() {
  DemoResult result;
  result.function = data::test_function("peaks");
  result.rows = 3000;
  result.hidden = {50, 50, 50};
  result.seconds = 100;
  result.networks = {network("dense", std::nullopt, 0, Status::time_limit, 60.4),
                     network("weights 90 %", Method::weight, 0.9, Status::optimal, 2),
                     network("nodes 75 %", Method::node, 0.75, Status::optimal, 3)};
  result.sweep = {network("weights 50 %", Method::weight, 0.5, Status::time_limit, 10),
                  network("nodes 25 %", Method::node, 0.25, Status::optimal, 9)};
  result.sweep[0].time_limit = 10;
  for (auto* list : {&result.networks, &result.sweep}) {
    for (DemoNetwork& n : *list) {
      if (n.method) n.speed_up = speed_up(*result.networks[0].solve, 60, *n.solve, n.time_limit);
    }
  }
  result.networks[0].file = "dense.onnx";
  return result;
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Characters of UTF-8 text.
std::ptrdiff_t columns(const std::string& text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

/// A fresh folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "secateur.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    m_path = name;
  }
  ~Folder() { std::filesystem::remove_all(m_path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

 private:
  std::filesystem::path m_path;
};

TEST(DemoReport, IsAValidPageWithEveryPart) {
  std::vector<SideFile> side;
  const std::string html = demo_report(small_result(), &side);
  const HtmlCheck check(html);
  EXPECT_EQ(check.problems, "");
  EXPECT_EQ(check.count("table"), 2);
  EXPECT_EQ(check.count("figure"), 4);
  for (const char* id : {"plot-1-1", "plot-1-4", "plot-2-1", "plot-3-1", "plot-3-2", "plot-4-1"}) {
    EXPECT_TRUE(check.ids.contains(id)) << id;
  }
  for (const SideFile& file : side) {
    EXPECT_THAT(check.links, testing::Contains(file.name));
    EXPECT_GT(lines(file.bytes), 2U) << file.name;
  }
  EXPECT_EQ(side.size(), 4U);
  EXPECT_THAT(check.links, testing::IsSupersetOf({"dense.onnx", "data.csv", "results.json"}));
}

TEST(DemoReport, SaysAtLeastAgainstADenseRunThatWasStopped) {
  const std::string html = demo_report(small_result());
  EXPECT_THAT(html, HasSubstr("<td>at least 30×</td><td>at least 20×</td>"));
  EXPECT_THAT(html, HasSubstr("was not solved within 60\u00a0s, with a gap of 100\u00a0% left"));
  EXPECT_THAT(html, HasSubstr("&gt; 60\u00a0s"));
}

TEST(DemoReport, ClaimsNoLimitWhenAllWereSolved) {
  DemoResult result = small_result();
  result.networks[0] = network("dense", std::nullopt, 0, Status::optimal, 40);
  result.sweep.clear();
  for (DemoNetwork& n : result.networks) {
    if (n.method) n.speed_up = speed_up(*result.networks[0].solve, 60, *n.solve, 60);
  }
  std::string html = demo_report(result);
  html.resize(html.find("<script>"));
  EXPECT_THAT(html, HasSubstr("<td>20×</td><td>13×</td>"));
  EXPECT_THAT(html, Not(HasSubstr("at least ")));
  EXPECT_THAT(html, Not(HasSubstr("&gt; ")));
  EXPECT_THAT(html, Not(HasSubstr("stopped at the limit")));
}

TEST(DemoReport, ComparesBoundWidthsAsTheyAre) {
  DemoResult result = small_result();
  result.networks[0].summary.mean_width = {3, 10, 30, 200};
  result.networks[1].summary.mean_width = {3.01, 5, 10, 50};  // narrower but for noise in the first layer
  result.networks[2].summary.mean_width = {4, 12, 20, 400};
  std::string html = demo_report(result);
  EXPECT_THAT(html,
              HasSubstr("With weights 90\u00a0% the bounds of the output are 4.0 times narrower than with the dense "
                        "network. With nodes 75\u00a0% the bounds of the output are 2.0 times wider than with the "
                        "dense network; in hidden layers 1 and 2 they are wider, and what pruning brings there is "
                        "fewer neurons."));
  // A network pruned to a constant has no width to compare.
  result.networks[1].summary.mean_width = {3, 5, 10, 0};
  html = demo_report(result);
  EXPECT_THAT(html, Not(HasSubstr("With weights 90\u00a0% the bounds")));
  EXPECT_EQ(HtmlCheck(html).problems, "");
}

TEST(DemoReport, ShowsWhatAnInterruptedRunHas) {
  DemoResult result = small_result();
  result.interrupted = true;
  result.sweep.clear();
  result.networks[2].solve.reset();
  result.networks[2].speed_up.reset();
  std::string html = demo_report(result);
  EXPECT_EQ(HtmlCheck(html).problems, "");
  EXPECT_THAT(html, HasSubstr("interrupted"));
  EXPECT_THAT(html, HasSubstr("was not solved before"));

  result.networks.resize(1);
  html = demo_report(result);
  EXPECT_EQ(HtmlCheck(html).problems, "");
  EXPECT_EQ(HtmlCheck(html).count("figure"), 2);

  result.networks.clear();
  html = demo_report(result);
  EXPECT_EQ(HtmlCheck(html).problems, "");
  EXPECT_EQ(HtmlCheck(html).count("figure"), 0);
}

TEST(DemoFigures, SurfaceFileHoldsTheGridAndThePlotsTheOptima) {
  const DemoResult result = small_result();
  const DataFigure made = surface_figure(result);
  ASSERT_EQ(made.figure.plots.size(), 4U);
  EXPECT_EQ(lines(made.csv), 1 + 81U * 81U);
  EXPECT_THAT(made.csv, testing::StartsWith("x[0],x[1],peaks,dense,weights 90 %,nodes 75 %\n-3,-3,"));
  // Row by row: z[i][j] belongs to x[1] = y[i], x[0] = x[j]. The network is max(0, x[0]) - max(0, x[1]) + sparsity.
  const auto& contour = made.figure.plots[2].data[0];
  EXPECT_DOUBLE_EQ(contour["z"][0][80], 3 + 0.9);
  EXPECT_DOUBLE_EQ(contour["z"][80][0], -3 + 0.9);
  EXPECT_DOUBLE_EQ(made.figure.plots[2].data[2]["x"][0], 0.23);
}

TEST(DemoFigures, TraceEndsWithTheResult) {
  const DataFigure made = trace_figure(small_result());
  EXPECT_EQ(lines(made.csv), 1 + 3 * 3U);
  EXPECT_THAT(made.csv, HasSubstr("dense,0.01,-5,\n"));
  EXPECT_THAT(made.csv, HasSubstr("weights 90 %,2,-6.5,-6.5001\n"));
}

TEST(DemoFigures, SweepIsOrderedAndMarksStoppedRuns) {
  const DemoResult result = small_result();
  const auto weights = by_sparsity(result, Method::weight);
  ASSERT_EQ(weights.size(), 3U);
  EXPECT_EQ(weights[0]->name, "dense");
  EXPECT_EQ(weights[1]->name, "weights 50 %");
  const DataFigure made = sweep_figure(result);
  EXPECT_EQ(lines(made.csv), 1 + 5U);
  EXPECT_THAT(made.csv, HasSubstr("weights 50 %,weight,0.5,5150,150,139,0.04,time_limit,10,10\n"));
  ASSERT_EQ(made.figure.plots.size(), 2U);
  const auto& line = made.figure.plots[1].data[0];  // weights: dense and 50 % stopped, 90 % solved
  const auto& marks = made.figure.plots[1].data[1];
  EXPECT_EQ(line["y"], (nlohmann::json{nullptr, nullptr, 2}));
  EXPECT_EQ(marks["y"], (nlohmann::json{60, 10, 2}));
  EXPECT_EQ(marks["marker"]["symbol"], (nlohmann::json{"triangle-up-open", "triangle-up-open", "square"}));
}

TEST(DemoFigures, WidthsNameTheLayers) {
  const DataFigure made = width_figure(small_result());
  EXPECT_THAT(made.csv, HasSubstr("dense,layer 3,30\ndense,output,200\n"));
  EXPECT_EQ(lines(made.csv), 1 + 3 * 4U);
}

TEST(DemoJson, HoldsTheContractsKeys) {
  const auto json = nlohmann::json::parse(to_json(small_result()).dump());
  EXPECT_EQ(json["networks"].size(), 3U);
  EXPECT_EQ(json["sweep"].size(), 2U);
  const auto& pruned = json["networks"][1];
  EXPECT_EQ(pruned["method"], "weight");
  EXPECT_EQ(pruned["speed_up"], (nlohmann::json{{"factor", 30.0}, {"relation", "at_least"}}));
  EXPECT_EQ(pruned["solve"]["status"], "optimal");
  EXPECT_EQ(pruned["solve"]["neurons"]["binaries"], 139);
  EXPECT_EQ(pruned["solve"]["trace"].size(), 2U);
  EXPECT_EQ(pruned["validation"]["rmse"][0], 0.04);
  EXPECT_TRUE(json["networks"][0]["method"].is_null());
  EXPECT_TRUE(json["networks"][0]["speed_up"].is_null());
  EXPECT_EQ(json["interrupted"], false);
}

TEST(DemoText, FitsATerminalAndMarksStoppedRuns) {
  const std::string text = to_text(small_result());
  std::istringstream stream(text);
  std::vector<std::string> rows;
  for (std::string line; std::getline(stream, line);) rows.push_back(line);
  ASSERT_GT(rows.size(), 4U);
  EXPECT_EQ(rows[4], "");
  EXPECT_THAT(text, Not(HasSubstr("interrupted")));
  rows.resize(4);
  EXPECT_LE(columns(rows[0]), 120);
  EXPECT_THAT(rows[1], HasSubstr("  > 60  "));
  EXPECT_THAT(rows[2], HasSubstr("at least 30×"));
  for (const std::string& row : rows) EXPECT_EQ(columns(row), columns(rows[0]));
}

TEST(Demo, StoppedAtOnceStillReports) {
  const Folder folder;
  DemoSettings settings;
  settings.quick = true;
  settings.out = (folder.path() / "new" / "demo").string();
  const DemoResult result = run_demo(settings, {}, Stop(0));
  EXPECT_TRUE(result.interrupted);
  EXPECT_TRUE(result.networks.empty());
  for (const std::string& file : result.files) {
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(settings.out) / file)) << file;
  }
  const auto json = nlohmann::json::parse(read_file(std::filesystem::path(settings.out) / "results.json"));
  EXPECT_EQ(json["interrupted"], true);
  EXPECT_EQ(HtmlCheck(read_file(std::filesystem::path(settings.out) / "report.html")).problems, "");
}

TEST(Demo, RefusesAFolderThatCannotBe) {
  const Folder folder;
  write_file(folder.path() / "taken", "text");
  DemoSettings settings;
  settings.quick = true;
  settings.out = (folder.path() / "taken").string();
  EXPECT_THROW(run_demo(settings), InputError);
  settings.out = (folder.path() / "taken" / "below").string();
  EXPECT_THROW(run_demo(settings), InputError);
  EXPECT_EQ(read_file(folder.path() / "taken"), "text");
  settings.out = "";
  EXPECT_THROW(run_demo(settings), InputError);
}

TEST(Demo, RefusesOptionsOutOfRange) {
  const Folder folder;
  const auto refused = [&](auto change) {
    DemoSettings settings;
    settings.out = (folder.path() / "demo").string();
    change(settings);
    EXPECT_THROW(run_demo(settings), InputError);
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "demo"));
  };
  refused([](DemoSettings& s) { s.time_limit = 0; });
  refused([](DemoSettings& s) { s.time_limit = -1; });
  refused([](DemoSettings& s) { s.time_limit = std::nan(""); });
  refused([](DemoSettings& s) { s.threads = 0; });
}

}  // namespace
}  // namespace secateur::study
