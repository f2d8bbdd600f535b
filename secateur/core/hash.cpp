// SPDX-License-Identifier: Apache-2.0
#include "secateur/core/hash.hpp"

#include <cstdint>

#include <fmt/format.h>

namespace secateur {

// Fowler, Noll, Vo (RFC 9923): h = (h xor byte) * p mod 2^128 with p = 2^88 + 0x13b.
std::string hash_of(std::string_view bytes) {
  __extension__ using Wide = unsigned __int128;
  constexpr auto wide = [](std::uint64_t high, std::uint64_t low) { return (static_cast<Wide>(high) << 64) | low; };
  constexpr Wide prime = wide(0x0000000001000000, 0x000000000000013B);
  Wide hash = wide(0x6c62272e07bb0142, 0x62b821756295c58d);
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
  return fmt::format("{:016x}{:016x}", static_cast<std::uint64_t>(hash >> 64), static_cast<std::uint64_t>(hash));
}

}  // namespace secateur
