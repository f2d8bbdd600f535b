// SPDX-License-Identifier: Apache-2.0
#include "secateur/lp/library.hpp"

#include <dlfcn.h>
#include <glob.h>

#include <cstdlib>
#include <filesystem>

#include "secateur/core/error.hpp"

namespace secateur::lp {

namespace {

std::string variable(const std::string& name) {
  const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
  return value == nullptr ? std::string() : std::string(value);
}

/// Files of that pattern, the last by name (the newest version) first.
std::vector<std::string> files(const std::string& pattern) {
  std::vector<std::string> result;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = found.gl_pathc; i-- > 0;) result.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  return result;
}

/// Virtual environments: the active one, then `.venv` of the working directory and of the folders above the program.
std::vector<std::string> environments() {
  std::vector<std::string> result;
  if (const std::string active = variable("VIRTUAL_ENV"); !active.empty()) result.push_back(active);
  std::error_code error;
  result.push_back((std::filesystem::current_path(error) / ".venv").string());
  std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (int level = 0; level < 5 && folder.has_relative_path(); ++level, folder = folder.parent_path()) {
    result.push_back((folder / ".venv").string());
  }
  return result;
}

std::string last_error() {
  const char* text = dlerror();
  return text == nullptr ? "unknown error" : text;
}

}  // namespace

bool Library::open(const std::string& path) {
  m_handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  m_path = path;
  return m_handle != nullptr;
}

Library::Library(const LibraryNames& names) : m_solver(names.solver) {
  if (const std::string given = variable(names.variable); !given.empty()) {
    if (open(given)) return;
    throw InputError(names.variable + " names a library that cannot be loaded (" + last_error() +
                         "); correct it, unset it, or use --solver highs",
                     {}, "--solver");
  }
  for (const std::string& name : names.loader_names) {
    if (open(name)) return;
  }
  std::vector<std::string> candidates;
  if (const std::string home = variable(names.home_variable); !home.empty()) {
    candidates = files(home + "/lib/" + names.home_pattern);
  }
  for (const std::string& environment : environments()) {
    const std::string packages = environment + "/lib/python3*/site-packages/";
    for (const std::string& pattern : names.wheel_patterns) {
      const std::vector<std::string> found = files(packages + pattern);
      candidates.insert(candidates.end(), found.begin(), found.end());
    }
  }
  std::string why;
  for (const std::string& path : candidates) {
    if (open(path)) return;
    why = last_error();
  }
  if (!why.empty()) {
    throw InputError(names.solver + " was found but cannot be loaded (" + why + "); use --solver highs", {},
                     "--solver");
  }
  throw InputError(names.solver + " was not found (looked at " + names.variable +
                       ", the system's libraries and the wheel " + names.wheel +
                       "; docs/solvers.md says more); install it or use --solver highs",
                   {}, "--solver");
}

void* Library::address(const char* name) const {
  void* found = dlsym(m_handle, name);
  if (found != nullptr) return found;
  throw InputError("the library " + m_path + " is not one of " + m_solver + " that can be used: it has no function " +
                       name + "; use --solver highs",
                   {}, "--solver");
}

}  // namespace secateur::lp
