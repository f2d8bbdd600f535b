// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "secateur/study/page.hpp"

namespace secateur::study {

/// Plain text as it may stand in a line of Markdown: what would be read as markup is escaped, a new line is a blank.
std::string escape_markdown(std::string_view text);

// Parts of a page, each with an empty line behind it; texts are plain.

std::string markdown_heading(int level, std::string_view text);
/// Wrapped at 130 characters.
std::string markdown_paragraph(std::string_view text);
/// The caption, then the table.
std::string markdown(const PageTable& table);

}  // namespace secateur::study
