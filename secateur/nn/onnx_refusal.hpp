// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace secateur::nn::detail {

/// Something in an ONNX file cannot be used. Thrown where it is found, with the bare fact; whoever knows the node and
/// the file adds them and throws InputError.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void refuse(const std::string& message) { throw Refusal(message); }

/// Text from a file made fit for a message: in quotes, control characters and what is not UTF-8 as ?, long text cut.
std::string quote(std::string_view text, std::size_t longest = 100);

/// The same without the quotes.
std::string printable(std::string_view text, std::size_t longest = 100);

}  // namespace secateur::nn::detail
