// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "secateur/core/names.hpp"
#include "secateur/model/problem.hpp"
#include "secateur/model/solve.hpp"
#include "secateur/search/pseudo_costs.hpp"

namespace secateur::search {

/// Who closed a problem: nobody did; points and bounds alone, or subdivision; a search of this room; the MILP path.
enum class Way { nobody, subdivision, dual, cut, milp };

/// What solves of problems with the same networks have found that helps the next one, however its box, objective,
/// sense, constraints and other variables are changed (docs/engine.md, "Again, but changed").
///
/// Everything is kept by *places*, which mean the same in all these problems: variables that networks read or determine
/// are counted in the order in which the networks name them, whatever they are called; all others follow by their
/// names.
struct Learned {
  struct Term {
    int place = 0;
    double coefficient = 0;
    auto operator<=>(const Term&) const = default;
  };
  struct Domain {
    int place = 0;
    model::VariableType type = model::VariableType::continuous;
    double lower = 0, upper = 0;
    std::vector<double> values;
    bool operator==(const Domain&) const = default;
  };
  struct Row {
    std::vector<Term> terms;  ///< sorted, without zeros
    double lower = 0, upper = 0;
    bool operator==(const Row&) const = default;
  };
  /// A theorem, proven in real arithmetic: no point of the networks whose variables are in their domains and that
  /// satisfies the rows has a better objective than `bound`. It says nothing of points outside.
  struct Proven {
    Sense sense = Sense::minimize;
    std::vector<Term> objective;  ///< sorted, without zeros
    double constant = 0;
    std::vector<Domain> domains;  ///< of every variable
    std::vector<Row> rows;
    double bound = 0;
  };
  /// What fixing the sign of a unit has gained (PseudoCosts), by its layer and place among the lowered networks' units;
  /// layer -1: of an input, by its place as a variable.
  struct Cost {
    int layer = 0, unit = 0;
    bool up = false;
    double gain = 0;  ///< on average, at most `most_gain`
    int count = 0;
    /// In parts of a gap: larger ones say that the gap was nothing but round-off.
    static constexpr double most_gain = 1e50;
  };

  std::string file;      ///< where it was read from, for messages; not stored; perhaps empty
  std::string networks;  ///< hash of the networks and of how they are joined; empty: nothing is learned yet
  int networked = 0;     ///< variables that they read or determine
  std::vector<std::string> others;
  std::vector<Vector> points;  ///< newest first; entries by place, NaN where the problem had no such variable
  std::vector<Proven> proven;  ///< newest first
  std::vector<Cost> costs;
  Way way = Way::nobody;   ///< of the last problem that was closed
  std::int64_t nodes = 0;  ///< that it took
};

/// Begins to learn from a problem: gives each of its variables a place. Throws InputError (with the file) unless
/// `learned` is about the networks of the problem, or empty.
void take_up(Learned& learned, const model::Problem& problem);

/// What a problem that has been taken up may begin with.
struct Known {
  /// One entry a variable; where nothing is known of one, the middle of its bounds.
  std::vector<Vector> points;
  /// No feasible point has a better objective, in real arithmetic: from a theorem about a set that contains every
  /// feasible point.
  std::optional<double> bound;
};
Known known(const Learned& learned, const model::Problem& problem);

/// Adds what a solve of a problem that has been taken up has found. Bounds count only where they hold in real
/// arithmetic for the problem as it is.
void learn(Learned& learned, const model::Problem& problem, const model::SolveSettings& settings,
           const model::SolveResult& result);

/// The place of each variable, -1: it has none, since another one has the same name; and the variable at each place,
/// -1: the problem has no such variable.
std::vector<int> places_of(const Learned& learned, const model::Problem& problem);
std::vector<int> variables_of(const Learned& learned, const model::Problem& problem);

/// The bytes of a file: format, version, networks and a hash of everything, then binary numbers.
std::string encode(const Learned& learned);
/// Throws InputError (with `file`) for bytes that are nothing of the kind, of another format or version, cut off,
/// changed, or in contradiction with themselves.
Learned decode_learned(std::string_view bytes, const std::string& file);
/// Reads a file if it is there; whose it is, take_up() checks. Throws as decode_learned() does, and when the file could
/// not be written.
Learned read_learned(const std::string& file);
/// Writes the file whole or not at all. Throws InputError when it cannot be written.
void write_learned(const Learned& learned, const std::string& file);

}  // namespace secateur::search

namespace secateur {
template <>
struct Names<search::Way> {
  static constexpr std::array<std::string_view, 5> value{"nobody", "subdivision", "dual", "cut", "milp"};
};
}  // namespace secateur
