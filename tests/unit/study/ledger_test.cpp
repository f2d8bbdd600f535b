// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"

namespace secateur::study {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::ThrowsMessage;
using testing::UnorderedElementsAre;

class LedgerTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::filesystem::path folder = testing::TempDir() + "/ledger";
    std::filesystem::create_directories(folder);
    m_path = folder / (std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + ".sqlite");
    for (const char* suffix : {"", "-wal", "-shm", ".new"}) std::filesystem::remove(m_path.string() + suffix);
    m_cells = plan_cells(parse_spec(
        R"({"version": 1, "name": "tiny", "sources": [{"function": "peaks"}], "architectures": ["1x4"],
            "training": [{"name": "plain"}], "bounds": ["crown"], "seeds": [0, 1]})",
        "spec.json", ""));
  }

  void expect_refused(const std::string& what) const {
    const std::string before = read_file(m_path);
    EXPECT_THAT([&] { Ledger(m_path, "tiny"); },
                ThrowsMessage<InputError>(testing::AllOf(HasSubstr(m_path.string()), HasSubstr(what))));
    EXPECT_EQ(read_file(m_path), before);
    EXPECT_FALSE(std::filesystem::exists(m_path.string() + "-wal"));
  }

  static Finished finished(Outcome outcome) {
    Finished result;
    result.job.outcome = outcome;
    result.job.reason = outcome == Outcome::done ? "" : "because";
    result.job.result = {{"answer", 42}};
    result.job.network = outcome == Outcome::done ? std::string("bytes\0with zero", 15) : "";
    result.seconds = 1.5;
    result.cpu_seconds = 1.25;
    result.memory = 17;
    return result;
  }

  std::filesystem::path m_path;
  std::vector<Cell> m_cells;
};

TEST_F(LedgerTest, RemembersWhatWasFinished) {
  {
    Ledger ledger(m_path, "tiny");
    EXPECT_THAT(ledger.outcomes(), IsEmpty());
    ledger.plan(m_cells, "{}");
    EXPECT_THAT(ledger.outcomes(), IsEmpty());
    ledger.finish(m_cells[0], finished(Outcome::done));
    ledger.finish(m_cells[2], finished(Outcome::crashed));
  }
  Ledger ledger(m_path, "tiny");
  EXPECT_THAT(ledger.outcomes(),
              UnorderedElementsAre(Pair(m_cells[0].key, Outcome::done), Pair(m_cells[2].key, Outcome::crashed)));
  EXPECT_THAT(ledger.seconds(), UnorderedElementsAre(Pair(m_cells[0].key, 1.5)));
  EXPECT_EQ(ledger.network(m_cells[0].key), std::string("bytes\0with zero", 15));
  EXPECT_EQ(ledger.result(m_cells[0].key), Json({{"answer", 42}}));
  EXPECT_THROW(static_cast<void>(ledger.network(m_cells[2].key)), InputError);
  EXPECT_THROW(static_cast<void>(ledger.result("nothing")), InputError);
}

TEST_F(LedgerTest, KeepsWhatALaterPlanLeavesOut) {
  Ledger ledger(m_path, "tiny");
  ledger.plan(m_cells, "{}");
  ledger.finish(m_cells[0], finished(Outcome::done));
  ledger.plan({m_cells[1]}, "{}");
  EXPECT_EQ(ledger.outcomes().at(m_cells[0].key), Outcome::done);
  ledger.plan(m_cells, "{}");
  EXPECT_THAT(ledger.outcomes(), SizeIs(1));
}

TEST_F(LedgerTest, IsWrittenByOneRunAtATime) {
  const Ledger ledger(m_path, "tiny");
  EXPECT_THAT([&] { Ledger(m_path, "tiny"); }, ThrowsMessage<InputError>(HasSubstr("is in use by another run")));
}

TEST_F(LedgerTest, IsOneFileOnceItIsClosed) {
  {
    Ledger ledger(m_path, "tiny");
    ledger.plan(m_cells, "{}");
    EXPECT_TRUE(std::filesystem::exists(m_path.string() + "-wal"));
  }
  EXPECT_EQ(read_known(m_path, "tiny").outcomes.size(), 0u);
  for (const char* suffix : {"-wal", "-shm", "-journal"})
    EXPECT_FALSE(std::filesystem::exists(m_path.string() + suffix));
}

TEST_F(LedgerTest, ReadsWhatIsKnownWhileARunWrites) {
  EXPECT_THAT(read_known(m_path, "tiny").outcomes, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(m_path));
  Ledger ledger(m_path, "tiny");
  ledger.plan(m_cells, "{}");
  ledger.finish(m_cells[0], finished(Outcome::done));
  const Known known = read_known(m_path, "tiny");
  EXPECT_THAT(known.outcomes, UnorderedElementsAre(Pair(m_cells[0].key, Outcome::done)));
  EXPECT_THAT(known.seconds, UnorderedElementsAre(Pair(m_cells[0].key, 1.5)));
  EXPECT_THAT([&] { static_cast<void>(read_known(m_path, "other")); },
              ThrowsMessage<InputError>(HasSubstr("is the ledger of the study \"tiny\", not of \"other\"")));
}

// The folder of a write-ahead log that nobody may write to, which is what SQLite calls a file that cannot be opened.
TEST_F(LedgerTest, ReadsALogWhoseOwnFilesCannotBeMade) {
  {
    Ledger ledger(m_path, "tiny");
    ledger.plan(m_cells, "{}");
  }
  {
    Database database(m_path, Database::Mode::write);
    database.run("PRAGMA journal_mode = WAL");
  }
  std::filesystem::create_directory(m_path.string() + "-wal");
  EXPECT_NO_THROW(static_cast<void>(read_known(m_path, "tiny")));
  std::filesystem::remove(m_path.string() + "-wal");
}

TEST_F(LedgerTest, ReadingChangesNothingAndSaysRead) {
  {
    const Ledger ledger(m_path, "tiny");
  }
  const std::string before = read_file(m_path);
  Database database(m_path, Database::Mode::read);
  EXPECT_THAT([&] { database.run("DELETE FROM study"); }, ThrowsMessage<InputError>(HasSubstr("cannot be read: ")));
  EXPECT_EQ(read_file(m_path), before);
}

TEST_F(LedgerTest, RefusesAnotherStudysLedger) {
  {
    const Ledger other(m_path, "other");
  }
  expect_refused("is the ledger of the study \"other\", not of \"tiny\"");
}

TEST_F(LedgerTest, RefusesAForeignFile) {
  write_file(m_path, "a,b\n1,2\n");
  expect_refused("is not a ledger");
}

TEST_F(LedgerTest, RefusesAnEmptyFile) {
  write_file(m_path, "");
  expect_refused("is not a ledger");
}

TEST_F(LedgerTest, RefusesAnotherDatabase) {
  Database(m_path, Database::Mode::create).run("CREATE TABLE t (x)");
  expect_refused("is not a ledger");
}

TEST_F(LedgerTest, RefusesAnotherVersion) {
  {
    const Ledger ledger(m_path, "tiny");
  }
  Database(m_path, Database::Mode::write).run("PRAGMA journal_mode = DELETE; PRAGMA user_version = 7");
  expect_refused("is a ledger of version 7; this program reads and writes version 1");
}

TEST_F(LedgerTest, RefusesADamagedFile) {
  {
    const Ledger ledger(m_path, "tiny");
  }
  std::string bytes = read_file(m_path);
  std::fill(bytes.begin() + 100, bytes.end(), 'x');
  write_file(m_path, bytes);
  EXPECT_THAT([&] { Ledger(m_path, "tiny"); }, ThrowsMessage<InputError>(HasSubstr("is damaged")));
}

TEST_F(LedgerTest, RefusesAFolderThatIsNotThere) {
  EXPECT_THAT([] { Ledger("/nowhere/x.sqlite", "tiny"); },
              ThrowsMessage<InputError>(HasSubstr("the folder /nowhere does not exist")));
}

TEST_F(LedgerTest, StartsAgainAfterHavingBeenKilledWhileItWasMade) {
  const std::string half = m_path.string() + ".new" + std::to_string(getpid());
  write_file(half, "half a ledger");
  const Ledger ledger(m_path, "tiny");
  EXPECT_FALSE(std::filesystem::exists(half));
}

// As on a full disk: no page more than the file has.
TEST_F(LedgerTest, LosesNothingWhenTheDiskIsFull) {
  {
    Ledger ledger(m_path, "tiny");
    ledger.plan(m_cells, "{}");
    ledger.finish(m_cells[0], finished(Outcome::done));
  }
  {
    Database database(m_path, Database::Mode::write);
    database.run("PRAGMA max_page_count = 1");  // is raised to what there is
    Transaction transaction(database);
    Statement insert(database, "INSERT INTO networks VALUES ('k', zeroblob(100000))");
    EXPECT_THAT([&] { insert.step(); }, ThrowsMessage<InputError>(HasSubstr("the disk is full; what was there")));
  }
  Ledger ledger(m_path, "tiny");
  EXPECT_THAT(ledger.outcomes(), SizeIs(1));
  ledger.finish(m_cells[2], finished(Outcome::done));
  EXPECT_THAT(ledger.outcomes(), SizeIs(2));
}

}  // namespace
}  // namespace secateur::study
