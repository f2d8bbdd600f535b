// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace secateur::lp {

/// Where the library of a solver may be. Names may hold '*' in place of any characters.
struct LibraryNames {
  std::string solver;                       ///< as users know it: "SCIP"
  std::string variable;                     ///< environment variable with the library's path: "SECATEUR_SCIP"
  std::vector<std::string> loader_names;    ///< for the loader's usual search: "libscip.so"
  std::string home_variable;                ///< environment variable of an installation's folder (its lib/ is searched)
  std::string home_pattern;                 ///< what to look for there: "libgurobi*.so"
  std::string wheel;                        ///< name of the Python wheel that ships the library
  std::vector<std::string> wheel_patterns;  ///< below site-packages: "pyscipopt.libs/libscip*.so*"
};

/// A shared library, opened for as long as the process lives.
class Library {
 public:
  /// Looks, in this order: in the environment variable (and nowhere else when it is set), the loader's search, the
  /// installation's folder, the wheel in the virtual environment that is active (VIRTUAL_ENV), or `.venv` in the
  /// working directory or a folder above the program. Throws InputError when there is none.
  explicit Library(const LibraryNames& names);

  [[nodiscard]] const std::string& path() const { return m_path; }

  /// The function of that name. Throws InputError when the library has none: it is another version.
  template <class Function>
  void get(Function*& function, const char* name) const {
    // A function's address arrives as a pointer to an object; POSIX guarantees that they convert.
    function = reinterpret_cast<Function*>(address(name));
  }

 private:
  [[nodiscard]] void* address(const char* name) const;
  bool open(const std::string& path);

  std::string m_solver, m_path;
  void* m_handle = nullptr;
};

}  // namespace secateur::lp
