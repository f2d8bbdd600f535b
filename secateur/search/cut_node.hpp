// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "secateur/search/cut_program.hpp"
#include "secateur/search/expansion.hpp"
#include "secateur/search/pseudo_costs.hpp"
#include "secateur/search/sign_propagation.hpp"

namespace secateur::search {

/// Cuts that a dive leaves to its open nodes: they hold within the bounds of the node that it began with.
struct CutPool {
  lp::Inequalities rows;
  int holders = 0;  ///< open nodes that have it, as the tree counts them
};

/// A part of a form: its points whose inputs and preactivations lie in the bounds.
struct CutNode {
  SignBounds bounds;
  double bound = -std::numeric_limits<double>::infinity();
  int depth = 0;
  /// Of its parent's optimum; rows have the names of a form with these cuts instead of the root's. Null: the root's.
  std::shared_ptr<const lp::Basis> basis;
  std::shared_ptr<CutPool> cuts;
  /// The branching that made it, for pseudo-costs: its column, by how much it moves, from which objective.
  int column = -1;
  bool up = false;
  double distance = 0, from = 0;
  /// Its relaxation has given a point that meets the bound; unless that closes the node, it is split further.
  bool met = false;
};

/// What all nodes share.
struct CutTask {
  const Task& task;
  const Form& form;
  const SignPropagation& propagation;
  const CutProgram& root;  ///< solved at the root
  bool watched;            ///< the task's sentinel must not be lost
};

/// What a dive leaves behind.
struct CutDive {
  std::vector<CutNode> open;
  std::vector<Vector> candidates;
  std::vector<PseudoCosts::Event> learned;
  double settled = std::numeric_limits<double>::infinity();
  std::int64_t nodes = 0;
  double work = 0;  ///< lp::DualSimplex::work(), and as much for the dive's start as takes as long
};

/// Searches below a node depth first, with a form of its own: its rows and further cuts are made from the bounds of the
/// node that the dive begins with, and hold below it. One a thread; what it does depends on its arguments only.
class CutDiver {
 public:
  CutDiver(const CutTask& shared, const Stop& stop);

  /// Until so many nodes have been bounded; what is open then is handed back.
  void dive(CutNode node, double cutoff, int budget, const PseudoCosts& costs, CutDive& result);

 private:
  enum class Fate { open, closed };
  [[nodiscard]] bool begin(CutNode& node);
  void add_hulls();
  void leave(CutDive& result);
  [[nodiscard]] bool narrow(CutNode& node) const;
  [[nodiscard]] Fate bound(CutNode& node);
  void learn(CutNode& node, Fate fate, CutDive& result);
  bool split(CutNode node, CutDive& result);
  [[nodiscard]] int choose(CutNode& node, CutDive& result, bool& closed);
  [[nodiscard]] double look(const CutNode& node, int column, bool up, CutDive& result, bool& closed);
  [[nodiscard]] CutNode child(const CutNode& node, int column, bool up) const;
  void watch(const CutNode& node, bool inside, bool closed) const;
  [[nodiscard]] bool holds_known(const CutNode& node) const;

  const CutTask& m_shared;
  const Stop& m_stop;
  const Form* m_form = nullptr;  ///< the dive's: the root's, or its own
  std::unique_ptr<Form> m_own;
  CutProgram m_program, m_trial;
  std::vector<std::shared_ptr<lp::Basis>> m_bases;  ///< of the dive's nodes
  int m_rows = 0;                                   ///< of the tableau that the dive begins with
  PseudoCosts m_costs;
  double m_cutoff = 0, m_program_cutoff = 0;
  std::int64_t m_refactored = 0;
  std::vector<double> m_lower, m_upper, m_x, m_completed, m_trial_lower, m_trial_upper;
  std::optional<std::vector<double>> m_known;  ///< columns of the known point
  std::vector<double> m_known_z;
  double m_known_objective = 0;
};

}  // namespace secateur::search
