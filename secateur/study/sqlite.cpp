// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/sqlite.hpp"

#include <sqlite3.h>

#include <fmt/format.h>

#include "secateur/core/error.hpp"

namespace secateur::study {

namespace {

/// The file as a URI that promises SQLite nobody writes to it (https://www.sqlite.org/uri.html).
std::string immutable(const std::string& name) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(name).string()) {
    const bool special = c == '%' || c == '?' || c == '#';
    uri += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return uri + "?immutable=1";
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close(handle); }

int Database::open(const std::string& name, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  m_handle.reset(handle);
  return code;
}

Database::Database(const std::filesystem::path& path, Mode mode) : m_name(path.string()), m_mode(mode) {
  int code = open(m_name, mode == Mode::read     ? SQLITE_OPEN_READONLY
                          : mode == Mode::create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                 : SQLITE_OPEN_READWRITE);
  if (mode == Mode::read && code == SQLITE_OK) {
    // A write-ahead log wants files beside the ledger even for reading. Where those cannot be made, nobody writes.
    const int tried = sqlite3_exec(m_handle.get(), "SELECT 1 FROM sqlite_schema", nullptr, nullptr, nullptr);
    if ((tried & 0xff) == SQLITE_CANTOPEN) code = open(immutable(m_name), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  }
  if (code != SQLITE_OK) throw InputError(std::string("cannot be opened: ") + sqlite3_errstr(code), m_name);
  sqlite3_extended_result_codes(m_handle.get(), 1);
  constexpr int patience = 10000;  // ms, while another process reads or writes
  sqlite3_busy_timeout(m_handle.get(), patience);
}

void Database::fail(int code) const {
  const char* const said = sqlite3_errmsg(m_handle.get());
  const bool reading = m_mode == Mode::read || code == SQLITE_IOERR_READ || code == SQLITE_IOERR_SHORT_READ;
  switch (code & 0xff) {
    case SQLITE_FULL:
      throw InputError("cannot be written: the disk is full; what was there before is intact", m_name);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      throw InputError("is damaged, or not a ledger", m_name);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      throw InputError(fmt::format("cannot be {}: {}", reading ? "read" : "written", said), m_name);
    default:
      throw InputError(fmt::format("SQLite reports: {}", said), m_name);
  }
}

void Database::run(const std::string& sql) {
  const int code = sqlite3_exec(m_handle.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

Statement::Statement(Database& database, const std::string& sql) : m_database(database) {
  const int code =
      sqlite3_prepare_v2(database.m_handle.get(), sql.c_str(), static_cast<int>(sql.size()), &m_handle, nullptr);
  if (code != SQLITE_OK) database.fail(code);
}

Statement::~Statement() { sqlite3_finalize(m_handle); }

Statement& Statement::bind(int index, std::string_view text) {
  // The bytes are copied (SQLITE_TRANSIENT, spelled without its old-style cast).
  const auto copy = reinterpret_cast<sqlite3_destructor_type>(-1);  // NOLINT(performance-no-int-to-ptr)
  const int code = sqlite3_bind_text64(m_handle, index, text.data(), text.size(), copy, SQLITE_UTF8);
  if (code != SQLITE_OK) m_database.fail(code);
  return *this;
}

Statement& Statement::bind(int index, std::int64_t value) {
  const int code = sqlite3_bind_int64(m_handle, index, value);
  if (code != SQLITE_OK) m_database.fail(code);
  return *this;
}

Statement& Statement::bind(int index, const std::optional<double>& value) {
  const int code = value ? sqlite3_bind_double(m_handle, index, *value) : sqlite3_bind_null(m_handle, index);
  if (code != SQLITE_OK) m_database.fail(code);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  const auto copy = reinterpret_cast<sqlite3_destructor_type>(-1);  // NOLINT(performance-no-int-to-ptr)
  const int code = sqlite3_bind_blob64(m_handle, index, bytes.data(), bytes.size(), copy);
  if (code != SQLITE_OK) m_database.fail(code);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(m_handle);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) m_database.fail(code);
  return false;
}

void Statement::reset() {
  sqlite3_reset(m_handle);
  sqlite3_clear_bindings(m_handle);
}

std::string Statement::text(int column) const {
  const void* const bytes = sqlite3_column_blob(m_handle, column);
  const int size = sqlite3_column_bytes(m_handle, column);
  return bytes == nullptr ? std::string()
                          : std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(m_handle, column); }

std::optional<double> Statement::number(int column) const {
  if (sqlite3_column_type(m_handle, column) == SQLITE_NULL) return std::nullopt;
  return sqlite3_column_double(m_handle, column);
}

Transaction::Transaction(Database& database) : m_database(database) { database.run("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  if (!m_open) return;
  try {
    m_database.run("ROLLBACK");
  } catch (const InputError&) {
    // SQLite has rolled back by itself: that is what a full disk makes it do.
    m_open = false;
  }
}

void Transaction::commit() {
  m_database.run("COMMIT");
  m_open = false;
}

}  // namespace secateur::study
