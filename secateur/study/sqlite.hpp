// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace secateur::study {

/// One SQLite file. Everything here throws InputError with the file's name: a full disk, a damaged file and a file
/// without permission are the user's to mend.
class Database {
 public:
  /// `read` changes nothing and waits for nobody, also in a folder that cannot be written to.
  enum class Mode { create, write, read };
  Database(const std::filesystem::path& path, Mode mode);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const std::string& sql);

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* handle) const;
  };

  /// Of sqlite3_open_v2.
  int open(const std::string& name, int flags);
  [[noreturn]] void fail(int code) const;

  std::string m_name;
  Mode m_mode;
  std::unique_ptr<sqlite3, Close> m_handle;
};

/// A prepared statement: bind, step, read columns (from 0), reset.
class Statement {
 public:
  Statement(Database& database, const std::string& sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Parameters count from 1.
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, const std::optional<double>& value);
  Statement& bind_blob(int index, std::string_view bytes);
  /// Whether there is a row.
  bool step();
  void reset();

  [[nodiscard]] std::string text(int column) const;  ///< text or blob; empty for NULL
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::optional<double> number(int column) const;

 private:
  Database& m_database;
  sqlite3_stmt* m_handle = nullptr;
};

/// Everything done between construction and commit() is kept, or nothing of it.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& m_database;
  bool m_open = true;
};

}  // namespace secateur::study
