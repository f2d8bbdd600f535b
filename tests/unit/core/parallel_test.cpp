// SPDX-License-Identifier: Apache-2.0
#include "secateur/core/parallel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace secateur {
namespace {

TEST(Parallel, DoesEveryJobOnce) {
  for (const std::size_t threads : {0U, 1U, 3U, 200U}) {
    std::vector<std::atomic<int>> done(100);
    parallel(done.size(), threads, [&](std::size_t job, std::size_t thread) {
      EXPECT_LT(thread, std::max<std::size_t>(1, threads));
      ++done[job];
    });
    for (const auto& times : done) EXPECT_EQ(times, 1);
  }
  parallel(0, 2, [](std::size_t, std::size_t) { FAIL(); });
}

TEST(Parallel, HandsOutTheFirstJobsExceptionAndBeginsNoFurtherJob) {
  std::atomic<int> begun{0};
  try {
    parallel(1000, 2, [&](std::size_t job, std::size_t) {
      ++begun;
      if (job >= 1) throw std::runtime_error(std::to_string(job));
    });
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "1");
  }
  EXPECT_LE(begun, 3);
}

TEST(Crew, DoesEveryJobOnceAgainAndAgain) {
  for (const std::size_t threads : {0U, 1U, 2U, 5U}) {
    Crew crew(threads);
    for (std::size_t round = 0; round < 300; ++round) {
      // More threads than jobs, and fewer; what a job writes is seen by the caller.
      std::vector<std::size_t> written(round % 9, 0);
      crew.run(written.size(), [&](std::size_t job, std::size_t thread) {
        EXPECT_LT(thread, std::max<std::size_t>(1, threads));
        written[job] += job + round;
      });
      for (std::size_t job = 0; job < written.size(); ++job) ASSERT_EQ(written[job], job + round);
    }
  }
}

TEST(Crew, EndsWithoutHavingBegun) {
  for (int i = 0; i < 20; ++i) {
    Crew crew(4);
    if (i % 2 == 0) crew.run(2, [](std::size_t, std::size_t) {});
  }
}

TEST(Crew, GoesOnAfterAnException) {
  Crew crew(3);
  for (int round = 0; round < 100; ++round) {
    std::atomic<int> begun{0};
    try {
      // All behind the first job throw; whichever does so first, job 1 has begun before.
      crew.run(1000, [&](std::size_t job, std::size_t) {
        ++begun;
        if (job >= 1) throw std::runtime_error(std::to_string(job));
      });
      FAIL();
    } catch (const std::runtime_error& error) {
      ASSERT_STREQ(error.what(), "1");
    }
    ASSERT_LE(begun, 4);
    std::atomic<int> done{0};
    crew.run(10, [&](std::size_t, std::size_t) { ++done; });
    ASSERT_EQ(done, 10);
  }
}

TEST(Crew, LeavesTheOnlyThreadsExceptionAsItIs) {
  Crew crew(1);
  int begun = 0;
  EXPECT_THROW(crew.run(5,
                        [&](std::size_t job, std::size_t) {
                          ++begun;
                          if (job == 1) throw std::out_of_range("1");
                        }),
               std::out_of_range);
  EXPECT_EQ(begun, 2);
}

TEST(Crew, JobsInsideAJobAreDoneByItsThread) {
  Crew crew(3);
  std::vector<int> sums(20, 0);
  crew.run(sums.size(), [&](std::size_t outer, std::size_t) {
    const std::thread::id self = std::this_thread::get_id();
    crew.run(5, [&](std::size_t inner, std::size_t thread) {
      EXPECT_EQ(thread, 0U);
      EXPECT_EQ(std::this_thread::get_id(), self);
      sums[outer] += static_cast<int>(inner);
    });
  });
  EXPECT_EQ(std::accumulate(sums.begin(), sums.end(), 0), 200);
}

TEST(Crew, ServesSeveralCallers) {
  Crew crew(3);
  std::vector<int> sums(4, 0);
  std::vector<std::thread> callers;
  for (std::size_t caller = 0; caller < sums.size(); ++caller) {
    callers.emplace_back([&, caller] {
      for (int round = 0; round < 200; ++round) {
        std::vector<int> written(7, 0);
        crew.run(written.size(), [&](std::size_t job, std::size_t) { written[job] = static_cast<int>(job); });
        sums[caller] += std::accumulate(written.begin(), written.end(), 0);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sums, std::vector<int>(4, 200 * 21));
}

TEST(Crew, ThreadsTakePart) {
  // Each waits for the other: one thread alone would never end.
  Crew crew(2);
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> here{0};
    crew.run(2, [&](std::size_t, std::size_t) {
      ++here;
      while (here < 2) std::this_thread::yield();
    });
    EXPECT_EQ(here, 2);
  }
}

}  // namespace
}  // namespace secateur
