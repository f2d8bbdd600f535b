// SPDX-License-Identifier: Apache-2.0
// Any bytes, and any contents under the right checksum, are either refused with an InputError or as good as any others:
// written again they are the same, and a search could be set up from them.
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "secateur/core/error.hpp"
#include "secateur/core/hash.hpp"
#include "secateur/search/checkpoint.hpp"
#include "secateur/search/network.hpp"

using namespace secateur;

namespace {

constexpr const char* whose = "whose";

/// Contents with the lines before them that name format, version and problem, and the right checksum.
std::string sealed(std::string_view contents) {
  static const std::string head = [] {
    const std::string bytes = search::encode({}, whose);
    return bytes.substr(0, bytes.find('\n', bytes.find('\n') + 1) + 1);
  }();
  const std::string hash = hash_of(head + std::string(contents));
  return std::string(head).append(hash).append("\n").append(contents);
}

void use(const search::Saved& saved) {
  const std::string bytes = search::encode(saved, whose);
  if (search::encode(search::decode(bytes, whose, "again"), whose) != bytes) __builtin_trap();
  const search::Network network(saved.root.folded, saved.root.ranges);
  if (network.targets() != static_cast<Index>(saved.root.ranges.size()) + 1) __builtin_trap();
  for (const search::SavedSearch& search : saved.contest.begun) {
    for (const search::SavedNode& node : search.tree.open) {
      if (std::isnan(node.bound)) __builtin_trap();
      for (const search::Split& split : node.splits) {
        if (split.value < 0 || split.value >= saved.root.folded.lower.size()) __builtin_trap();
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string& file : {std::string(bytes), sealed(bytes)}) {
    try {
      use(search::decode(file, whose, "fuzz.checkpoint"));
    } catch (const InputError&) {
    }
  }
  return 0;
}
