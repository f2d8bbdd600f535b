// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "secateur/flowsheet/simulator.hpp"

namespace secateur::flowsheet {

/// A user's own program as a simulator (docs/flowsheets.md, the protocol): it reads a CSV table of inputs from standard
/// input, a header and a row a point, and writes one of outputs, a row a point in the same order. A row with a value
/// that is no finite number is a point that does not converge.
class Command : public Simulator {
 public:
  struct Settings {
    std::vector<std::string> words;  ///< the program and its arguments; started without a shell
    std::filesystem::path folder;    ///< where it runs
    double timeout_seconds = 600;    ///< of one call
    int processes = 1;               ///< calls at once, at most: a table is split among them
    std::string file;                ///< how messages call the place that states all this
  };
  Command(Description description, Settings settings);

  /// All points at once: starting a program costs more than most points.
  [[nodiscard]] Index batch() const override;

 private:
  [[nodiscard]] Simulation run(const Vector& point) const override;
  /// Throws InputError when the program cannot be started, fails, takes too long, or writes something else.
  [[nodiscard]] std::vector<Simulation> run_all(const Matrix& points, const Stop& stop) const override;

  [[nodiscard]] std::vector<Simulation> answers(const std::string& output, Index rows) const;
  [[noreturn]] void refuse(const std::string& what) const;

  Settings m_settings;
};

/// What an answer of these outputs says: a point that has converged when all values are finite.
Simulation answer(const Vector& outputs);

}  // namespace secateur::flowsheet
