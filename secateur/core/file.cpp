// SPDX-License-Identifier: Apache-2.0
#include "secateur/core/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "secateur/core/error.hpp"

namespace secateur {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* action) {
  throw InputError(std::string(action) + ": " + std::strerror(errno), path.string());
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) throw InputError("is a folder, not a file", path.string());
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path, "cannot be read");
  std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) fail(path, "cannot be read");
  return bytes;
}

void check_writable(const std::filesystem::path& path) {
  std::error_code code;
  const auto folder = folder_of(path);
  if (!std::filesystem::is_directory(folder, code)) {
    throw InputError("cannot be written: the folder " + folder.string() + " does not exist", path.string());
  }
  if (std::filesystem::is_directory(path, code)) throw InputError("cannot be written: is a folder", path.string());
  if (access(folder.c_str(), W_OK) != 0) fail(path, "cannot be written");
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  check_writable(path);
  std::string temporary = path.string() + ".XXXXXX";
  const int file = mkstemp(temporary.data());
  if (file < 0) fail(path, "cannot be written");
  // mkstemp makes the file private; a result file has the permissions of any other new file.
  const mode_t mask = umask(0);
  umask(mask);
  bool good = fchmod(file, 0666 & ~mask) == 0;
  while (good && !bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    good = written > 0;
    if (good) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  good = good && fsync(file) == 0;
  const int problem = errno;
  good = close(file) == 0 && good;
  if (good && std::rename(temporary.c_str(), path.c_str()) == 0) return;
  if (problem != 0 && !good) errno = problem;
  const int kept = errno;
  unlink(temporary.c_str());
  errno = kept;
  fail(path, "cannot be written");
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (!std::filesystem::is_directory(folder)) {
    throw InputError("the folder cannot be made: " + (code ? code.message() : "something else is there"),
                     folder.string());
  }
}

}  // namespace secateur
