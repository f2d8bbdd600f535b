// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>
#include <vector>

#include "secateur/lp/conditions.hpp"
#include "secateur/lp/file_names.hpp"
#include "secateur/lp/model.hpp"

namespace secateur::lp {

namespace {

/// Collects the words of one statement and breaks the line before it grows past what readers take (510 characters).
class Lines {
 public:
  explicit Lines(std::string& text) : m_text(text) {}

  void begin(const std::string& word) {
    m_text += ' ' + word;
    m_width = word.size() + 1;
  }
  void add(const std::string& word) {
    if (m_width + word.size() + 1 > 120) {
      m_text += "\n ";
      m_width = 1;
    }
    m_text += ' ' + word;
    m_width += word.size() + 1;
  }
  void end() { m_text += '\n'; }

 private:
  std::string& m_text;
  std::size_t m_width = 0;
};

std::string number(double value) {
  std::string text;
  append_number(text, value);
  return text;
}

/// "+ 2.5 x", never parted by a line break.
std::string term(double coefficient, const std::string& name) {
  return (std::signbit(coefficient) ? "- " : "+ ") + number(std::abs(coefficient)) + ' ' + name;
}

}  // namespace

std::string to_lp(const Model& whole) {
  if (whole.offset != 0) {
    // Not every reader takes a constant in the objective; all take a column that is fixed to 1.
    Model with_column = whole;
    with_column.offset = 0;
    with_column.add_column(1, 1, whole.offset, false, "constant");
    return to_lp(with_column);
  }
  const FlatModel flat = flatten(whole);
  const Model& model = flat.model;
  const std::vector<std::string> columns = file_names(model.column_names, "c");
  // A row bounded on both sides is written as two, since not every reader knows ranges.
  std::vector<std::string> wanted = model.row_names;
  for (int r = 0; r < model.rows(); ++r) wanted.push_back(model.row_names[static_cast<std::size_t>(r)] + "_low");
  const std::vector<std::string> rows = file_names(wanted, "r");
  const auto row_count = static_cast<std::size_t>(model.rows());
  const std::vector<std::string> own_rows(rows.begin(), rows.begin() + model.rows());

  std::string text = renamed(model.column_names, columns, "\\ ") + renamed(model.row_names, own_rows, "\\ ");
  Lines lines(text);
  text += model.sense == Sense::maximize ? "Maximize\n" : "Minimize\n";
  lines.begin("obj:");
  // Columns that no row has are named here: some readers know only columns that they have met before the bounds.
  std::vector<bool> in_rows(columns.size(), false);
  for (const int c : model.column) in_rows[static_cast<std::size_t>(c)] = true;
  bool empty = true;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (model.cost[c] == 0 && in_rows[c]) continue;
    lines.add(term(model.cost[c], columns[c]));
    empty = false;
  }
  if (empty && !columns.empty()) lines.add(term(0, columns[0]));
  lines.end();

  text += "Subject To\n";
  for (std::size_t r = 0; r < row_count; ++r) {
    const auto write = [&](const std::string& name, const char* relation, double side) {
      lines.begin(name + ":");
      if (const int k = flat.condition[r]; k >= 0) {
        const Indicator& indicator = whole.indicators[static_cast<std::size_t>(k)];
        lines.add(columns[static_cast<std::size_t>(indicator.column)] + " = " + std::to_string(indicator.value) +
                  " ->");
      }
      bool no_terms = true;
      for (int e = model.row_start[r]; e < model.row_start[r + 1]; ++e) {
        const auto i = static_cast<std::size_t>(e);
        if (model.value[i] == 0) continue;
        lines.add(term(model.value[i], columns[static_cast<std::size_t>(model.column[i])]));
        no_terms = false;
      }
      if (no_terms && !columns.empty()) lines.add(term(0, columns[0]));
      lines.add(std::string(relation) + ' ' + number(side));
      lines.end();
    };
    const double lower = model.row_lower[r], upper = model.row_upper[r];
    if (lower == upper) {
      write(rows[r], "=", upper);
      continue;
    }
    if (!std::isinf(upper)) write(rows[r], "<=", upper);
    if (!std::isinf(lower)) write(std::isinf(upper) ? rows[r] : rows[row_count + r], ">=", lower);
  }

  const auto is_binary = [&](std::size_t c) {
    return model.integer[c] && model.column_lower[c] == 0 && model.column_upper[c] == 1;
  };
  text += "Bounds\n";
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const double lower = model.column_lower[c], upper = model.column_upper[c];
    if (is_binary(c) || (lower == 0 && std::isinf(upper))) continue;
    if (std::isinf(lower) && std::isinf(upper)) {
      text += " " + columns[c] + " free\n";
    } else if (lower == upper) {
      text += " " + columns[c] + " = " + number(lower) + "\n";
    } else {
      text += ' ';
      text += std::isinf(lower) ? "-inf" : number(lower);
      text += " <= " + columns[c];
      if (!std::isinf(upper)) text += " <= " + number(upper);
      text += '\n';
    }
  }
  for (const bool binary : {true, false}) {
    bool opened = false;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (!model.integer[c] || is_binary(c) != binary) continue;
      if (!opened) text += binary ? "Binary\n" : "General\n";
      opened = true;
      text += " " + columns[c] + "\n";
    }
  }
  if (!model.sos1.empty()) {
    text += "SOS\n";
    std::vector<std::string> names;
    for (const Sos1& set : model.sos1) names.push_back(set.name);
    names = file_names(names, "s");
    for (std::size_t k = 0; k < names.size(); ++k) {
      lines.begin(names[k] + ": S1::");
      for (std::size_t i = 0; i < model.sos1[k].columns.size(); ++i) {
        lines.add(columns[static_cast<std::size_t>(model.sos1[k].columns[i])] + ":" + number(model.sos1[k].weights[i]));
      }
      lines.end();
    }
  }
  text += "End\n";
  return text;
}

}  // namespace secateur::lp
