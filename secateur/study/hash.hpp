// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace secateur::study {

/// 128 bits of FNV-1a as 32 hexadecimal digits: the same on every machine. Not for secrets; a ledger compares the whole
/// text behind a hash before it believes in one.
std::string hash_of(std::string_view bytes);

}  // namespace secateur::study
