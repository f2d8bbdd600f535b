// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/checkpoint.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/hash.hpp"
#include "secateur/search/encoding.hpp"

namespace secateur::search {

static Writer& operator<<(Writer& out, const Range& range) {
  return out << range.output << range.lower << range.upper << range.step;
}
static Writer& operator<<(Writer& out, const Split& split) { return out << split.value << split.active; }
static Writer& operator<<(Writer& out, const SavedNode& node) {
  return out << node.lower << node.upper << node.splits << node.price << node.bound << node.depth;
}
static Writer& operator<<(Writer& out, const KnownCost& cost) {
  return out << cost.value << cost.up << cost.gain << cost.count;
}
static Writer& operator<<(Writer& out, const Pace::Point& point) { return out << point.work << point.open; }
static Writer& operator<<(Writer& out, const SavedSearch& search) {
  const SavedTree& tree = search.tree;
  out << search.way << tree.cutoff << tree.settled << tree.nodes << tree.work << tree.open << tree.costs;
  return out << search.history << search.turn;
}
static Reader& operator>>(Reader& in, Range& range) {
  return in >> range.output >> range.lower >> range.upper >> range.step;
}
static Reader& operator>>(Reader& in, Split& split) { return in >> split.value >> split.active; }
static Reader& operator>>(Reader& in, SavedNode& node) {
  return in >> node.lower >> node.upper >> node.splits >> node.price >> node.bound >> node.depth;
}
static Reader& operator>>(Reader& in, KnownCost& cost) {
  return in >> cost.value >> cost.up >> cost.gain >> cost.count;
}
static Reader& operator>>(Reader& in, Pace::Point& point) { return in >> point.work >> point.open; }
static Reader& operator>>(Reader& in, SavedSearch& search) {
  SavedTree& tree = search.tree;
  in >> search.way >> tree.cutoff >> tree.settled >> tree.nodes >> tree.work >> tree.open >> tree.costs;
  return in >> search.history >> search.turn;
}

namespace {

constexpr FileKind kind{"checkpoint", "2", "a checkpoint", "remove it to start anew"};

void put(Writer& out, const std::vector<model::Term>& terms) {
  out << static_cast<Index>(terms.size());
  for (const model::Term& term : terms) out << term.variable << term.coefficient;
}

bool number(double value) { return !std::isnan(value); }
bool counted(double work) { return work >= 0 && std::isfinite(work); }

/// Whether a saved node is a part of the root.
bool fits(const SavedNode& node, const Root& root) {
  constexpr std::int64_t deepest = 1 << 30;
  const Box& box = root.box;
  const auto inputs = static_cast<std::size_t>(root.folded.inputs);
  bool good = node.lower.size() == inputs && node.upper.size() == inputs && number(node.bound) && node.depth >= 0 &&
              node.depth <= deepest && (node.price.empty() || node.price.size() == root.ranges.size() + 1);
  for (std::size_t j = 0; good && j < inputs; ++j) {
    const auto i = static_cast<Index>(j);
    good = box.lower(i) <= node.lower[j] && node.lower[j] <= node.upper[j] && node.upper[j] <= box.upper(i);
  }
  for (const Split& split : node.splits) good = good && std::ranges::binary_search(root.folded.unit, split.value);
  return good;
}

bool fits(const SavedTree& tree, const Root& root) {
  constexpr std::int64_t most_nodes = std::int64_t{1} << 53;
  // Products of two sums of gains are finite.
  constexpr double most_gain = 1e100;
  bool good =
      number(tree.cutoff) && number(tree.settled) && tree.nodes >= 0 && tree.nodes <= most_nodes && counted(tree.work);
  for (const SavedNode& node : tree.open) good = good && fits(node, root);
  for (const KnownCost& cost : tree.costs) good = good && cost.count > 0 && cost.gain >= 0 && cost.gain <= most_gain;
  return good && std::ranges::is_sorted(tree.open, {}, &SavedNode::bound);
}

/// Whether there is a search to go on with, none of them twice.
bool fits(const SavedContest& contest, const Root& root) {
  const auto at = static_cast<std::size_t>(contest.at);
  bool good = contest.at >= 0 && at < contest.begun.size() && !contest.begun[at].tree.open.empty();
  for (std::size_t i = 0; i < contest.begun.size(); ++i) {
    const SavedSearch& search = contest.begun[i];
    good = good && counted(search.turn) &&
           (search.way == Way::dual || search.way == Way::cut || search.way == Way::subdivision);
    for (std::size_t k = 0; k < i; ++k) good = good && contest.begun[k].way != search.way;
    good = good && fits(search.tree, root);
    const bool boxes = search.way == Way::subdivision;
    for (const SavedNode& node : search.tree.open) good = good && (!boxes || node.splits.empty());
    for (const Pace::Point& point : search.history) good = good && counted(point.work) && number(point.open);
    good = good && std::ranges::is_sorted(search.history, {}, &Pace::Point::work);
  }
  return good;
}

bool fits(const bounds::Folded& folded) {
  const Index rows = folded.rows();
  const auto layers = static_cast<Index>(folded.first.size()) - 1;
  bool good = folded.inputs >= 1 && folded.targets() >= 1 && folded.weight.cols() == folded.values() &&
              folded.bias.size() == rows && folded.error.size() == rows && folded.magnitude.size() == rows &&
              folded.lower.size() == folded.upper.size() && layers >= 0 && layers <= most_layers;
  if (!good) return false;
  good = folded.first.front() == folded.inputs && folded.first.back() == folded.values() &&
         static_cast<Index>(folded.reads.size()) == (layers + 1) * (layers + 1) &&
         std::ranges::is_sorted(folded.first) && std::ranges::is_sorted(folded.unit, std::less_equal<>());
  for (const Index unit : folded.unit) {
    good = good && unit >= 0 && unit < folded.lower.size() && folded.lower(unit) < 0 && folded.upper(unit) > 0;
  }
  return good && folded.weight.allFinite() && folded.bias.allFinite() && (folded.error.array() >= 0).all() &&
         (folded.magnitude.array() >= 0).all() && folded.underflow >= 0;
}

/// Whether the parts of a saved search fit one another, and every number is one that may stand there.
bool fits(const Saved& saved) {
  const Root& root = saved.root;
  const Box& box = root.box;
  if (!fits(root.folded) || box.lower.size() != root.folded.inputs || box.upper.size() != root.folded.inputs) {
    return false;
  }
  bool good = box.lower.allFinite() && box.upper.allFinite() && (box.lower.array() <= box.upper.array()).all() &&
              saved.incumbent.allFinite() && number(saved.objective);
  for (const Range& range : root.ranges) {
    good = good && range.output >= 0 && range.output + 1 < root.folded.targets() && number(range.lower) &&
           number(range.upper) && std::isfinite(range.step);
  }
  return good && fits(saved.contest, root);
}

}  // namespace

std::string fingerprint(const model::Problem& problem, const model::SolveSettings& settings) {
  Writer out;
  out << settings.gap << settings.absolute_gap << settings.feasibility << settings.worst_objective.has_value()
      << settings.worst_objective.value_or(0) << problem.sense << problem.constant;
  put(out, problem.objective);
  out << static_cast<Index>(problem.variables.size());
  for (const model::Variable& variable : problem.variables) {
    out << variable.name << variable.type << variable.lower << variable.upper << variable.values << variable.auxiliary;
  }
  out << static_cast<Index>(problem.networks.size());
  for (const model::NetworkUse& use : problem.networks) {
    out << use.inputs << use.outputs;
    put_network(out, use.network);
  }
  out << static_cast<Index>(problem.constraints.size());
  for (const model::Constraint& constraint : problem.constraints) {
    put(out, constraint.terms);
    out << constraint.lower << constraint.upper;
  }
  return hash_of(out.bytes());
}

std::string encode(const Saved& saved, const std::string& fingerprint) {
  const bounds::Folded& folded = saved.root.folded;
  Writer out;
  out << saved.root.box.lower << saved.root.box.upper << saved.root.ranges;
  out << folded.inputs << folded.first << folded.unit << folded.weight << folded.bias << folded.error
      << folded.magnitude << folded.reads << folded.underflow << folded.lower << folded.upper;
  out << saved.incumbent << saved.objective;
  out << saved.contest.begun << saved.contest.at;
  return seal(kind, fingerprint, out.bytes());
}

Saved decode(std::string_view bytes, const std::string& fingerprint, const std::string& file) {
  Unsealed unsealed = unseal(kind, bytes, file);
  if (unsealed.whose != fingerprint) {
    throw InputError(
        "is a checkpoint of another problem, or of other settings of gap or feasibility; give another file, or remove "
        "it to start anew",
        file);
  }
  Saved saved;
  bounds::Folded& folded = saved.root.folded;
  Reader& in = unsealed.body;
  in >> saved.root.box.lower >> saved.root.box.upper >> saved.root.ranges;
  in >> folded.inputs >> folded.first >> folded.unit >> folded.weight >> folded.bias >> folded.error >>
      folded.magnitude >> folded.reads >> folded.underflow >> folded.lower >> folded.upper;
  in >> saved.incumbent >> saved.objective;
  in >> saved.contest.begun >> saved.contest.at;
  in.end();
  if (!fits(saved)) refuse_damaged(kind, file, "its parts do not fit one another");
  return saved;
}

Checkpoint::Checkpoint(CheckpointSettings settings, const model::Problem& problem, const model::SolveSettings& solve)
    : m_settings(std::move(settings)), m_fingerprint(fingerprint(problem, solve)) {
  check_writable(m_settings.file);
  std::error_code code;
  if (std::filesystem::exists(m_settings.file, code)) {
    m_found = decode(read_file(m_settings.file), m_fingerprint, m_settings.file);
    m_kept = true;
  }
}

Saved Checkpoint::take() {
  Saved saved = std::move(m_found.value());
  m_found.reset();
  return saved;
}

void Checkpoint::save(const Saved& saved) {
  try {
    write_file(m_settings.file, encode(saved, m_fingerprint));
    m_kept = true;
    m_problem.clear();
  } catch (const InputError& error) {
    m_problem = error.what();
  }
  m_since = Stopwatch();
}

std::string Checkpoint::finish(const model::SolveResult& result) const {
  if (!m_problem.empty()) return "the last checkpoint was not written: " + m_problem;
  const bool solved =
      result.status == Status::optimal || result.status == Status::infeasible || result.status == Status::unbounded;
  std::error_code code;
  if (m_kept && solved) std::filesystem::remove(m_settings.file, code);
  if (m_kept || (solved && result.engine == model::Engine::native)) return {};
  return "nothing to checkpoint: only the native search is saved, and it did not run";
}

}  // namespace secateur::search
