// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "command.hpp"
#include "model_arguments.hpp"
#include "secateur/bounds/lossless.hpp"

namespace secateur::app {

/// `export --format onnx`: the network without the neurons that do nothing of their own on the box, and how far its
/// outputs may be from the given one's. `out` is for the messages, `path` where it is written.
int export_network(const Context& context, const NetworkArguments& arguments, const bounds::LosslessSettings& settings,
                   const std::string& out, const std::filesystem::path& path);

}  // namespace secateur::app
