// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace secateur::study {

/// Files that are part of the program (cmake/Embed.cmake).
std::string_view plotly_js();
std::string_view page_js();
std::string_view page_css();

/// Name, version, copyright and licence of Plotly's script, which a report has to carry: the notice at the script's
/// head and the text of the licence it names.
std::string plotly_licence();

}  // namespace secateur::study
