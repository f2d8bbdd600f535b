// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/checkpoint.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <filesystem>
#include <type_traits>
#include <utility>
#include <variant>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/hash.hpp"
#include "secateur/core/version.hpp"

namespace secateur::search {

namespace {

static_assert(std::endian::native == std::endian::little, "checkpoints are stored as the machine stores its numbers");

constexpr std::string_view magic = "secateur checkpoint ";
/// Changes with the meaning of anything that is stored.
constexpr std::string_view format = "1";

/// Numbers, texts and lists one behind the other; a list's length stands before it.
class Writer {
 public:
  template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  Writer& operator<<(T value) {
    m_bytes.append(reinterpret_cast<const char*>(&value), sizeof value);  // NOLINT(*-reinterpret-cast)
    return *this;
  }
  Writer& operator<<(const std::string& text) {
    *this << static_cast<Index>(text.size());
    m_bytes += text;
    return *this;
  }
  template <class T>
  Writer& operator<<(const std::vector<T>& list) {
    *this << static_cast<Index>(list.size());
    for (const T& value : list) *this << value;
    return *this;
  }
  Writer& operator<<(const Vector& vector) {
    *this << vector.size();
    for (const double value : vector) *this << value;
    return *this;
  }
  Writer& operator<<(const Matrix& matrix) {
    *this << matrix.rows() << matrix.cols();
    for (Index i = 0; i < matrix.rows(); ++i) {
      for (Index j = 0; j < matrix.cols(); ++j) *this << matrix(i, j);
    }
    return *this;
  }
  Writer& operator<<(const Range& range) { return *this << range.output << range.lower << range.upper << range.step; }
  Writer& operator<<(const Split& split) { return *this << split.value << split.active; }
  Writer& operator<<(const SavedNode& node) {
    return *this << node.lower << node.upper << node.splits << node.price << node.bound << node.depth;
  }

  [[nodiscard]] const std::string& bytes() const { return m_bytes; }

 private:
  std::string m_bytes;
};

/// The same in return. Throws std::out_of_range when bytes are missing.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : m_left(bytes) {}

  template <class T>
    requires std::is_arithmetic_v<T>
  Reader& operator>>(T& value) {
    if (m_left.size() < sizeof value) throw std::out_of_range("checkpoint");
    std::array<char, sizeof(T)> raw;
    m_left.copy(raw.data(), raw.size());
    m_left.remove_prefix(raw.size());
    value = std::bit_cast<T>(raw);
    return *this;
  }
  template <class T>
  Reader& operator>>(std::vector<T>& list) {
    list.resize(static_cast<std::size_t>(count()));
    for (T& value : list) *this >> value;
    return *this;
  }
  Reader& operator>>(Vector& vector) {
    vector.resize(count());
    for (double& value : vector) *this >> value;
    return *this;
  }
  Reader& operator>>(Matrix& matrix) {
    const Index rows = count(), columns = count();
    if (columns > 0 && rows > left() / columns) throw std::out_of_range("checkpoint");
    matrix.resize(rows, columns);
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < columns; ++j) *this >> matrix(i, j);
    }
    return *this;
  }
  Reader& operator>>(Range& range) { return *this >> range.output >> range.lower >> range.upper >> range.step; }
  Reader& operator>>(Split& split) { return *this >> split.value >> split.active; }
  Reader& operator>>(SavedNode& node) {
    return *this >> node.lower >> node.upper >> node.splits >> node.price >> node.bound >> node.depth;
  }

  [[nodiscard]] Index left() const { return static_cast<Index>(m_left.size()); }

 private:
  /// A length: every entry takes at least a byte.
  Index count() {
    Index value = 0;
    *this >> value;
    if (value < 0 || value > left()) throw std::out_of_range("checkpoint");
    return value;
  }

  std::string_view m_left;
};

void put(Writer& out, const nn::Layer& layer) {
  out << static_cast<Index>(layer.index());
  if (const auto* dense = std::get_if<nn::Dense>(&layer)) {
    out << dense->weight << dense->bias;
  } else if (const auto* elementwise = std::get_if<nn::Elementwise>(&layer)) {
    out << elementwise->op << elementwise->constant;
  } else if (const auto* relu = std::get_if<nn::Relu>(&layer)) {
    out << relu->units;
  } else {
    const auto& sparse = std::get<nn::Sparse>(layer);
    out << sparse.weight.rows() << sparse.weight.cols() << sparse.weight.nonZeros() << sparse.bias;
    for (Index i = 0; i < sparse.weight.outerSize(); ++i) {
      for (SparseMatrix::InnerIterator it(sparse.weight, i); it; ++it) {
        out << static_cast<Index>(it.row()) << static_cast<Index>(it.col()) << it.value();
      }
    }
  }
}

void put(Writer& out, const std::vector<model::Term>& terms) {
  out << static_cast<Index>(terms.size());
  for (const model::Term& term : terms) out << term.variable << term.coefficient;
}

std::string line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string text(rest.substr(0, end));
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return text;
}

/// Whether the parts of a saved search fit one another.
bool fits(const Saved& saved) {
  const bounds::Folded& folded = saved.root.folded;
  const Index inputs = folded.inputs, targets = folded.targets();
  const Box& box = saved.root.box;
  bool good = inputs >= 1 && box.lower.size() == inputs && box.upper.size() == inputs && targets >= 1 &&
              folded.weight.cols() == folded.values() && folded.bias.size() == folded.rows() &&
              folded.error.size() == folded.rows() && folded.magnitude.size() == folded.rows() &&
              folded.lower.size() == folded.upper.size() && !folded.first.empty();
  if (!good) return false;
  const auto layers = folded.first.size() - 1;
  good = folded.first.front() == inputs && folded.first.back() == folded.values() &&
         folded.reads.size() == (layers + 1) * (layers + 1);
  for (std::size_t k = 0; k < layers; ++k) good = good && folded.first[k] <= folded.first[k + 1];
  for (const Index unit : folded.unit) good = good && unit >= 0 && unit < folded.lower.size();
  for (const Range& range : saved.root.ranges) good = good && range.output >= 0 && range.output + 1 < targets;
  return good;
}

}  // namespace

std::string fingerprint(const model::Problem& problem, const model::SolveSettings& settings) {
  Writer out;
  out << settings.gap << settings.absolute_gap << settings.feasibility << problem.sense << problem.constant;
  put(out, problem.objective);
  out << static_cast<Index>(problem.variables.size());
  for (const model::Variable& variable : problem.variables) {
    out << variable.name << variable.type << variable.lower << variable.upper << variable.values << variable.auxiliary;
  }
  out << static_cast<Index>(problem.networks.size());
  for (const model::NetworkUse& use : problem.networks) {
    out << use.inputs << use.outputs << use.network.activation << static_cast<Index>(use.network.layers.size());
    for (const nn::Layer& layer : use.network.layers) put(out, layer);
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
  out << saved.tree.cutoff << saved.tree.settled << saved.tree.nodes << saved.tree.open;
  std::string bytes(magic);
  bytes.append(format).append(" of version ").append(version).append("\n").append(fingerprint).append("\n");
  const std::string hash = hash_of(bytes + out.bytes());
  return bytes.append(hash).append("\n").append(out.bytes());
}

Saved decode(std::string_view bytes, const std::string& fingerprint, const std::string& file) {
  std::string_view rest = bytes;
  const std::string first = line(rest);
  if (!first.starts_with(magic)) {
    throw InputError("is there already and is no checkpoint; give another file, or remove it", file);
  }
  std::string mine(magic);
  mine.append(format).append(" of version ").append(version);
  if (first != mine) {
    throw InputError("is a checkpoint of another version (\"" + first.substr(0, 60) + "\"; this one writes \"" + mine +
                         "\"); finish it with that version, or remove it",
                     file);
  }
  const std::string whose = line(rest), hash = line(rest);
  const auto refuse_damaged = [&] {
    throw InputError("is a damaged checkpoint: what it holds does not match its checksum; remove it to start anew",
                     file);
  };
  if (hash_of(first + "\n" + whose + "\n" + std::string(rest)) != hash) refuse_damaged();
  if (whose != fingerprint) {
    throw InputError(
        "is a checkpoint of another problem, or of other settings of gap or feasibility; give another file, or remove "
        "it to start anew",
        file);
  }
  Saved saved;
  bounds::Folded& folded = saved.root.folded;
  try {
    Reader in(rest);
    in >> saved.root.box.lower >> saved.root.box.upper >> saved.root.ranges;
    in >> folded.inputs >> folded.first >> folded.unit >> folded.weight >> folded.bias >> folded.error >>
        folded.magnitude >> folded.reads >> folded.underflow >> folded.lower >> folded.upper;
    in >> saved.incumbent >> saved.objective;
    in >> saved.tree.cutoff >> saved.tree.settled >> saved.tree.nodes >> saved.tree.open;
    if (in.left() > 0) refuse_damaged();
  } catch (const std::out_of_range&) {
    refuse_damaged();
  }
  if (!fits(saved)) refuse_damaged();
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
