// SPDX-License-Identifier: Apache-2.0
#include "export_network.hpp"

#include "output.hpp"
#include "program.hpp"
#include "secateur/nn/onnx.hpp"

namespace secateur::app {

int export_network(const Context& context, const NetworkArguments& arguments, const bounds::LosslessSettings& settings,
                   const std::string& out, const std::filesystem::path& path) {
  const nn::Network network = arguments.read_network();
  const Box box = arguments.read_box(network);
  const bounds::Smaller smaller = bounds::lossless(network, box, settings);
  nn::write_onnx(smaller.network, path);

  const Index neurons = nn::count_neurons(network), fewer = nn::count_neurons(smaller.network);
  const Index weights = nn::count_weights(network), lighter = nn::count_weights(smaller.network);
  const nn::Precision stored = nn::storage_precision(smaller.network);
  if (context.json) {
    Json difference = Json::object();
    for (Index i = 0; i < network.outputs(); ++i) {
      difference[network.output_names[static_cast<std::size_t>(i)]] = smaller.difference(i);
    }
    print_json({{"out", out},
                {"format", "onnx"},
                {"bounds", to_string(settings.method)},
                {"precision", to_string(stored)},
                {"neurons", {{"before", neurons}, {"after", fewer}}},
                {"weights", {{"before", weights}, {"after", lighter}}},
                {"difference", difference}});
  } else {
    print(facts({{"written", fmt::format("{} ({})", out, to_string(stored))},
                 {"neurons", fmt::format("{}, were {}", fewer, neurons)},
                 {"weights", fmt::format("{}, were {}", lighter, weights)},
                 {"difference", fmt::format("at most {} on the box", number(smaller.difference.maxCoeff()))}}));
  }
  return exit_code::done;
}

}  // namespace secateur::app
