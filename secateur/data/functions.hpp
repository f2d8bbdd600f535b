// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "secateur/core/box.hpp"
#include "secateur/core/matrix.hpp"

namespace secateur::data {

/// A function with a known global minimum, to train surrogates on.
struct TestFunction {
  std::string name;
  Box box;
  std::function<double(const Vector&)> value;
  Vector minimizer;
  double minimum = 0;
};

/// By name: peaks, hartmann3, hartmann6, and for any number of inputs ackley (from 1), rosenbrock (from 2), michalewicz
/// (1 to 10). `inputs` is ignored by the first three. Throws InputError for an unknown unknown name, naming those there
/// are, or an unsupported number of inputs.
TestFunction test_function(std::string_view name, Index inputs = 2);

std::vector<std::string> test_function_names();

}  // namespace secateur::data
