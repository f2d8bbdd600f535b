// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "secateur/core/matrix.hpp"
#include "secateur/core/status.hpp"
#include "secateur/lp/model.hpp"

namespace secateur::lp {

/// The solver could not be called, or gave up with an answer that means nothing (numerical trouble, an internal error
/// of its own). What a model turns out to be (infeasible, unbounded, stopped at a limit) is an Outcome, never an
/// exception.
class SolverError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What one run may use and when it may stop.
struct RunSettings {
  double gap = 1e-4;           ///< relative, |objective - bound| / |objective|
  double absolute_gap = 1e-6;  ///< in units of the objective
  double feasibility = 1e-6;   ///< largest violation of a row, a column bound or integrality
  double optimality = 1e-7;    ///< largest violation of a reduced cost's sign, for linear programs
  double time_limit = std::numeric_limits<double>::infinity();    ///< seconds
  double memory_limit = std::numeric_limits<double>::infinity();  ///< MiB of resident memory of the process
  std::int64_t node_limit = std::numeric_limits<std::int64_t>::max();
  int threads = 1;
  std::uint64_t seed = 0;
  /// The model is thought to have no feasible point, or none worth looking for: nothing is spent on finding one beside
  /// the tree. A hint (HiGHS takes it) that changes no answer; the user's own options come first.
  bool expect_infeasible = false;
};

/// How far a branch and bound has come; objective and bound in the model's sense, absent while infinite.
struct SearchState {
  std::optional<double> objective, bound;
  std::int64_t nodes = 0;
  double seconds = 0;
};

/// Called from inside the run, on the calling thread or one of the solver's. Any may be empty. What a callback throws
/// ends the run and leaves run() as the same exception.
struct Callbacks {
  std::function<void(const SearchState&)> progress;
  /// A better point of an integer model: its columns and objective.
  std::function<void(const Vector&, double)> improved;
  /// Asked often; a status ends the run, which then reports that status (`interrupted`, `time_limit`, ...).
  std::function<std::optional<Status>()> stop;
};

/// How a run ended, and the numbers that it left behind.
struct Outcome {
  Status status = Status::interrupted;
  std::optional<double> objective;  ///< of `primal`
  /// Optimal value of any point is no better than this: for integer models the search's bound, for linear programs the
  /// objective once that is optimal.
  std::optional<double> bound;
  Vector primal;                 ///< one entry a column; empty when no feasible point is known
  Vector column_dual, row_dual;  ///< linear programs at their optimum: d objective / d bound; else empty
  std::int64_t nodes = 0;
  std::int64_t iterations = 0;  ///< of the simplex method
  double seconds = 0;
};

/// A solver that holds one model: load, change, run, change, run again (linear programs then start from the last
/// basis). Not thread-safe; several sessions may run in several threads.
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  /// Name and version, e.g. "HiGHS 1.15.1".
  [[nodiscard]] virtual std::string solver() const = 0;

  /// An option by the solver's own name. Throws InputError for a name it does not know, a value that it refuses, and
  /// an option that RunSettings governs.
  virtual void set_option(const std::string& name, const std::string& value) = 0;

  /// Replaces the model. Bounds of integer columns are rounded inwards to integers. Throws std::invalid_argument when
  /// sizes disagree or a number is NaN; also when a cost or coefficient is infinite. Throws InputError when the solver
  /// has no indicators or special ordered sets and the model does.
  virtual void load(const Model& model) = 0;

  /// Changes of the loaded model; an index that does not exist is refused with an exception.
  virtual void set_column_bounds(int column, double lower, double upper) = 0;
  virtual void set_row_bounds(int row, double lower, double upper) = 0;
  virtual void set_cost(int column, double cost) = 0;
  virtual void set_sense(Sense sense) = 0;

  /// Appends rows; the next run starts from the last basis, in which the new rows are slack. Throws
  /// std::invalid_argument when sizes disagree, a column does not exist, a bound is NaN or a coefficient not finite.
  virtual void add_rows(const Rows& rows) = 0;

  /// A point to start from, one entry a column: the first incumbent of an integer model, if it is feasible.
  virtual void set_start(const Vector& point) = 0;

  /// Solves the model: branch and bound when a column is integer, otherwise the simplex method. Throws InputError when
  /// the model is larger than the solver's licence takes.
  virtual Outcome run(const RunSettings& settings = {}, const Callbacks& callbacks = {}) = 0;
  /// The same without integrality, indicators and special ordered sets.
  virtual Outcome run_relaxation(const RunSettings& settings = {}, const Callbacks& callbacks = {}) = 0;
};

/// A session of the solver of that name: "highs", which is built in, "gurobi" or "scip", which are found at run time
/// (docs/solvers.md). Throws InputError for one that is not available.
std::unique_ptr<Session> make_session(std::string_view solver = "highs");

/// Whether a solver can be used here: its name and version, or why not.
struct Availability {
  std::string solver;                  ///< as make_session knows it
  std::optional<std::string> version;  ///< "SCIP 10.0.3"
  std::string reason;                  ///< empty when it can be used
};
Availability availability(std::string_view solver);
/// That of every solver that there is a back end for.
std::vector<Availability> solvers();

}  // namespace secateur::lp
