// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/estimate.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace secateur::study {

namespace {

double guess(const Cell& cell) {
  switch (cell.kind) {
    case Kind::train:
      return 4;
    case Kind::prune:
      return 6;
    case Kind::bounds:
      return 0.1;
    case Kind::solve:
      break;
  }
  // Of their limit, dense networks mostly need all of it, pruned ones a part.
  const double limit = cell.spec.at("solve").value("time_limit", 60.0);
  return cell.axes.method ? 0.15 * limit : limit;
}

}  // namespace

Estimate::Estimate(const std::vector<Cell>& cells, const std::map<std::string, double>& seconds) {
  std::map<std::string, std::size_t> groups;
  for (const Cell& cell : cells) {
    const std::string kind = fmt::format("{} {} {}", to_string(cell.kind), cell.label, !cell.reference.empty());
    const Axes& a = cell.axes;
    const std::string alike =
        fmt::format("{}|{}|{}|{}|{}|{}", kind, a.source, a.architecture, a.training, a.pruning, a.sparsity);
    const auto index = [&](const std::string& name) { return groups.emplace(name, groups.size()).first->second; };
    m_entries.push_back({index(alike), index(kind), guess(cell)});
  }
  m_means.resize(groups.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto known = seconds.find(cells[i].key);
    if (known != seconds.end()) learn(i, known->second);
  }
}

double Estimate::of(std::size_t cell) const {
  const Entry& entry = m_entries[cell];
  for (const std::size_t group : {entry.alike, entry.kind}) {
    if (m_means[group].count > 0) return m_means[group].sum / m_means[group].count;
  }
  return entry.guess;
}

void Estimate::learn(std::size_t cell, double seconds) {
  for (const std::size_t group : {m_entries[cell].alike, m_entries[cell].kind}) {
    m_means[group].sum += seconds;
    ++m_means[group].count;
  }
}

std::string duration_text(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f} s", seconds);
  if (seconds < 5400) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

}  // namespace secateur::study
