// SPDX-License-Identifier: Apache-2.0
// Any bytes are either refused with an InputError or give a table that is written and read back to the same numbers.
#include <cstdint>
#include <string_view>

#include "secateur/core/error.hpp"
#include "secateur/data/table.hpp"

using namespace secateur;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const data::Table table = data::read_csv_bytes(bytes, "fuzz.csv");
    const data::Table again = data::read_csv_bytes(data::to_csv(table), "again.csv");
    if (again.columns != table.columns || again.values != table.values) __builtin_trap();
  } catch (const InputError&) {
  }
  return 0;
}
