// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/encoding.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "secateur/core/error.hpp"
#include "secateur/core/hash.hpp"
#include "secateur/core/version.hpp"

namespace secateur::search {

namespace {

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

std::string first_line(const FileKind& kind) {
  return fmt::format("secateur {} {} of version {}", kind.name, kind.format, version);
}

std::string line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string text(rest.substr(0, end));
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return text;
}

}  // namespace

void put_network(Writer& out, const nn::Network& network) {
  out << network.activation << static_cast<Index>(network.layers.size());
  for (const nn::Layer& layer : network.layers) put(out, layer);
}

std::string seal(const FileKind& kind, const std::string& whose, const std::string& body) {
  std::string bytes = first_line(kind) + "\n" + whose + "\n";
  const std::string hash = hash_of(bytes + body);
  return bytes.append(hash).append("\n").append(body);
}

Unsealed unseal(const FileKind& kind, std::string_view bytes, const std::string& file) {
  std::string_view rest = bytes;
  const std::string first = line(rest), mine = first_line(kind);
  if (!first.starts_with(fmt::format("secateur {} ", kind.name))) {
    throw InputError(fmt::format("is there already and is no {}; give another file, or remove it", kind.name), file);
  }
  if (first != mine) {
    constexpr std::size_t most_shown = 60;
    throw InputError(
        fmt::format("is {} of another version (\"{}\"; this one writes \"{}\"); use it with that version, or {}",
                    kind.noun, first.substr(0, most_shown), mine, kind.remedy),
        file);
  }
  std::string whose = line(rest);
  const std::string hash = line(rest);
  if (hash_of(first + "\n" + whose + "\n" + std::string(rest)) != hash) {
    refuse_damaged(kind, file, "what it holds does not match its checksum");
  }
  return {std::move(whose), Reader(kind, file, rest, static_cast<Index>(bytes.size() - rest.size()))};
}

void refuse_damaged(const FileKind& kind, const std::string& file, const std::string& how, const std::string& where) {
  throw InputError(fmt::format("is {} that is damaged: {}; {}", kind.noun, how, kind.remedy), file, where);
}

void Reader::end() const {
  if (left() > 0) refuse(fmt::format("{} bytes more than belong to it", left()), 0);
}

/// `back`: where it was found, in bytes before what is left.
void Reader::refuse(const std::string& how, std::size_t back) const {
  refuse_damaged(m_kind, m_file, how, fmt::format("byte {}", m_size - left() - static_cast<Index>(back)));
}

void Reader::refuse_short(std::size_t bytes) const {
  refuse(fmt::format("{} bytes are left where {} belong", left(), bytes), 0);
}

void Reader::refuse_choice(std::int64_t number, std::size_t choices, std::size_t bytes) const {
  refuse(fmt::format("{} where 0 to {} may stand", number, choices - 1), bytes);
}

void Reader::refuse_count(Index count, Index bytes) const {
  refuse(fmt::format("a list of {} entries where {} at most fit into what is left", count, left() / bytes),
         sizeof count);
}

}  // namespace secateur::search
