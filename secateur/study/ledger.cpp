// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/ledger.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>

#include <fmt/format.h>

#include "secateur/core/error.hpp"
#include "secateur/core/stop.hpp"
#include "secateur/core/version.hpp"
#include "secateur/model/strict_json.hpp"
#include "secateur/study/machine.hpp"

namespace secateur::study {

using Json = nlohmann::json;

namespace {

/// "SCTR": what says in an SQLite file's header that it is a ledger; user_version is the schema's.
constexpr std::uint32_t application = 0x53435452;
constexpr std::uint32_t schema_version = 1;

constexpr const char* schema = R"(
CREATE TABLE study (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cells (
  key TEXT PRIMARY KEY, kind TEXT NOT NULL, planned INTEGER NOT NULL, position INTEGER NOT NULL,
  axes TEXT NOT NULL, label TEXT NOT NULL, parent TEXT NOT NULL, reference TEXT NOT NULL, spec TEXT NOT NULL,
  outcome TEXT NOT NULL, reason TEXT NOT NULL, seconds REAL, cpu_seconds REAL, memory REAL,
  version TEXT NOT NULL, machine TEXT NOT NULL, workers INTEGER NOT NULL, finished TEXT NOT NULL, result TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE networks (key TEXT PRIMARY KEY REFERENCES cells, onnx BLOB NOT NULL);
)";

class Meter {
 public:
  explicit Meter(double& total) : m_total(total) {}
  ~Meter() { m_total += m_watch.seconds(); }
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

 private:
  double& m_total;
  Stopwatch m_watch;
};

const std::string& machine_line() {
  static const std::string line = fmt::format("{}, {} cores, {}", processor_name(), available_cores(), compiler_name());
  return line;
}

std::string now() {
  const std::time_t time = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&time, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/// Whole or not at all: made under a name of its own and linked into place, unless another run was faster.
void make_ledger(const std::filesystem::path& path, const std::string& name) {
  const std::filesystem::path fresh = fmt::format("{}.new{}", path.string(), getpid());
  std::error_code ignored;
  std::filesystem::remove(fresh, ignored);
  {
    Database database(fresh, Database::Mode::create);
    database.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", application, schema_version));
    Transaction transaction(database);
    database.run(schema);
    Statement insert(database, "INSERT INTO study VALUES (?, ?)");
    insert.bind(1, "name").bind(2, name).step();
    transaction.commit();
  }
  std::error_code code;
  std::filesystem::create_hard_link(fresh, path, code);
  // A file system without links; there two runs must not begin at the same moment.
  if (code && code != std::errc::file_exists) std::filesystem::rename(fresh, path, code);
  std::filesystem::remove(fresh, ignored);
  if (code && code != std::errc::file_exists) throw InputError("cannot be made: " + code.message(), path.string());
}

void check_name(Database& database, const std::string& study, const std::string& file) {
  Statement read(database, "SELECT value FROM study WHERE name = 'name'");
  const std::string name = read.step() ? read.text(0) : "";
  if (name == study) return;
  throw InputError(fmt::format("is the ledger of the study {}, not of {}; another one can be named with --ledger",
                               model::in_quotes(name), model::in_quotes(study)),
                   file);
}

std::map<std::string, Outcome> outcomes_in(Database& database, const std::string& file) {
  std::map<std::string, Outcome> result;
  Statement read(database, "SELECT key, outcome FROM cells WHERE outcome <> 'pending'");
  while (read.step()) {
    const auto outcome = from_string<Outcome>(read.text(1));
    if (!outcome) throw InputError("holds the unknown outcome " + model::in_quotes(read.text(1)), file);
    result[read.text(0)] = *outcome;
  }
  return result;
}

std::map<std::string, double> seconds_in(Database& database) {
  std::map<std::string, double> result;
  Statement read(database, "SELECT key, seconds FROM cells WHERE outcome = 'done' AND seconds IS NOT NULL");
  while (read.step()) result[read.text(0)] = read.number(1).value_or(0);
  return result;
}

Json axes_json(const Axes& axes) {
  Json json = {{"source", axes.source},   {"architecture", axes.architecture}, {"training", axes.training},
               {"pruning", axes.pruning}, {"sparsity", axes.sparsity},         {"seed", axes.seed}};
  if (axes.method) json["method"] = to_string(*axes.method);
  return json;
}

}  // namespace

void require_ledger(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::array<char, 100> header{};
  if (in.is_open()) in.read(header.data(), header.size());
  if (!in.is_open()) {
    const int code = errno;
    throw InputError(code == ENOENT ? "there is no such file" : std::string("cannot be read: ") + std::strerror(code),
                     path.string());
  }
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = (value << 8) | static_cast<unsigned char>(header[at + i]);
    return value;
  };
  constexpr std::size_t user_version = 60, application_id = 68;  // https://www.sqlite.org/fileformat.html, 1.3
  const bool sqlite = in.gcount() == 100 && std::memcmp(header.data(), "SQLite format 3", 16) == 0;
  if (!sqlite || number(application_id) != application) {
    throw InputError("is not a ledger of secateur study", path.string());
  }
  if (number(user_version) != schema_version) {
    throw InputError(fmt::format("is a ledger of version {}; this program reads and writes version {}",
                                 number(user_version), schema_version),
                     path.string());
  }
}

Ledger::Ledger(const std::filesystem::path& path, const std::string& study) : m_name(path.string()) {
  const Meter meter(m_overhead);
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::error_code code;
  if (!std::filesystem::is_directory(folder, code)) {
    throw InputError("cannot be made: the folder " + folder.string() + " does not exist", m_name);
  }
  if (!std::filesystem::exists(path, code)) make_ledger(path, study);
  require_ledger(path);
  // A lock of its own: SQLite's come and go with every transaction. Never closed before SQLite has closed the file,
  // for that would drop SQLite's locks.
  m_lock = open(m_name.c_str(), O_RDWR | O_CLOEXEC);
  if (m_lock < 0) throw InputError(std::string("cannot be written: ") + std::strerror(errno), m_name);
  try {
    if (flock(m_lock, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) throw InputError("is in use by another run of secateur study", m_name);
      throw InputError(std::string("cannot be locked: ") + std::strerror(errno), m_name);
    }
    m_database = std::make_unique<Database>(path, Database::Mode::write);
    check_name(*m_database, study, m_name);
    m_database->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  } catch (...) {
    m_database.reset();
    close(m_lock);
    throw;
  }
}

Ledger::~Ledger() {
  try {
    // Without a log the file can be copied, and read where nothing can be written. A reader may be in the way.
    m_database->run("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE");
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
    // The log stays; the next run takes it up.
  }
  m_database.reset();
  close(m_lock);
}

void Ledger::plan(const std::vector<Cell>& cells, const std::string& spec) {
  const Meter meter(m_overhead);
  Transaction transaction(*m_database);
  m_database->run("UPDATE cells SET planned = 0");
  Statement insert(*m_database,
                   "INSERT INTO cells VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, 'pending', '', NULL, NULL, NULL, '', "
                   "'', 0, '', '{}') ON CONFLICT (key) DO UPDATE SET planned = 1, position = ?3, axes = ?4, label = ?5 "
                   "RETURNING spec");
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    const std::string text = without_path(cell.spec).dump();
    insert.bind(1, cell.key).bind(2, to_string(cell.kind)).bind(3, static_cast<std::int64_t>(i));
    insert.bind(4, axes_json(cell.axes).dump()).bind(5, cell.label).bind(6, cell.parent).bind(7, cell.reference);
    insert.bind(8, text);
    if (insert.step() && insert.text(0) != text)
      throw InputError("holds another cell under the key " + cell.key, m_name);
    insert.reset();
  }
  Statement put(*m_database, "INSERT OR REPLACE INTO study VALUES (?, ?)");
  for (const auto& [key, value] :
       {std::pair<const char*, std::string>{"spec", spec}, {"version", version}, {"machine", machine_line()}}) {
    put.bind(1, key).bind(2, value).step();
    put.reset();
  }
  transaction.commit();
}

std::map<std::string, Outcome> Ledger::outcomes() {
  const Meter meter(m_overhead);
  return outcomes_in(*m_database, m_name);
}

std::map<std::string, double> Ledger::seconds() {
  const Meter meter(m_overhead);
  return seconds_in(*m_database);
}

Known read_known(const std::filesystem::path& path, const std::string& study) {
  std::error_code code;
  if (!std::filesystem::exists(path, code)) return {};
  require_ledger(path);
  Database database(path, Database::Mode::read);
  check_name(database, study, path.string());
  return {outcomes_in(database, path.string()), seconds_in(database)};
}

void Ledger::finish(const Cell& cell, const Finished& finished) {
  const Meter meter(m_overhead);
  Transaction transaction(*m_database);
  Statement update(*m_database,
                   "UPDATE cells SET outcome = ?2, reason = ?3, seconds = ?4, cpu_seconds = ?5, memory = ?6, version = "
                   "?7, machine = ?8, workers = ?9, finished = ?10, result = ?11 WHERE key = ?1");
  const Json& result = finished.job.result;
  update.bind(1, cell.key).bind(2, to_string(finished.job.outcome)).bind(3, finished.job.reason);
  update.bind(4, finished.seconds).bind(5, finished.cpu_seconds).bind(6, finished.memory);
  update.bind(7, version).bind(8, machine_line()).bind(9, static_cast<std::int64_t>(finished.workers)).bind(10, now());
  update.bind(11, result.is_null() ? "{}" : result.dump(-1, ' ', false, Json::error_handler_t::replace)).step();
  if (!finished.job.network.empty()) {
    Statement put(*m_database, "INSERT OR REPLACE INTO networks VALUES (?, ?)");
    put.bind(1, cell.key).bind_blob(2, finished.job.network).step();
  }
  transaction.commit();
}

std::string Ledger::network(const std::string& key) {
  const Meter meter(m_overhead);
  Statement read(*m_database, "SELECT onnx FROM networks WHERE key = ?");
  read.bind(1, key);
  if (!read.step()) throw InputError("holds no network of the cell " + key, m_name);
  return read.text(0);
}

Json Ledger::result(const std::string& key) {
  const Meter meter(m_overhead);
  Statement read(*m_database, "SELECT result FROM cells WHERE key = ?");
  read.bind(1, key);
  if (!read.step()) throw InputError("holds no cell " + key, m_name);
  return Json::parse(read.text(0));
}

}  // namespace secateur::study
