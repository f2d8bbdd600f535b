// SPDX-License-Identifier: Apache-2.0
#include "data_arguments.hpp"

#include "secateur/data/table.hpp"

namespace secateur::app {

void DataArguments::declare(Options& options, bool required) {
  auto& data = options.add("data", file, "the points: a CSV file with a header line").metavar("FILE.csv");
  auto& from = options.add(
      "inputs", inputs,
      required ? "columns that the network reads" : "columns that the network reads (default: its input names)");
  auto& to =
      options.add("outputs", outputs,
                  required ? "columns that it predicts" : "columns that it predicts (default: its output names)");
  for (auto* const entry : {&from, &to}) entry->metavar("a,b,...");
  if (!required) return;
  for (auto* const entry : {&data, &from, &to}) entry->required();
}

data::Dataset DataArguments::read() const { return data::dataset(data::read_csv(file), inputs, outputs, file); }

data::Parts DataArguments::split(const data::Dataset& data, std::uint64_t seed) const {
  return data::parts(data, seed, file);
}

}  // namespace secateur::app
