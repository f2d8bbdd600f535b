// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace secateur {

/// 128 bits of FNV-1a as 32 hexadecimal digits: the same on every machine. Against accidents, not for secrets.
std::string hash_of(std::string_view bytes);

}  // namespace secateur
