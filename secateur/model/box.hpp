// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "secateur/core/box.hpp"

namespace secateur::model {

/// The box that a user writes for a network with `inputs` inputs: "-1:1" for every input, "0:1,-2:2,..." one for each,
/// or the name of a .json file that holds {"lower": [...], "upper": [...]}.
///
/// Throws InputError, one line that says what was found and what is allowed, for anything else: text that is not a
/// number, infinite or NaN limits, lower > upper, a wrong count, a file that is missing or holds something else.
Box parse_box(std::string_view text, Index inputs);

/// The same from the bytes of such a file; `file` is how messages call it.
Box parse_box_json(std::string_view bytes, Index inputs, const std::string& file);

/// Throws InputError unless the box has one finite interval a name, lower <= upper.
void check_box(const Box& box, const std::vector<std::string>& names);

}  // namespace secateur::model
