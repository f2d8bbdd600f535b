// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>
#include <vector>

#include "secateur/lp/conditions.hpp"
#include "secateur/lp/file_names.hpp"
#include "secateur/lp/model.hpp"

namespace secateur::lp {

namespace {

/// A row as MPS states it: one type and right-hand side, and the width of a RANGES entry where it has one.
struct MpsRow {
  int row;
  char type;
  double rhs;
  double range;  // 0: none
  std::string name;
};

// An E, L or G row says lower or upper exactly. For a row with both, RANGES gives R and the reader computes
// lower = rhs - R (L row): only used when that difference is exact; otherwise the row is written twice, as L and as G.
std::vector<MpsRow> mps_rows(const Model& model) {
  const std::vector<std::string> names = [&] {
    std::vector<std::string> all = model.row_names;
    all.push_back("obj");  // the objective's row; taken first by a row of that name, it moves aside
    return file_names(all, "r");
  }();
  std::vector<MpsRow> rows{{-1, 'N', -model.offset, 0, names.back()}};
  std::vector<std::string> all_names = names;
  for (int r = 0; r < model.rows(); ++r) {
    const auto i = static_cast<std::size_t>(r);
    const double lower = model.row_lower[i], upper = model.row_upper[i];
    if (std::isinf(lower) && std::isinf(upper) && lower < upper) {
      continue;  // says nothing, and a second N row is taken for a second objective
    } else if (lower == upper) {
      rows.push_back({r, 'E', upper, 0, names[i]});
    } else if (std::isinf(lower)) {
      rows.push_back({r, 'L', upper, 0, names[i]});
    } else if (std::isinf(upper)) {
      rows.push_back({r, 'G', lower, 0, names[i]});
    } else if (const double range = upper - lower; range > 0 && std::isfinite(range) && upper - range == lower) {
      rows.push_back({r, 'L', upper, range, names[i]});
    } else {
      rows.push_back({r, 'L', upper, 0, names[i]});
      all_names.push_back(names[i] + "_low");
      rows.push_back({r, 'G', lower, 0, ""});  // named below, once all others have theirs
    }
  }
  const std::vector<std::string> unique = file_names(all_names, "r");
  std::size_t next = names.size();
  for (MpsRow& row : rows) {
    if (row.name.empty()) row.name = unique[next++];
  }
  return rows;
}

void append_bounds(std::string& text, const Model& model, int c, const std::string& name) {
  const auto i = static_cast<std::size_t>(c);
  const double lower = model.column_lower[i], upper = model.column_upper[i];
  const auto line = [&](const char* type, const double* value) {
    text += std::string(" ") + type + " BND " + name;
    if (value != nullptr) {
      text += ' ';
      append_number(text, *value);
    }
    text += '\n';
  };
  // Every integer column states its bounds, since readers disagree about the default; an upper bound never stands
  // without its lower one, since a negative one alone moves the lower bound in some readers.
  if (model.integer[i] && lower == 0 && upper == 1) return line("BV", nullptr);
  if (lower == upper) return line("FX", &upper);
  if (std::isinf(lower) && std::isinf(upper)) return line("FR", nullptr);
  if (std::isinf(lower)) {
    line("MI", nullptr);
  } else if (lower != 0 || !std::isinf(upper) || model.integer[i]) {
    line("LO", &lower);
  }
  if (!std::isinf(upper)) {
    line("UP", &upper);
  } else if (model.integer[i]) {
    line("PL", nullptr);
  }
}

/// The sections on special ordered sets and on the rows that a binary column implies, as SCIP, Gurobi and CPLEX read
/// them.
void append_conditions(std::string& text, const Model& whole, const FlatModel& flat, const std::vector<MpsRow>& rows,
                       const std::vector<std::string>& columns) {
  if (!whole.sos1.empty()) text += "SOS\n";
  std::vector<std::string> names;
  for (const Sos1& set : whole.sos1) names.push_back(set.name);
  names = file_names(names, "s");
  for (std::size_t k = 0; k < names.size(); ++k) {
    text += " S1 " + names[k] + "\n";
    for (std::size_t i = 0; i < whole.sos1[k].columns.size(); ++i) {
      text += "    " + columns[static_cast<std::size_t>(whole.sos1[k].columns[i])] + " ";
      append_number(text, whole.sos1[k].weights[i]);
      text += '\n';
    }
  }
  if (!whole.indicators.empty()) text += "INDICATORS\n";
  for (const MpsRow& row : rows) {
    const int k = row.row < 0 ? -1 : flat.condition[static_cast<std::size_t>(row.row)];
    if (k < 0) continue;
    const Indicator& indicator = whole.indicators[static_cast<std::size_t>(k)];
    text += " IF " + row.name + " " + columns[static_cast<std::size_t>(indicator.column)] + " " +
            std::to_string(indicator.value) + "\n";
  }
}

}  // namespace

std::string to_mps(const Model& whole) {
  const FlatModel flat = flatten(whole);
  const Model& model = flat.model;
  const std::vector<std::string> columns = file_names(model.column_names, "c");
  const std::vector<MpsRow> rows = mps_rows(model);
  std::string text = renamed(model.column_names, columns, "* ");
  for (const MpsRow& row : rows) {
    if (row.row < 0) continue;
    const std::string& from = model.row_names[static_cast<std::size_t>(row.row)];
    text += renamed({from}, {row.name}, "* ");
  }
  text += "NAME secateur\nOBJSENSE\n    ";
  text += model.sense == Sense::maximize ? "MAX\n" : "MIN\n";

  text += "ROWS\n";
  for (const MpsRow& row : rows) text += std::string(" ") + row.type + " " + row.name + "\n";

  // By columns, each with its rows.
  struct Entry {
    std::size_t row;
    double value;
  };
  std::vector<std::vector<Entry>> entries(columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (model.cost[c] != 0) entries[c].push_back({0, model.cost[c]});
  }
  for (std::size_t k = 1; k < rows.size(); ++k) {
    const auto r = static_cast<std::size_t>(rows[k].row);
    for (int e = model.row_start[r]; e < model.row_start[r + 1]; ++e) {
      const auto i = static_cast<std::size_t>(e);
      if (model.value[i] != 0) entries[static_cast<std::size_t>(model.column[i])].push_back({k, model.value[i]});
    }
  }
  text += "COLUMNS\n";
  bool inside_integers = false;
  const auto marker = [&](bool integer) {
    if (integer == inside_integers) return;
    text += std::string(" MARKER 'MARKER' ") + (integer ? "'INTORG'" : "'INTEND'") + "\n";
    inside_integers = integer;
  };
  for (std::size_t c = 0; c < columns.size(); ++c) {
    marker(model.integer[c]);
    // A column without entries still has to be declared.
    if (entries[c].empty()) entries[c].push_back({0, 0.0});
    for (const Entry& entry : entries[c]) {
      text += " " + columns[c] + " " + rows[entry.row].name + " ";
      append_number(text, entry.value);
      text += '\n';
    }
  }
  marker(false);

  text += "RHS\n";
  for (const MpsRow& row : rows) {
    if (row.rhs == 0) continue;
    text += " RHS " + row.name + " ";
    append_number(text, row.rhs);
    text += '\n';
  }
  text += "RANGES\n";
  for (const MpsRow& row : rows) {
    if (row.range == 0) continue;
    text += " RNG " + row.name + " ";
    append_number(text, row.range);
    text += '\n';
  }
  text += "BOUNDS\n";
  for (int c = 0; c < model.columns(); ++c) append_bounds(text, model, c, columns[static_cast<std::size_t>(c)]);
  append_conditions(text, whole, flat, rows, columns);
  text += "ENDATA\n";
  return text;
}

}  // namespace secateur::lp
