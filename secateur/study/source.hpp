// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "secateur/core/box.hpp"
#include "secateur/data/sampling.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/strict_json.hpp"
#include "secateur/prune/prune.hpp"

namespace secateur::study {

/// What the networks of a study imitate: a test function, a flowsheet, or a table of points.
struct Source {
  std::string name;
  // A test function of data/functions.hpp, sampled.
  std::string function;
  int inputs = 2;
  int rows = 3000;
  data::Sampling sampling = data::Sampling::sobol;
  // A case study of flowsheet/case.hpp, simulated at points sampled as above.
  std::string flowsheet, plant;
  // A CSV file. `hash` is that of its bytes: what a cell's key depends on instead of the path. A specification may
  // state it; a file that has another one is then refused.
  std::string data;
  std::string hash;
  std::vector<std::string> columns_in, columns_out;
  // The question: the smallest or largest value of one output over the box. A flowsheet brings its own.
  std::string output;  ///< empty: the first
  Sense sense = Sense::minimize;
};

/// One entry of a specification's sources. File names are relative to the specification's folder. Throws InputError
/// for what cannot be used, a missing file or column included.
Source read_source(const nlohmann::json& json, const model::JsonPlaces& at, const std::string& where,
                   const std::string& folder);

/// Everything but the name: what read_source reads, with an absolute file name and its hash.
nlohmann::json to_json(const Source& source);

/// The box of the networks' inputs: the function's, the case's, or that of the table.
Box box_of(const Source& source);

/// The rows in their three parts, and box_of().
struct SourceData {
  prune::PruneData parts;
  Box box;
  Index failed = 0;  ///< points at which the flowsheet did not converge; they are not among the rows
};
SourceData load(const Source& source, std::uint64_t seed);

model::Problem question(const Source& source, const nn::Network& network, const Box& box);

/// The truth at a point that a solve found; see SolveRow.
struct Truth {
  std::optional<double> simulated, objective_error, regret, violation, data_distance;
};
Truth judge(const Source& source, const SourceData& data, const Vector& x, double objective);

}  // namespace secateur::study
