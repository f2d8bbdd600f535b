// SPDX-License-Identifier: Apache-2.0
#include "unit/study/html_check.hpp"

#include <regex>

namespace secateur::study {

HtmlCheck::HtmlCheck(const std::string& html) {
  static const std::set<std::string> empty{"meta", "link", "br", "path", "circle"};
  static const std::regex attribute(R"re(^\s+([a-zA-Z:-]+)(?:="([^"]*)")?)re");
  static const std::regex entity(R"(^&(?:amp|lt|gt|quot|#39);)");
  const auto problem = [&](const std::string& what, std::size_t at) {
    problems += what + " near '" + html.substr(at, 60) + "'\n";
  };
  if (!html.starts_with("<!DOCTYPE html>\n")) problem("no doctype", 0);
  std::vector<std::string> open;
  for (std::size_t at = 16; at < html.size();) {
    if (html[at] == '&') {
      if (!std::regex_search(html.begin() + static_cast<std::ptrdiff_t>(at),
                             html.begin() + static_cast<std::ptrdiff_t>(std::min(at + 8, html.size())), entity)) {
        problem("bare &", at);
      }
    }
    if (html[at] != '<') {
      ++at;
      continue;
    }
    const auto end = html.find('>', at);
    if (end == std::string::npos) {
      problem("unclosed tag", at);
      return;
    }
    std::string tag = html.substr(at + 1, end - at - 1);
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) {
        problem("wrong end tag", at);
        return;
      }
      open.pop_back();
      at = end + 1;
      continue;
    }
    const bool closed = tag.ends_with('/');
    if (closed) tag.pop_back();
    const std::string name = tag.substr(0, tag.find_first_of(" \n"));
    ++elements[name];
    std::string rest = tag.substr(name.size());
    for (std::smatch match; std::regex_search(rest, match, attribute);) {
      if (match[1] == "id" && !ids.insert(match[2]).second) problem("second id", at);
      if (match[1] == "href") links.push_back(match[2]);
      rest = match.suffix();
    }
    if (!rest.empty()) problem("bad attributes '" + rest + "'", at);
    at = end + 1;
    if (closed || empty.contains(name)) continue;
    if (name == "script" || name == "style") {  // raw text up to its end tag
      at = html.find("</" + name + ">", at);
      if (at == std::string::npos) {
        problem("unclosed " + name, end);
        return;
      }
      at += name.size() + 3;
      continue;
    }
    open.push_back(name);
  }
  if (!open.empty()) problems += "never closed: " + open.back() + "\n";
}

}  // namespace secateur::study
