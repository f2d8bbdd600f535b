// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/spec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/hash.hpp"

namespace secateur::study {
namespace {

using Json = nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

Json minimal() {
  return Json::parse(R"({"version": 1, "name": "tiny", "sources": [{"function": "peaks"}], "architectures": ["2x5"],
                         "training": [{"name": "plain"}]})");
}

Json full() {
  return Json::parse(R"({
    "version": 1, "name": "all of it", "description": "text",
    "sources": [{"name": "hills", "function": "ackley", "inputs": 3, "rows": 500, "sampling": "latin_hypercube",
                 "sense": "maximize"},
                {"flowsheet": "williams-otto", "case": "base", "rows": 100}],
    "architectures": ["2x5", [7, 3]],
    "training": [{"name": "plain", "epochs": 7, "learning_rate": 0.01},
                 {"name": "sparse", "l1": 1e-4, "stability": 0.1, "only": {"architectures": [[7, 3]], "seeds": [4]}}],
    "pruning": [{"name": "w", "method": "weight", "sparsities": [0.1, 0.5], "saliency": "range", "scope": "layer",
                 "schedule": "one_shot", "compensate": true, "finetune": false},
                {"name": "n", "method": "node", "sparsities": [0.25], "epochs": 9,
                 "only": {"sources": ["hills"], "training": ["plain"]}}],
    "bounds": ["interval", "alpha_crown"],
    "solve": [{"name": "big_m", "engine": "milp", "tighten": "off", "time_limit": 5, "bounds": "interval", "gap": 0.01},
              {"name": "hull", "formulation": "hull", "solver_options": {"mip_max_nodes": 10, "presolve": "off"},
               "only": {"pruning": ["dense", "n"], "sparsities": [0, 0.25]}}],
    "attribution": {"solve": ["big_m"], "only": {"seeds": [0]}},
    "seeds": [0, 4], "threads": 2, "memory_limit": 1000, "cell_limit": 50})");
}

Spec parse(const Json& json) { return parse_spec(json.dump(), "spec.json", ""); }

TEST(Spec, HasDefaults) {
  const Spec spec = parse(minimal());
  EXPECT_EQ(spec.name, "tiny");
  EXPECT_EQ(spec.sources[0].name, "peaks");
  EXPECT_EQ(spec.sources[0].rows, 3000);
  EXPECT_THAT(spec.architectures, ElementsAre(ElementsAre(5, 5)));
  EXPECT_EQ(spec.training[0].settings.epochs, train::TrainSettings{}.epochs);
  EXPECT_THAT(spec.seeds, ElementsAre(0));
  EXPECT_EQ(spec.threads, 1);
  EXPECT_THAT(spec.solve, IsEmpty());
  EXPECT_FALSE(spec.attribution);
}

TEST(Spec, ReadsEverything) {
  const Spec spec = parse(full());
  EXPECT_EQ(spec.sources[0].inputs, 3);
  EXPECT_EQ(spec.sources[0].sampling, data::Sampling::latin_hypercube);
  EXPECT_EQ(spec.sources[0].sense, Sense::maximize);
  EXPECT_EQ(spec.sources[1].name, "williams-otto base");
  EXPECT_EQ(spec.sources[1].sense, Sense::maximize);
  EXPECT_EQ(architecture_name(spec.architectures[1]), "7-3");
  EXPECT_EQ(spec.training[0].settings.epochs, 7);
  EXPECT_EQ(spec.training[0].settings.learning_rate, 0.01);
  EXPECT_EQ(spec.training[1].settings.stability, 0.1);
  EXPECT_THAT(spec.training[1].only.architectures, ElementsAre("7-3"));
  EXPECT_EQ(spec.pruning[0].settings.saliency, prune::Saliency::range);
  EXPECT_TRUE(spec.pruning[0].settings.compensate);
  EXPECT_FALSE(spec.pruning[0].settings.finetune);
  EXPECT_THAT(spec.pruning[0].sparsities, ElementsAre(0.1, 0.5));
  EXPECT_EQ(spec.pruning[1].settings.method, prune::Method::node);
  EXPECT_THAT(spec.bounds, ElementsAre(graph::BoundsMethod::interval, graph::BoundsMethod::alpha_crown));
  EXPECT_EQ(spec.solve[0].settings.engine, model::Engine::milp);
  EXPECT_EQ(spec.solve[0].settings.time_limit, 5);
  EXPECT_EQ(spec.solve[1].settings.formulation, model::Formulation::hull);
  EXPECT_THAT(spec.solve[1].options,
              ElementsAre(testing::Pair("mip_max_nodes", "10"), testing::Pair("presolve", "off")));
  EXPECT_THAT(spec.attribution->solve, ElementsAre("big_m"));
  EXPECT_EQ(spec.memory_limit, 1000);
}

struct Refusal {
  const char* change;  ///< a JSON merge patch (RFC 7386) of the full specification
  const char* where;
  const char* what;
};

class SpecRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(SpecRefuses, WithOneClearLine) {
  Json json = full();
  json.merge_patch(Json::parse(GetParam().change));
  EXPECT_THAT([&] { parse(json); },
              ThrowsMessage<InputError>(
                  AllOf(HasSubstr(std::string("spec.json: ") + GetParam().where), HasSubstr(GetParam().what))));
}

INSTANTIATE_TEST_SUITE_P(
    All, SpecRefuses,
    testing::Values(
        Refusal{R"({"sedes": [1]})", "the study", "unknown key \"sedes\"; allowed: version"},
        Refusal{R"({"version": 2})", "version", "has to be 1"}, Refusal{R"({"name": null})", "the study", "\"name\""},
        Refusal{R"({"name": "a/b"})", "name", "letters"}, Refusal{R"({"name": 3})", "name", "has to be a text"},
        Refusal{R"({"sources": []})", "sources", "at least one"},
        Refusal{R"({"sources": [{}]})", "sources[0]", "exactly one of the keys"},
        Refusal{R"({"sources": [{"function": "peaks", "data": "x.csv"}]})", "sources[0]", "exactly one"},
        Refusal{R"({"sources": [{"function": "hills"}]})", "sources[0].function", "peaks"},
        Refusal{R"({"sources": [{"function": "peaks", "row": 5}]})", "sources[0]", "unknown key \"row\""},
        Refusal{R"({"sources": [{"function": "peaks", "rows": 3}]})", "sources[0].rows", "at least 10"},
        Refusal{R"({"sources": [{"function": "peaks"}, {"function": "peaks"}]})", "sources[1]", "is there twice"},
        Refusal{R"({"sources": [{"flowsheet": "hda", "case": "other"}]})", "sources[0]", "base"},
        Refusal{R"({"sources": [{"flowsheet": "hda", "case": "base", "sense": "minimize"}]})", "sources[0]",
                "unknown key"},
        Refusal{R"({"architectures": ["2x"]})", "architectures[0]", "\"2x50\""},
        Refusal{R"({"architectures": ["x5"]})", "architectures[0]", "\"2x50\""},
        Refusal{R"({"architectures": ["0x5"]})", "architectures[0]", "\"2x50\""},
        Refusal{R"({"architectures": ["2x5x5"]})", "architectures[0]", "\"2x50\""},
        Refusal{R"({"architectures": [[]]})", "architectures[0]", "list of widths"},
        Refusal{R"({"architectures": [[5, 0]]})", "architectures[0]", "out of range"},
        Refusal{R"({"architectures": [[5, -2]]})", "architectures[0]", "not negative"},
        Refusal{R"({"architectures": ["2x5", [5, 5]]})", "architectures[1]", "\"2x5\" is there twice"},
        Refusal{R"({"training": [{"epochs": 5}]})", "training[0]", "\"name\" is missing"},
        Refusal{R"({"training": [{"name": "a", "epochs": 0}]})", "training[0].epochs", "at least 1"},
        Refusal{R"({"training": [{"name": "a", "epochs": 2.5}]})", "training[0].epochs", "whole number"},
        Refusal{R"({"training": [{"name": "a", "seed": 1}]})", "training[0]", "unknown key \"seed\""},
        Refusal{R"({"training": [{"name": "a", "only": {"pruning": ["w"]}}]})", "training[0].only", "unknown key"},
        Refusal{R"({"training": [{"name": "a", "only": {"sources": ["x"]}}]})", "training[0].only.sources",
                "there is no \"x\"; there are: hills"},
        Refusal{R"({"training": [{"name": "a", "only": {"seeds": [9]}}]})", "training[0].only.seeds", "no seed"},
        Refusal{R"({"pruning": [{"name": "w", "method": "weights", "sparsities": [0.5]}]})", "pruning[0].method",
                "weight, node"},
        Refusal{R"({"pruning": [{"name": "w", "method": "weight", "sparsities": [1]}]})", "pruning[0].sparsities",
                "below 1"},
        Refusal{R"({"pruning": [{"name": "w", "method": "weight", "sparsities": [0]}]})", "pruning[0].sparsities",
                "above 0"},
        Refusal{R"({"sources": [{"function": "peaks", "name": ""}]})", "sources[0].name", "1 to 60 letters"},
        Refusal{R"({"sources": [{"function": "peaks", "name": "a\nb"}]})", "sources[0].name", "1 to 60 letters"},
        Refusal{R"({"pruning": [{"name": "w", "method": "weight", "sparsities": [0.5, 0.5]}]})",
                "pruning[0].sparsities", "0.5 is there twice"},
        Refusal{R"({"pruning": [{"name": "w", "method": "weight", "sparsities": []}]})", "pruning[0].sparsities",
                "list of fractions"},
        Refusal{R"({"pruning": [{"name": "w", "method": "weight"}]})", "pruning[0]", "\"sparsities\" is missing"},
        Refusal{R"({"pruning": [{"name": "dense", "method": "weight", "sparsities": [0.5]}]})", "pruning[0].name",
                "not pruned"},
        Refusal{R"({"bounds": ["interval", "interval"]})", "bounds[1]", "twice"},
        Refusal{R"({"bounds": ["box"]})", "bounds[0]", "alpha_crown"},
        Refusal{R"({"solve": [{"name": "s", "time_limit": 0}]})", "solve[0].time_limit", "above 0"},
        Refusal{R"({"solve": [{"name": "s", "engine": "fast"}]})", "solve[0].engine", "auto, native, milp"},
        Refusal{R"({"solve": [{"name": "s", "threads": 3}]})", "solve[0]", "unknown key \"threads\""},
        Refusal{R"({"solve": [{"name": "s", "solver_options": {"a": [1]}}]})", "solve[0].solver_options.a",
                "a text, a number"},
        Refusal{R"({"solve": [{"name": "s", "only": {"sparsities": [0.3]}}], "attribution": null})",
                "solve[0].only.sparsities", "no pruning block has the sparsity 0.3"},
        Refusal{R"({"solve": [{"name": "s"}]})", "attribution.solve", "there is no \"big_m\""},
        Refusal{R"({"attribution": {"solve": ["hull"]}})", "attribution.solve", "tighten off"},
        Refusal{R"({"attribution": {"solve": []}})", "attribution.solve", "list of names"},
        Refusal{R"({"seeds": [1, 1]})", "seeds[1]", "twice"}, Refusal{R"({"seeds": [-1]})", "seeds[0]", "negative"},
        Refusal{R"({"threads": 0})", "threads", "at least 1"},
        Refusal{R"({"memory_limit": 1})", "memory_limit", "at least 64"},
        Refusal{R"({"cell_limit": 0})", "cell_limit", "above 0"}));

TEST(SpecRefuses, WhatIsNotJson) {
  EXPECT_THAT([] { parse_spec("{\n\"version\": 1,}", "spec.json", ""); },
              ThrowsMessage<InputError>(HasSubstr("spec.json: line 2: is not JSON")));
  EXPECT_THAT([] { parse_spec(R"({"version": 1, "version": 1})", "spec.json", ""); },
              ThrowsMessage<InputError>(HasSubstr("given twice")));
  EXPECT_THAT([] { read_spec("/nowhere/spec.json"); },
              ThrowsMessage<InputError>(HasSubstr("/nowhere/spec.json: cannot be read")));
}

class SpecData : public testing::Test {
 protected:
  void SetUp() override {
    m_folder = testing::TempDir() + "/spec_data";
    std::filesystem::create_directories(m_folder);
    m_table = "a,b,y,z\n";
    for (int i = 0; i < 12; ++i) m_table += std::to_string(i) + ",1,2," + std::to_string(i * i) + "\n";
    write_file(m_folder + "/points.csv", m_table);
    m_json = minimal();
    m_json["sources"] = Json::parse(
        R"([{"data": "points.csv", "inputs": ["a", "b"], "outputs": ["y", "z"], "output": "z", "sense": "maximize"}])");
  }
  [[nodiscard]] Spec parse_here() const { return parse_spec(m_json.dump(), "spec.json", m_folder); }
  void expect_refused(const std::string& what) const {
    EXPECT_THAT([&] { static_cast<void>(parse_here()); }, ThrowsMessage<InputError>(HasSubstr(what)));
  }

  std::string m_folder, m_table;
  Json m_json;
};

TEST_F(SpecData, IsReadRelativeToTheSpecification) {
  const Spec spec = parse_here();
  EXPECT_EQ(spec.sources[0].name, "points");
  EXPECT_EQ(spec.sources[0].hash, hash_of(m_table));
  const SourceData data = load(spec.sources[0], 0);
  EXPECT_EQ(data.parts.training.rows() + data.parts.validation.rows() + data.parts.test.rows(), 12);
  EXPECT_EQ(data.box.upper(0), 11);
}

TEST_F(SpecData, HasToBeThere) {
  m_json["sources"][0]["data"] = "missing.csv";
  expect_refused("missing.csv: cannot be read");
}

TEST_F(SpecData, HasToHaveTheColumns) {
  m_json["sources"][0]["inputs"] = {"a", "c"};
  expect_refused("points.csv");
}

TEST_F(SpecData, HasToHaveTheOutput) {
  m_json["sources"][0]["output"] = "b";
  expect_refused("sources[0].output: \"b\" is not among the outputs");
}

TEST_F(SpecData, HasToHaveTheStatedHash) {
  m_json["sources"][0]["hash"] = hash_of(m_table);
  static_cast<void>(parse_here());
  write_file(m_folder + "/points.csv", m_table + "1,1,1,1\n");
  expect_refused("is not the file that was meant");
}

TEST(Hash, IsFnv1a) {
  // Vectors of the reference implementation (http://www.isthe.com/chongo/tech/comp/fnv/).
  EXPECT_EQ(hash_of(""), "6c62272e07bb014262b821756295c58d");
  EXPECT_EQ(hash_of("a"), "d228cb696f1a8caf78912b704e4a8964");
  EXPECT_EQ(hash_of("foobar"), "343e1662793c64bf6f0d3597ba446f18");
}

}  // namespace
}  // namespace secateur::study
