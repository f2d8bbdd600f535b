// SPDX-License-Identifier: Apache-2.0
// Any bytes, and any contents under the right checksum, are either refused with an InputError or as good as any others:
// points of numbers, finite bounds, and something that can be added to, written and read back.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "secateur/core/error.hpp"
#include "secateur/core/hash.hpp"
#include "secateur/search/learned.hpp"

using namespace secateur;

namespace {

/// max(0, x0 - x1) and an integer that no network reads.
model::Problem make_problem() {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  model::Problem problem;
  const int x0 = problem.add_variable({"x0", {}, {}, -1, 1, {}}), x1 = problem.add_variable({"x1", {}, {}, -1, 1, {}});
  const int y = problem.add_variable({"y", {}, {}, -infinity, infinity, {}});
  const int n = problem.add_variable({"n", {}, model::VariableType::integer, 0, 3, {}});
  nn::Network network;
  network.layers = {nn::Dense{Matrix{{1, -1}}, Vector{{0.0}}}, nn::Relu{}, nn::Dense{Matrix{{1.0}}, Vector{{0.5}}}};
  problem.add_network("net", network, {x0, x1}, {y});
  problem.objective = {{y, 1}, {n, 0.25}};
  problem.constant = 0.125;
  problem.add_constraint("c", {{x0, 1}, {n, -1}}, -infinity, 0.5);
  return problem;
}

/// Contents with the lines before them that name format, version and networks, and the right checksum.
std::string sealed(const model::Problem& problem, std::string_view contents) {
  search::Learned nothing;
  search::take_up(nothing, problem);
  const std::string bytes = search::encode(nothing);
  std::string head = bytes.substr(0, bytes.find('\n', bytes.find('\n') + 1) + 1);
  const std::string hash = hash_of(head + std::string(contents));
  return head.append(hash).append("\n").append(contents);
}

void use(search::Learned learned, const model::Problem& problem) {
  search::take_up(learned, problem);
  const search::Known known = search::known(learned, problem);
  for (const Vector& point : known.points) {
    if (point.size() != static_cast<Index>(problem.variables.size()) || !point.allFinite()) __builtin_trap();
  }
  if (known.bound && !(std::abs(*known.bound) < std::numeric_limits<double>::infinity())) __builtin_trap();
  model::SolveResult result;
  result.status = Status::optimal;
  result.proof = Proof::rounding_safe;
  result.bound = 0.5;
  result.x = Vector{{0.0, 0.0, 0.0}};
  result.y = Vector{{0.5}};
  search::learn(learned, problem, {}, result);
  const std::string bytes = search::encode(learned);
  if (search::encode(search::decode_learned(bytes, "again")) != bytes) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const model::Problem problem = make_problem();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string& file : {std::string(bytes), sealed(problem, bytes)}) {
    try {
      use(search::decode_learned(file, "fuzz.learned"), problem);
    } catch (const InputError&) {
    }
  }
  return 0;
}
