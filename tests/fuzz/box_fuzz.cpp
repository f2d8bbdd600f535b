// SPDX-License-Identifier: Apache-2.0
// Any text is either refused with an InputError or gives a finite box with lower <= upper and the right number of
// entries. A text that could be a file's path is not tried: the fuzzer is not to read files. The same bytes are also
// tried as the contents of a box file.
#include <cstdint>
#include <string_view>

#include "secateur/core/error.hpp"
#include "secateur/model/box.hpp"

using namespace secateur;

namespace {

void require_box(const Box& box, Index inputs) {
  if (box.size() != inputs || !box.lower.allFinite() || !box.upper.allFinite()) __builtin_trap();
  if ((box.lower.array() > box.upper.array()).any()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const Index inputs : {1, 3}) {
    try {
      if (bytes.find(".json") == std::string_view::npos) require_box(model::parse_box(bytes, inputs), inputs);
    } catch (const InputError&) {
    }
    try {
      require_box(model::parse_box_json(bytes, inputs, "fuzz.json"), inputs);
    } catch (const InputError&) {
    }
  }
  return 0;
}
