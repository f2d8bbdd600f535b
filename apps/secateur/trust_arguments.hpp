// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "options.hpp"
#include "output.hpp"
#include "secateur/model/trust.hpp"

namespace secateur::app {

/// Throws InputError for options of a trust region that do not go together.
void check_together(const model::TrustSettings& settings);
/// Region and point in words: "trust" and "data" with what is known of each.
std::vector<std::pair<std::string, std::string>> trust_facts(const std::optional<model::TrustRestriction>& region,
                                                             const std::optional<model::TrustReport>& report,
                                                             Index rows);
/// region, then every key of a report; null where there is nothing to say.
Json trust_json(const std::optional<model::TrustRestriction>& region, const std::optional<model::TrustReport>& report);

/// --data FILE.csv [--trust hull|distance [--trust-radius R] [--trust-points N]]
struct TrustArguments {
  std::string file;
  model::TrustSettings settings;

  void declare(Options& options);

  /// The data, and the problem confined to it if that is asked for. Nothing without --data. Throws InputError for
  /// options that do not go together and for data that does not fit the problem.
  void read(model::Problem& problem, std::uint64_t seed);

  [[nodiscard]] bool given() const { return m_trust.has_value(); }
  /// The data, the region, and where the result's point lies.
  [[nodiscard]] Json json(const model::Problem& problem, const model::SolveResult& result) const;
  [[nodiscard]] std::string text(const model::Problem& problem, const model::SolveResult& result) const;

 private:
  std::optional<model::Trust> m_trust;
  std::optional<model::TrustRestriction> m_restriction;
};

}  // namespace secateur::app
