// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/csv_text.hpp"

#include "secateur/core/error.hpp"

namespace secateur::study {

std::vector<std::vector<std::string>> csv_records(std::string_view bytes, const std::string& file) {
  std::vector<std::vector<std::string>> records;
  std::size_t line = 1;
  const auto refuse = [&](const std::string& what) { throw InputError(what, file, "line " + std::to_string(line)); };
  for (std::size_t i = 0; i < bytes.size();) {
    std::vector<std::string>& record = records.emplace_back();
    for (bool more = true; more;) {
      std::string& field = record.emplace_back();
      if (i < bytes.size() && bytes[i] == '"') {
        for (++i;; ++i) {
          if (i >= bytes.size()) refuse("a quote is not closed");
          if (bytes[i] == '"') {
            if (i + 1 >= bytes.size() || bytes[i + 1] != '"') break;
            ++i;
          }
          if (bytes[i] == '\n') ++line;
          field += bytes[i];
        }
        ++i;
        if (i < bytes.size() && bytes[i] != ',' && bytes[i] != '\n' && bytes[i] != '\r') {
          refuse("text behind a closing quote");
        }
      } else {
        while (i < bytes.size() && bytes[i] != ',' && bytes[i] != '\n' && bytes[i] != '\r') field += bytes[i++];
      }
      more = i < bytes.size() && bytes[i] == ',';
      if (more) ++i;
    }
    if (i < bytes.size() && bytes[i] == '\r') ++i;
    if (i < bytes.size() && bytes[i] == '\n') ++i;
    ++line;
  }
  return records;
}

}  // namespace secateur::study
