// SPDX-License-Identifier: Apache-2.0
// What a specification says as a case; what is refused of it is tests/cli/test_flowsheet_spec.py's.
#include "secateur/flowsheet/spec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/flowsheet/command.hpp"
#include "secateur/flowsheet/process.hpp"

namespace secateur::flowsheet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using How = ProcessEnd::How;

class Folder : public testing::Test {
 protected:
  Folder()
      : m_folder(std::filesystem::temp_directory_path() /
                 ("secateur-spec-" + std::to_string(getpid()) + "-" +
                  testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(m_folder);
  }
  ~Folder() override { std::filesystem::remove_all(m_folder); }

  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    write_file(m_folder / name, text);
    return (m_folder / name).string();
  }

  std::filesystem::path m_folder;
};

class Spec : public Folder {};

constexpr const char* variables = R"("version": 1, "description": "A tank.", "variables": [
  {"name": "T", "unit": "K", "lower": 300, "upper": 400, "description": "temperature"},
  {"name": "size", "type": "discrete", "values": [8, 2, 4]},
  {"name": "bonus", "type": "binary"},
  {"name": "loss", "upper": 0.5}],
  "constraints": [{"name": "both", "terms": {"gain": 1, "bonus": 2}, "lower": 1}],
  "objective": {"sense": "maximize", "terms": {"gain": 3, "bonus": 1}, "constant": 7})";

TEST_F(Spec, IsAProblemWithASimulatorForANetwork) {
  const std::string file = write("tank.json", std::string("{") + variables +
                                                  R"(, "simulator": {"command": ["cat"], "inputs": ["size", "T"],
                                                     "outputs": ["loss", "gain"]}})");
  const Case plant = read_spec(file);
  EXPECT_EQ(plant.flowsheet, "tank");  // the file's, as it states none
  EXPECT_EQ(plant.title, "A tank.");
  EXPECT_THAT(plant.inputs(), ElementsAre("size", "T"));
  EXPECT_THAT(plant.outputs(), ElementsAre("loss", "gain"));
  EXPECT_THAT(plant.decisions(), ElementsAre(0, 1, 2));
  EXPECT_EQ(plant.decisions(), model::structure(plant.form).decisions);
  EXPECT_EQ(plant.training.lower, (Vector(2) << 2, 300).finished());
  EXPECT_EQ(plant.training.upper, (Vector(2) << 8, 400).finished());
  ASSERT_TRUE(plant.simulator);
  EXPECT_EQ(plant.simulator->inputs()[1].unit, "K");
  EXPECT_EQ(plant.simulator->inputs()[1].description, "temperature");
  EXPECT_FALSE(plant.data);
  EXPECT_FALSE(plant.reference);
  // An output's limit can be corrected as any constraint.
  ASSERT_EQ(plant.form.constraints.size(), 2U);
  EXPECT_EQ(plant.form.constraints[1].name, "limits of loss");
  EXPECT_EQ(plant.form.constraints[1].upper, 0.5);
  EXPECT_EQ(plant.form.sense, Sense::maximize);
  // By hand: 3 * 0.25 + 1 + 7; the decisions are T, size, bonus.
  const Vector point = plant.point((Vector(3) << 350, 4, 1).finished(), (Vector(2) << 0.6, 0.25).finished());
  EXPECT_DOUBLE_EQ(model::objective_at(plant.form, point), 8.75);
  EXPECT_NEAR(plant.violation(point), 0.2, 1e-12);
  EXPECT_EQ(plant.network_inputs((Vector(3) << 350, 4, 1).finished()), (Vector(2) << 4, 350).finished());
}

TEST_F(Spec, DataIsSortedByWhetherItCanBeLearntFrom) {
  static_cast<void>(write("runs.csv", "gain,size,T,loss\n1,2,300,0.1\n2,8,390,nan\n3,4,380,0.3\n4,4,410,0.4\nnan\n"));
  const auto with = [&](const char* rows) {
    static_cast<void>(write("runs.csv", std::string("gain,size,T,loss\n") + rows));
    return read_spec(write("tank.json", std::string("{") + variables +
                                            R"(, "simulator": {"data": "runs.csv", "inputs": ["size", "T"],
                                               "outputs": ["loss", "gain"]}})"));
  };
  const Case plant = with("1,2,300,0.1\n2,8,390,nan\n3,4,380,0.3\n4,4,410,0.4\n5,4,350,\n6,4,350,inf\n");
  EXPECT_FALSE(plant.simulator);
  ASSERT_TRUE(plant.data);
  EXPECT_EQ(plant.data->data.x, (Matrix(2, 2) << 2, 300, 4, 380).finished());
  EXPECT_EQ(plant.data->data.y, (Matrix(2, 2) << 0.1, 1, 0.3, 3).finished());
  EXPECT_EQ(plant.data->failures().at("the simulator gave no number"), 2);
  EXPECT_EQ(plant.data->failures().at("the simulator gave an infinite number"), 1);
  EXPECT_EQ(plant.data->failures().at("outside the bounds of the variables"), 1);
  EXPECT_EQ(plant.training.lower, (Vector(2) << 2, 300).finished());
  EXPECT_EQ(plant.training.upper, (Vector(2) << 4, 380).finished());
  EXPECT_THROW(with("1,,300,0.1\n"), InputError);
  EXPECT_THROW(with("1,2,inf,0.1\n"), InputError);
}

class Commands : public Folder {
 protected:
  /// x, y -> sum, through the shell.
  [[nodiscard]] Command command(const std::string& script, int processes = 1, double seconds = 20) const {
    return Command({"sum", {{"x", "", ""}, {"y", "", ""}}, {{"sum", "", ""}}, {Vector::Zero(2), Vector::Ones(2)}},
                   {{"sh", "-c", script}, m_folder, seconds, processes, "spec.json"});
  }
};

constexpr const char* adding = "echo x >> calls; awk -F, 'NR == 1 { print \"sum\" } NR > 1 { print $1 + $2 }'";

TEST_F(Commands, AnswerATableInItsOrder) {
  for (const int processes : {1, 3, 50}) {
    std::filesystem::remove(m_folder / "calls");
    const Command simulator = command(adding, processes);
    Matrix points(10, 2);
    for (Index i = 0; i < 10; ++i) points.row(i) << static_cast<double>(i), 0.5;
    const auto answers = simulator.simulate(points);
    ASSERT_EQ(answers.size(), 10U);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(answers[i].outputs(0), static_cast<double>(i) + 0.5);
    EXPECT_EQ(read_file(m_folder / "calls").size(), 2U * static_cast<std::size_t>(std::min(processes, 10)));
  }
}

TEST_F(Commands, AnswerOnePoint) { EXPECT_EQ(command(adding).simulate((Vector(2) << 1, 2).finished()).outputs(0), 3); }

TEST_F(Commands, GetEveryDigit) {
  const Command simulator = command("cat > table; echo sum; echo 1");
  static_cast<void>(simulator.simulate((Vector(2) << 0.1, 1.0 / 3).finished()));
  EXPECT_EQ(read_file(m_folder / "table"), "x,y\n0.1,0.3333333333333333\n");
}

TEST_F(Commands, RefuseInOneLineThatSaysWhichProgram) {
  try {
    static_cast<void>(command("echo first >&2; echo second >&2; exit 9").simulate(Vector(Vector::Zero(2))));
    FAIL() << "nothing was refused";
  } catch (const InputError& error) {
    EXPECT_EQ(error.file(), "spec.json");
    EXPECT_THAT(error.where(), HasSubstr("simulator \"sh -c echo first"));
    EXPECT_EQ(error.message(), "ended with exit code 9; it said: second");
  }
}

TEST_F(Commands, GiveNothingOfACallThatWasStopped) {
  EXPECT_TRUE(command("sleep 30").simulate(Matrix::Zero(3, 2), Stop(0.1)).empty());
}

TEST_F(Folder, AProcessEndsWithItsGroup) {
  Process process({"sh", "-c", "sleep 30 & echo $!; sleep 30"}, m_folder, "");
  const ProcessEnd end = process.wait(0.3, 1000, Stop());
  EXPECT_EQ(end.how, How::time_limit);
  const std::filesystem::path child = "/proc/" + std::to_string(std::stoi(end.output)) + "/cmdline";
  for (int k = 0; k < 100 && std::filesystem::exists(child) && !read_file(child).empty(); ++k) usleep(20000);
  EXPECT_TRUE(!std::filesystem::exists(child) || read_file(child).empty());
}

TEST_F(Folder, AProcessSaysHowItEnded) {
  const auto run = [&](const char* script, std::uint64_t most = 1000) {
    return Process({"sh", "-c", script}, m_folder, "in").wait(20, most, Stop());
  };
  const ProcessEnd good = run("cat; echo said >&2; exit 3");
  EXPECT_EQ(good.how, How::code);
  EXPECT_EQ(good.number, 3);
  EXPECT_EQ(good.output, "in");
  EXPECT_EQ(good.messages, "said\n");
  EXPECT_EQ(run("kill -9 $$").how, How::signal);
  EXPECT_EQ(run("kill -9 $$").number, 9);
  EXPECT_EQ(run("yes", 100).how, How::output_limit);
  EXPECT_EQ(run("yes | head -c 1000", 100).how, How::output_limit);
  EXPECT_EQ(Process({"sleep", "30"}, m_folder, "").wait(20, 100, Stop(0)).how, How::interrupted);
  EXPECT_THROW(Process({"no-such-program-anywhere"}, m_folder, ""), std::system_error);
}

}  // namespace
}  // namespace secateur::flowsheet
