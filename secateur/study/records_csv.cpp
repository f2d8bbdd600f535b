// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/records_csv.hpp"

#include <charconv>
#include <type_traits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/model/strict_json.hpp"
#include "secateur/study/csv_text.hpp"

namespace secateur::study {

namespace {

constexpr int format_version = 1;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// Numbers in their shortest form that reads back to the same bits; what is not there is empty.
template <class T>
std::string field(const T& value) {
  if constexpr (is_optional<T>) {
    return value ? field(*value) : std::string();
  } else if constexpr (Named<T>) {
    return std::string(to_string(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    return value ? "1" : "0";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return csv_field(value);
  } else {
    return fmt::format("{}", value);
  }
}

/// False for a text that is no value of the type.
template <class T>
bool parse(const std::string& text, T& value) {
  if constexpr (is_optional<T>) {
    value.reset();
    return text.empty() || parse(text, value.emplace());
  } else if constexpr (Named<T>) {
    const auto named = from_string<T>(text);
    if (named) value = *named;
    return named.has_value();
  } else if constexpr (std::is_same_v<T, bool>) {
    value = text == "1";
    return value || text == "0";
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = text;
    return true;
  } else {
    const char* const end = text.data() + text.size();
    const auto [at, code] = std::from_chars(text.data(), end, value);
    return code == std::errc() && at == end;
  }
}

template <class Row>
std::string table(const std::vector<Row>& rows) {
  std::string text;
  Row header;
  describe(header, [&](const char* name, const auto&, const char*) { text += text.empty() ? "" : ",", text += name; });
  text += '\n';
  for (Row row : rows) {
    bool first = true;
    describe(row, [&](const char*, const auto& value, const char*) {
      if (!first) text += ',';
      first = false;
      text += field(value);
    });
    text += '\n';
  }
  return text;
}

template <class Row>
std::vector<Row> read_table(const std::filesystem::path& file) {
  const auto records = csv_records(read_file(file), file.string());
  Row row;
  std::vector<std::string> columns;
  describe(row, [&](const char* name, const auto&, const char*) { columns.emplace_back(name); });
  if (records.empty() || records.front() != columns) {
    throw InputError("does not have the columns " + model::joined(columns), file.string());
  }
  std::vector<Row> rows;
  for (std::size_t r = 1; r < records.size(); ++r) {
    const auto refuse = [&](const std::string& what) {
      throw InputError(what, file.string(), fmt::format("record {}", r));
    };
    const auto& record = records[r];
    if (record.size() != columns.size()) {
      refuse(fmt::format("has {} fields, the header has {}", record.size(), columns.size()));
    }
    std::size_t c = 0;
    describe(row, [&](const char* name, auto& value, const char*) {
      if (!parse(record[c], value)) refuse(fmt::format("{} cannot be {}", name, model::in_quotes(record[c])));
      ++c;
    });
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

std::vector<std::string> write_csv(const Study& study, const std::filesystem::path& folder) {
  make_folder(folder);
  const nlohmann::ordered_json facts = {{"format", format_version},
                                        {"name", study.name},
                                        {"version", study.version},
                                        {"machine", study.machine},
                                        {"spec", nlohmann::ordered_json::parse(study.spec, nullptr, false)}};
  const std::vector<std::pair<std::string, std::string>> files = {{"study.json", facts.dump(2) + "\n"},
                                                                  {"networks.csv", table(study.networks)},
                                                                  {"bounds.csv", table(study.bounds)},
                                                                  {"solves.csv", table(study.solves)},
                                                                  {"traces.csv", table(study.traces)}};
  std::vector<std::string> names;
  for (const auto& [name, bytes] : files) {
    write_file(folder / name, bytes);
    names.push_back(name);
  }
  return names;
}

Study read_csv_folder(const std::filesystem::path& folder) {
  const std::string file = (folder / "study.json").string();
  const nlohmann::json facts = model::parse_json(read_file(file), file);
  const model::JsonPlaces at(file);
  at.keys(facts, "the study", {"format", "name", "version", "machine", "spec"}, {});
  if (facts["format"] != format_version) {
    at.refuse("format", fmt::format("has to be {}, found {}", format_version, model::found(facts["format"])));
  }
  Study study;
  study.name = at.text(facts["name"], "name");
  study.version = at.text(facts["version"], "version");
  study.machine = at.text(facts["machine"], "machine");
  study.spec = facts["spec"].dump();
  study.networks = read_table<NetworkRow>(folder / "networks.csv");
  study.bounds = read_table<BoundsRow>(folder / "bounds.csv");
  study.solves = read_table<SolveRow>(folder / "solves.csv");
  study.traces = read_table<TraceRow>(folder / "traces.csv");
  return study;
}

}  // namespace secateur::study
