// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/assets.hpp"

#include <cstddef>
#include <sstream>

extern "C" {
extern const char secateur_plotly_js[], secateur_plotly_js_end[];
extern const char secateur_page_js[], secateur_page_js_end[];
extern const char secateur_page_css[], secateur_page_css_end[];
}

namespace secateur::study {

namespace {

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

constexpr std::string_view mit_licence = R"(The MIT License (MIT)

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.)";

}  // namespace

std::string_view plotly_js() { return between(secateur_plotly_js, secateur_plotly_js_end); }
std::string_view page_js() { return between(secateur_page_js, secateur_page_js_end); }
std::string_view page_css() { return between(secateur_page_css, secateur_page_css_end); }

std::string plotly_licence() {
  // The script begins with a comment of lines "* ...", up to "*/".
  std::string notice;
  std::istringstream head{std::string(plotly_js().substr(0, 500))};
  for (std::string line; std::getline(head, line) && line.find("*/") == std::string::npos;) {
    const auto text = line.find_first_not_of("/* ");
    if (text != std::string::npos) notice += line.substr(text) + "\n";
  }
  return notice + "\n" + std::string(mit_licence);
}

}  // namespace secateur::study
