// SPDX-License-Identifier: Apache-2.0
#include "secateur/core/parallel.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

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

}  // namespace
}  // namespace secateur
