// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/lower.hpp"

#include <stdexcept>
#include <string>

#include "secateur/core/error.hpp"
#include "secateur/graph/builder.hpp"

namespace secateur::graph {

ReluGraph lower(const nn::Network& network, const Box& box) {
  if (box.size() != network.inputs() || box.upper.size() != box.lower.size()) {
    throw std::invalid_argument("lower: the box does not have one entry an input");
  }
  if (network.activation != nn::Activation::none) {
    throw InputError("the network ends in a " + std::string(to_string(network.activation)) +
                     ", which is not piecewise linear");
  }
  Builder builder(box);
  return builder.finish(builder.apply(network, builder.all_inputs()));
}

}  // namespace secateur::graph
