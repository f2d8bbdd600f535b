// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "options.hpp"
#include "output.hpp"
#include "secateur/data/dataset.hpp"
#include "secateur/train/train.hpp"

namespace secateur::app {

/// --data FILE.csv --inputs a,b --outputs y,z
struct DataArguments {
  std::string file;
  std::vector<std::string> inputs, outputs;

  void declare(Options& options, bool required);
  /// Throws InputError for a file that cannot be used.
  [[nodiscard]] data::Dataset read() const;
  /// The split that depends on seed and data alone.
  [[nodiscard]] data::Parts split(const data::Dataset& data, std::uint64_t seed) const;
};

}  // namespace secateur::app
