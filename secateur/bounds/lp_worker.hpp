// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "secateur/bounds/triangle.hpp"
#include "secateur/core/status.hpp"
#include "secateur/lp/scaling.hpp"
#include "secateur/lp/session.hpp"

namespace secateur::bounds {

/// A linear function over the columns of a program whose range is wanted, and the range known so far.
struct Target {
  Combination function;
  double lower = 0, upper = 0;
  /// Once the sign of a value is known, its range is of no more interest.
  bool sign_only = false;
};

/// When to leave a list of targets before its end.
struct Budget {
  double least_gain = 0;
  std::int64_t programs = 0;
  /// Asked between programs and inside them; a status ends the work.
  std::function<std::optional<Status>()> stop;
};

/// One session that tightens ranges over one program after another. The solver sees each program in units in which its
/// numbers are of size one, since its tolerances are absolute; the proof is about the program as it is.
class LpWorker {
 public:
  struct Result {
    std::int64_t programs = 0;
    double shrunk = 0;        ///< sum of the shares taken off a range, 1 for a sign that became known
    bool complete = true;     ///< all targets were visited
    bool infeasible = false;  ///< proven: the program has no point
  };

  LpWorker();

  /// Minimises and maximises each target over the program, in order, and keeps what is tighter, rounded outwards.
  Result tighten(const lp::Model& program, const std::vector<Target*>& targets, const Budget& budget);

 private:
  double least(const Combination& function, double sign, const Budget& budget, Result& result);

  std::unique_ptr<lp::Session> m_session;
  lp::Model m_model;
  lp::Scaling m_units;  ///< of what the session holds
};

}  // namespace secateur::bounds
