// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/search/encoding.hpp"
#include "secateur/search/learned.hpp"

namespace secateur::search {

static Writer& operator<<(Writer& out, const Learned::Term& term) { return out << term.place << term.coefficient; }
static Writer& operator<<(Writer& out, const Learned::Domain& domain) {
  return out << domain.place << domain.type << domain.lower << domain.upper << domain.values;
}
static Writer& operator<<(Writer& out, const Learned::Row& row) { return out << row.terms << row.lower << row.upper; }
static Writer& operator<<(Writer& out, const Learned::Proven& proven) {
  return out << proven.sense << proven.objective << proven.constant << proven.domains << proven.rows << proven.bound;
}
static Writer& operator<<(Writer& out, const Learned::Cost& cost) {
  return out << cost.layer << cost.unit << cost.up << cost.gain << cost.count;
}
static Reader& operator>>(Reader& in, Learned::Term& term) { return in >> term.place >> term.coefficient; }
static Reader& operator>>(Reader& in, Learned::Domain& domain) {
  return in >> domain.place >> domain.type >> domain.lower >> domain.upper >> domain.values;
}
static Reader& operator>>(Reader& in, Learned::Row& row) { return in >> row.terms >> row.lower >> row.upper; }
static Reader& operator>>(Reader& in, Learned::Proven& proven) {
  return in >> proven.sense >> proven.objective >> proven.constant >> proven.domains >> proven.rows >> proven.bound;
}
static Reader& operator>>(Reader& in, Learned::Cost& cost) {
  return in >> cost.layer >> cost.unit >> cost.up >> cost.gain >> cost.count;
}

namespace {

constexpr FileKind kind{"learned", "1", "a file of what was learned", "remove it to learn anew"};

/// Whether the parts fit one another, and every number is one that may stand there.
bool fits(const Learned& learned) {
  if (learned.networked < 0) return false;
  const Index places = learned.networked + static_cast<Index>(learned.others.size());
  const auto there = [&](int place) { return place >= 0 && place < places; };
  const auto sound = [&](const std::vector<Learned::Term>& terms) {
    return std::is_sorted(terms.begin(), terms.end()) && std::all_of(terms.begin(), terms.end(), [&](const auto& term) {
             return there(term.place) && std::isfinite(term.coefficient) && term.coefficient != 0;
           });
  };
  for (const Vector& point : learned.points) {
    if (point.size() > places) return false;
  }
  for (const Learned::Proven& proven : learned.proven) {
    if (!std::isfinite(proven.bound) || !std::isfinite(proven.constant) || !sound(proven.objective)) return false;
    for (const Learned::Domain& domain : proven.domains) {
      if (!there(domain.place) || !(domain.lower <= domain.upper)) return false;
    }
    for (const Learned::Row& row : proven.rows) {
      if (!sound(row.terms) || !(row.lower <= row.upper)) return false;
    }
  }
  return learned.nodes >= 0 && std::all_of(learned.costs.begin(), learned.costs.end(), [&](const Learned::Cost& cost) {
           return cost.layer >= -1 && cost.unit >= 0 && cost.count > 0 && cost.gain >= 0 &&
                  cost.gain <= Learned::Cost::most_gain;
         });
}

}  // namespace

std::string encode(const Learned& learned) {
  Writer out;
  out << learned.networked << learned.others << learned.points << learned.proven << learned.costs << learned.way
      << learned.nodes;
  return seal(kind, learned.networks, out.bytes());
}

Learned decode_learned(std::string_view bytes, const std::string& file) {
  Unsealed unsealed = unseal(kind, bytes, file);
  Learned learned;
  learned.file = file;
  learned.networks = unsealed.whose;
  unsealed.body >> learned.networked >> learned.others >> learned.points >> learned.proven >> learned.costs >>
      learned.way >> learned.nodes;
  unsealed.body.end();
  if (!fits(learned)) refuse_damaged(kind, file, "its parts do not fit one another");
  return learned;
}

Learned read_learned(const std::string& file) {
  check_writable(file);
  std::error_code code;
  if (!std::filesystem::exists(file, code)) return {};
  return decode_learned(read_file(file), file);
}

void write_learned(const Learned& learned, const std::string& file) { write_file(file, encode(learned)); }

}  // namespace secateur::search
