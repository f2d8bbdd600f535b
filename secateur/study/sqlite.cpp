// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/sqlite.hpp"

#include <sqlite3.h>

#include "secateur/core/error.hpp"

namespace secateur::study {

Database::Database(const std::filesystem::path& path, Mode mode) : m_name(path.string()) {
  int flags = SQLITE_OPEN_READWRITE;
  if (mode == Mode::create) flags |= SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(m_name.c_str(), &m_handle, flags, nullptr);
  if (code != SQLITE_OK) {
    sqlite3_close(m_handle);
    throw InputError(std::string("cannot be opened: ") + sqlite3_errstr(code), m_name);
  }
  sqlite3_extended_result_codes(m_handle, 1);
  constexpr int patience = 10000;  // ms, while another process reads or writes
  sqlite3_busy_timeout(m_handle, patience);
  if (mode == Mode::read) run("PRAGMA query_only = ON");
}

Database::~Database() { sqlite3_close(m_handle); }

void Database::fail(int code) const {
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
      throw InputError(std::string("cannot be written: ") + sqlite3_errmsg(m_handle), m_name);
    default:
      throw InputError(std::string("SQLite reports: ") + sqlite3_errmsg(m_handle), m_name);
  }
}

void Database::run(const std::string& sql) {
  const int code = sqlite3_exec(m_handle, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

Statement::Statement(Database& database, const std::string& sql) : m_database(database) {
  const int code = sqlite3_prepare_v2(database.m_handle, sql.c_str(), static_cast<int>(sql.size()), &m_handle, nullptr);
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
