// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace onnx {
class TensorProto;
}  // namespace onnx

namespace secateur::nn::detail {

/// The `expected` bytes of a tensor whose data lies in a file of its own, which is looked for in `folder`. Refuses a
/// location that is absolute or leaves the folder, a file that is missing, not an ordinary file or too short, and a
/// stated length other than `expected`.
std::string read_external(const ::onnx::TensorProto& proto, const std::string& origin,
                          const std::filesystem::path& folder, std::int64_t expected);

}  // namespace secateur::nn::detail
