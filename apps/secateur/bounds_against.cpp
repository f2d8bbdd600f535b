// SPDX-License-Identifier: Apache-2.0
#include "bounds_against.hpp"

#include "output.hpp"
#include "program.hpp"
#include "secateur/bounds/difference.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/nn/read.hpp"

namespace secateur::app {

namespace {

void require_same(Index here, Index there, const char* what, const std::string& other) {
  if (here == there) return;
  throw InputError(
      fmt::format("has {}, the network it is compared with {}", count_of(static_cast<std::size_t>(there), what), here),
      other, "--against");
}

}  // namespace

int bounds_against(const Context& context, const NetworkArguments& arguments, const std::string& other, int parts) {
  const nn::Network network = arguments.read_network();
  const Box box = arguments.read_box(network);
  const nn::Network against = nn::read_network(other);
  require_same(network.inputs(), against.inputs(), "input", other);
  require_same(network.outputs(), against.outputs(), "output", other);
  const Stopwatch watch;
  const Box difference = bounds::difference(network, against, box, {.parts = parts});
  const double seconds = watch.seconds();
  const bool interrupted = interrupt_flag();
  if (interrupted) context.reporter.warn("interrupted; the bounds hold, but more parts may have tightened them");
  if (context.json) {
    Json json{{"difference", to_json(difference)}, {"seconds", seconds}};
    if (interrupted) json["status"] = "interrupted";
    print_json(json);
  } else {
    std::vector<std::vector<std::string>> rows{{"output", "lower", "upper"}};
    for (Index i = 0; i < network.outputs(); ++i) {
      rows.push_back({network.output_names[static_cast<std::size_t>(i)], number(difference.lower(i)),
                      number(difference.upper(i))});
    }
    print(table(rows) + "\n" + facts({{"seconds", fmt::format("{:.3g}", seconds)}}));
  }
  return interrupted ? exit_code::interrupted : exit_code::done;
}

}  // namespace secateur::app
