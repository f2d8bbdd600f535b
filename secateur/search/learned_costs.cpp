// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/learned_costs.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace secateur::search {

namespace {

/// So many trials are believed in another problem: enough that nothing is tried again, few enough that what happens
/// there soon counts for more.
constexpr int most_trials = 4;

using Home = std::pair<int, int>;  ///< layer and unit, or -1 and a variable's place

/// Where each value of the graph is at home; layer -2: nowhere.
std::vector<Home> homes_of(const Learned& learned, const model::Problem& problem, const mip::Prepared& prepared) {
  constexpr Home nowhere{-2, 0};
  std::vector<Home> homes;
  const std::vector<int> places = places_of(learned, problem);
  for (const int v : prepared.problem.frame.inputs) {
    const int place = places[static_cast<std::size_t>(v)];
    homes.push_back(place >= 0 ? Home{-1, place} : nowhere);
  }
  const auto& layers = prepared.origin;
  for (std::size_t k = 0; k < layers.size() && k + 1 < prepared.problem.graph.layers.size(); ++k) {
    for (const graph::NeuronId& id : layers[k]) homes.emplace_back(id.layer, id.unit);
  }
  return homes;
}

}  // namespace

std::vector<KnownCost> known_costs(const Learned& learned, const model::Problem& problem,
                                   const mip::Prepared& prepared) {
  std::map<Home, Index> values;
  const std::vector<Home> homes = homes_of(learned, problem, prepared);
  for (std::size_t v = 0; v < homes.size(); ++v) values.emplace(homes[v], static_cast<Index>(v));
  std::vector<KnownCost> result;
  for (const Learned::Cost& cost : learned.costs) {
    const auto found = values.find({cost.layer, cost.unit});
    if (found == values.end()) continue;
    result.push_back({found->second, cost.up, cost.gain, std::min(cost.count, most_trials)});
  }
  return result;
}

std::vector<Learned::Cost> learned_costs(const std::vector<KnownCost>& costs, const Learned& learned,
                                         const model::Problem& problem, const mip::Prepared& prepared) {
  const std::vector<Home> homes = homes_of(learned, problem, prepared);
  std::map<std::tuple<int, int, bool>, Learned::Cost> all;
  for (const Learned::Cost& cost : learned.costs) all[{cost.layer, cost.unit, cost.up}] = cost;
  for (const KnownCost& cost : costs) {
    const auto v = static_cast<std::size_t>(cost.value);
    if (v >= homes.size() || homes[v].first < -1 || !(cost.gain <= Learned::Cost::most_gain)) continue;
    all[{homes[v].first, homes[v].second, cost.up}] = {homes[v].first, homes[v].second, cost.up, cost.gain, cost.count};
  }
  std::vector<Learned::Cost> result;
  for (const auto& [home, cost] : all) result.push_back(cost);
  return result;
}

}  // namespace secateur::search
