// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/learned.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "secateur/core/error.hpp"
#include "secateur/core/hash.hpp"
#include "secateur/core/rounding.hpp"
#include "secateur/search/encoding.hpp"

namespace secateur::search {

namespace {

constexpr std::size_t most_points = 8, most_proven = 8;

/// Which variables networks read or determine, in the order in which they name them.
std::vector<int> networked_variables(const model::Problem& problem) {
  std::vector<int> found;
  std::vector<bool> seen(problem.variables.size(), false);
  const auto take = [&](const std::vector<int>& variables) {
    for (const int v : variables) {
      if (seen[static_cast<std::size_t>(v)]) continue;
      seen[static_cast<std::size_t>(v)] = true;
      found.push_back(v);
    }
  };
  for (const model::NetworkUse& use : problem.networks) {
    take(use.inputs);
    take(use.outputs);
  }
  return found;
}

/// The place of each of so many variables, from the variable at each place.
std::vector<int> inverse(const std::vector<int>& variables, std::size_t count) {
  std::vector<int> places(count, -1);
  for (std::size_t p = 0; p < variables.size(); ++p) {
    if (variables[p] >= 0) places[static_cast<std::size_t>(variables[p])] = static_cast<int>(p);
  }
  return places;
}

/// The same for problems whose networks are the same functions of variables at the same places.
std::string hash_of_networks(const model::Problem& problem) {
  const std::vector<int> place = inverse(networked_variables(problem), problem.variables.size());
  Writer out;
  out << static_cast<Index>(problem.networks.size());
  for (const model::NetworkUse& use : problem.networks) {
    for (const std::vector<int>* list : {&use.inputs, &use.outputs}) {
      out << static_cast<Index>(list->size());
      for (const int v : *list) out << place[static_cast<std::size_t>(v)];
    }
    put_network(out, use.network);
  }
  return hash_of(out.bytes());
}

/// The names of variables that no network knows, with the variable; -1 for a name that several have.
std::map<std::string, int> other_variables(const model::Problem& problem) {
  std::vector<bool> networked(problem.variables.size(), false);
  for (const int v : networked_variables(problem)) networked[static_cast<std::size_t>(v)] = true;
  std::map<std::string, int> found;
  for (std::size_t v = 0; v < problem.variables.size(); ++v) {
    if (networked[v]) continue;
    const auto [at, fresh] = found.emplace(problem.variables[v].name, static_cast<int>(v));
    if (!fresh) at->second = -1;
  }
  return found;
}

/// Sums stay as they are written, so that they are the same function in real arithmetic; -1 among the places: nothing.
std::optional<std::vector<Learned::Term>> terms_of(const std::vector<model::Term>& terms,
                                                   const std::vector<int>& places) {
  std::vector<Learned::Term> result;
  for (const model::Term& term : terms) {
    if (term.coefficient == 0) continue;
    const int place = places[static_cast<std::size_t>(term.variable)];
    if (place < 0) return std::nullopt;
    result.push_back({place, term.coefficient});
  }
  std::sort(result.begin(), result.end());
  return result;
}

/// The problem as a theorem with an open bound; nothing: some variable has no place.
std::optional<Learned::Proven> statement_of(const model::Problem& problem, const std::vector<int>& places) {
  Learned::Proven result;
  result.sense = problem.sense;
  result.constant = problem.constant;
  auto objective = terms_of(problem.objective, places);
  if (!objective) return std::nullopt;
  result.objective = std::move(*objective);
  for (std::size_t v = 0; v < places.size(); ++v) {
    if (places[v] < 0) return std::nullopt;
    const model::Variable& variable = problem.variables[v];
    result.domains.push_back({places[v], variable.type, variable.lower, variable.upper, variable.values});
  }
  std::sort(result.domains.begin(), result.domains.end(),
            [](const Learned::Domain& a, const Learned::Domain& b) { return a.place < b.place; });
  for (const model::Constraint& constraint : problem.constraints) {
    auto terms = terms_of(constraint.terms, places);
    if (!terms) return std::nullopt;
    result.rows.push_back({std::move(*terms), constraint.lower, constraint.upper});
  }
  return result;
}

bool inside(double lower, double upper, double of_lower, double of_upper) {
  return lower >= of_lower && upper <= of_upper;
}

bool whole(const model::Variable& variable) {
  return variable.type == model::VariableType::integer || variable.type == model::VariableType::binary;
}

/// Whether every value that the variable may have is in the domain.
bool contains(const Learned::Domain& domain, const model::Variable& variable) {
  const bool listed = variable.type == model::VariableType::discrete;
  const auto every_value = [&](const auto& good) {
    return std::all_of(variable.values.begin(), variable.values.end(),
                       [&](double value) { return value < variable.lower || value > variable.upper || good(value); });
  };
  const bool in_range =
      listed ? every_value([&](double value) { return inside(value, value, domain.lower, domain.upper); })
             : inside(variable.lower, variable.upper, domain.lower, domain.upper);
  if (!in_range) return false;
  switch (domain.type) {
    case model::VariableType::continuous:
      return true;
    case model::VariableType::integer:
    case model::VariableType::binary:
      return whole(variable) || (listed && every_value([](double value) { return std::floor(value) == value; }));
    case model::VariableType::discrete:
      break;
  }
  return listed && every_value([&](double value) {
           return std::find(domain.values.begin(), domain.values.end(), value) != domain.values.end();
         });
}

/// Whether every feasible point of the problem, whose own statement is `asked`, is one that the theorem is about, and
/// both have the same objective but for the constant.
bool covers(const Learned::Proven& proven, const Learned::Proven& asked, const model::Problem& problem,
            const std::vector<int>& variables) {
  if (proven.sense != asked.sense || proven.objective != asked.objective) return false;
  for (const Learned::Domain& domain : proven.domains) {
    const int v = variables[static_cast<std::size_t>(domain.place)];
    if (v < 0 || !contains(domain, problem.variables[static_cast<std::size_t>(v)])) return false;
  }
  return std::all_of(proven.rows.begin(), proven.rows.end(), [&](const Learned::Row& row) {
    return std::any_of(asked.rows.begin(), asked.rows.end(), [&](const Learned::Row& now) {
      return now.terms == row.terms && inside(now.lower, now.upper, row.lower, row.upper);
    });
  });
}

/// Its bound for an objective with another constant, in real arithmetic.
double moved_bound(const Learned::Proven& proven, double constant) {
  if (constant == proven.constant) return proven.bound;
  return proven.sense == Sense::minimize ? add_down(proven.bound, add_down(constant, -proven.constant))
                                         : add_up(proven.bound, add_up(constant, -proven.constant));
}

bool same_question(const Learned::Proven& a, const Learned::Proven& b) {
  return a.sense == b.sense && a.objective == b.objective && a.constant == b.constant && a.domains == b.domains &&
         a.rows == b.rows;
}

/// The new first, and no more than so many.
template <class T, class Same>
void put_first(std::vector<T>& list, T value, std::size_t most, const Same& same) {
  std::erase_if(list, same);
  list.insert(list.begin(), std::move(value));
  if (list.size() > most) list.resize(most);
}

/// Somewhere the variable may be.
double middle(const model::Variable& variable) {
  if (std::isfinite(variable.lower) && std::isfinite(variable.upper))
    return 0.5 * variable.lower + 0.5 * variable.upper;
  return std::clamp(0.0, variable.lower, variable.upper);
}

}  // namespace

std::vector<int> places_of(const Learned& learned, const model::Problem& problem) {
  return inverse(variables_of(learned, problem), problem.variables.size());
}

std::vector<int> variables_of(const Learned& learned, const model::Problem& problem) {
  std::vector<int> variables = networked_variables(problem);
  const std::map<std::string, int> others = other_variables(problem);
  for (const std::string& name : learned.others) {
    const auto found = others.find(name);
    variables.push_back(found == others.end() ? -1 : found->second);
  }
  return variables;
}

void take_up(Learned& learned, const model::Problem& problem) {
  const std::string networks = hash_of_networks(problem);
  const auto networked = static_cast<int>(networked_variables(problem).size());
  if (learned.networks.empty()) {
    learned.networks = networks;
    learned.networked = networked;
  }
  // The same networks have as many variables, unless somebody has changed what was stored.
  if (learned.networks != networks || learned.networked != networked) {
    throw InputError("was learned from other networks than this problem's; give another file, or remove it",
                     learned.file);
  }
  for (const auto& [name, variable] : other_variables(problem)) {
    const bool fresh = std::find(learned.others.begin(), learned.others.end(), name) == learned.others.end();
    if (variable >= 0 && fresh) learned.others.push_back(name);
  }
}

Known known(const Learned& learned, const model::Problem& problem) {
  Known result;
  const std::vector<int> variables = variables_of(learned, problem);
  const std::vector<int> places = inverse(variables, problem.variables.size());
  for (const Vector& stored : learned.points) {
    Vector point(static_cast<Index>(places.size()));
    for (Index v = 0; v < point.size(); ++v) {
      const auto i = static_cast<std::size_t>(v);
      const double value = places[i] >= 0 && places[i] < stored.size() ? stored(places[i]) : NAN;
      point(v) = std::isfinite(value) ? value : middle(problem.variables[i]);
    }
    result.points.push_back(std::move(point));
  }
  // Variables that nobody has heard of have no place; only the objective and the rows must do without them.
  std::vector<int> all = places;
  int next = static_cast<int>(variables.size());
  for (int& place : all) place = place < 0 ? next++ : place;
  const auto asked = statement_of(problem, all);
  for (const Learned::Proven& proven : learned.proven) {
    if (!covers(proven, asked.value(), problem, variables)) continue;
    const double bound = moved_bound(proven, problem.constant);
    if (!std::isfinite(bound)) continue;
    const bool better =
        !result.bound || (problem.sense == Sense::minimize ? bound > *result.bound : bound < *result.bound);
    if (better) result.bound = bound;
  }
  return result;
}

void learn(Learned& learned, const model::Problem& problem, const model::SolveSettings& settings,
           const model::SolveResult& result) {
  const std::vector<int> places = places_of(learned, problem);
  if (result.x.size() > 0) {
    const model::Structure structure = model::structure(problem);
    Vector point = Vector::Constant(learned.networked + static_cast<Index>(learned.others.size()), NAN);
    const auto take = [&](const std::vector<int>& of, const Vector& values) {
      for (std::size_t i = 0; i < of.size(); ++i) {
        const int place = places[static_cast<std::size_t>(of[i])];
        if (place >= 0) point(place) = values(static_cast<Index>(i));
      }
    };
    take(structure.decisions, result.x);
    take(structure.determined, result.y);
    const auto same = [&](const Vector& old) {
      for (Index p = 0; p < std::max(old.size(), point.size()); ++p) {
        const double a = p < old.size() ? old(p) : NAN, b = p < point.size() ? point(p) : NAN;
        if (a != b && !(std::isnan(a) && std::isnan(b))) return false;
      }
      return true;
    };
    put_first(learned.points, point, most_points, same);
  }
  const bool safe = result.bound && std::isfinite(*result.bound) && result.proof == Proof::rounding_safe &&
                    result.status != Status::infeasible && !settings.worst_objective;
  if (safe) {
    if (auto proven = statement_of(problem, places)) {
      proven->bound = *result.bound;
      // Whoever asked the same before may have been nearer to the answer.
      for (const Learned::Proven& old : learned.proven) {
        if (!same_question(old, *proven)) continue;
        proven->bound =
            proven->sense == Sense::minimize ? std::max(old.bound, proven->bound) : std::min(old.bound, proven->bound);
      }
      const auto same = [&](const Learned::Proven& old) { return same_question(old, *proven); };
      put_first(learned.proven, *proven, most_proven, same);
    }
  }
  if (result.status == Status::optimal) learned.nodes = result.nodes;
}

}  // namespace secateur::search
