// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn::detail {

std::string printable(std::string_view text) {
  constexpr std::size_t longest = 100;
  std::string result;
  for (const char c : text.substr(0, longest)) result += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > longest) result += "...";
  return result;
}

std::string quote(std::string_view text) { return '"' + printable(text) + '"'; }

}  // namespace secateur::nn::detail
