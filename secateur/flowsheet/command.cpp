// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <system_error>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/data/table.hpp"
#include "secateur/data/text.hpp"
#include "secateur/flowsheet/process.hpp"

namespace secateur::flowsheet {

namespace {

/// More than this for every value is no table of numbers.
constexpr std::uint64_t most_bytes_a_value = 400, most_bytes_beside = std::uint64_t{16} << 20;

/// The last line that says something, for a message of one line.
std::string last_line(std::string_view text) {
  const std::string_view said = data::trim(text);
  const auto begin = said.find_last_of("\r\n");
  const std::string_view line = begin == std::string_view::npos ? said : said.substr(begin + 1);
  constexpr std::size_t longest = 200;
  std::string shown;
  for (const char c : line.substr(0, longest)) shown += c >= 0x20 && c != 0x7f ? c : '?';
  return data::is_utf8(shown) ? shown : data::printable(line);
}

}  // namespace

Simulation answer(const Vector& outputs) {
  if (outputs.array().isNaN().any()) return {false, {}, "the simulator gave no number"};
  if (!outputs.allFinite()) return {false, {}, "the simulator gave an infinite number"};
  return {true, outputs, {}};
}

Command::Command(Description description, Settings settings)
    : Simulator(std::move(description)), m_settings(std::move(settings)) {}

Index Command::batch() const { return std::numeric_limits<Index>::max(); }

Simulation Command::run(const Vector& point) const { return simulate(point); }

void Command::refuse(const std::string& what) const {
  throw InputError(what, m_settings.file, fmt::format("simulator \"{}\"", fmt::join(m_settings.words, " ")));
}

std::vector<Simulation> Command::run_all(const Matrix& points, const Stop& stop) const {
  const Index rows = points.rows();
  const Index parts = std::clamp<Index>(m_settings.processes, 1, std::max<Index>(1, rows));
  struct Part {
    Index rows;
    std::unique_ptr<Process> process;
  };
  std::vector<Part> started;
  for (Index p = 0; p < parts; ++p) {
    const Index begin = p * rows / parts, count = (p + 1) * rows / parts - begin;
    const std::string table = data::to_csv({names(inputs()), points.middleRows(begin, count)});
    try {
      started.push_back({count, std::make_unique<Process>(m_settings.words, m_settings.folder, table)});
    } catch (const std::system_error& error) {
      refuse(fmt::format("cannot be started: {}", std::strerror(error.code().value())));
    }
  }
  std::vector<Simulation> all;
  for (auto& [count, process] : started) {
    const std::uint64_t most = most_bytes_beside + most_bytes_a_value * static_cast<std::uint64_t>(count) *
                                                       static_cast<std::uint64_t>(inputs().size() + outputs().size());
    const ProcessEnd end = process->wait(m_settings.timeout_seconds, most, stop);
    const std::string said = last_line(end.messages), behind = said.empty() ? "" : "; it said: " + said;
    switch (end.how) {
      case ProcessEnd::How::interrupted:
        return all;
      case ProcessEnd::How::time_limit:
        refuse(
            fmt::format("had no answer to {} point{} after {:g} s and was ended; \"timeout_seconds\" sets this limit{}",
                        count, count == 1 ? "" : "s", m_settings.timeout_seconds, behind));
      case ProcessEnd::How::output_limit:
        refuse(fmt::format("wrote more than {} MiB for {} point{} and was ended", most >> 20, count,
                           count == 1 ? "" : "s"));
      case ProcessEnd::How::signal:
        refuse(fmt::format("was ended by signal {} ({}){}", end.number, strsignal(end.number), behind));
      case ProcessEnd::How::code:
        if (end.number != 0) refuse(fmt::format("ended with exit code {}{}", end.number, behind));
    }
    std::vector<Simulation> some = answers(end.output, count);
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

std::vector<Simulation> Command::answers(const std::string& output, Index rows) const {
  Matrix values;
  try {
    const data::Table table = data::read_answers(output, "its output");
    values = data::select(table, names(outputs()), "its output");
  } catch (const InputError& error) {
    refuse(error.what());
  }
  if (values.rows() != rows) {
    refuse(fmt::format("wrote {} row{} for {} point{}; a row a point is needed, with nan where it does not converge",
                       values.rows(), values.rows() == 1 ? "" : "s", rows, rows == 1 ? "" : "s"));
  }
  std::vector<Simulation> result;
  for (Index i = 0; i < rows; ++i) result.push_back(answer(values.row(i).transpose()));
  return result;
}

}  // namespace secateur::flowsheet
