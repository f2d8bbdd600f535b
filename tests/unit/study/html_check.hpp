// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace secateur::study {

/// A strict reader of the HTML that reports are made of: every element is closed in order (void ones excepted), ids are
/// unique, attributes are quoted, and no bare "<" or "&" stands in text. `problems` is empty when all is well.
struct HtmlCheck {
  explicit HtmlCheck(const std::string& html);

  [[nodiscard]] int count(const std::string& element) const {
    const auto found = elements.find(element);
    return found == elements.end() ? 0 : found->second;
  }

  std::string problems;
  std::map<std::string, int> elements;
  std::set<std::string> ids;
  std::vector<std::string> links;  ///< href values
};

}  // namespace secateur::study
