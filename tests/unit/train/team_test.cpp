// SPDX-License-Identifier: Apache-2.0
#include "secateur/train/team.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace secateur::train {
namespace {

TEST(Team, MembersSeeWhatOthersWroteBeforeTheBarrier) {
  for (const int size : {1, 2, 3, 5}) {
    Team team(size);
    ASSERT_EQ(team.size(), size);
    std::vector<int> written(static_cast<std::size_t>(size)), sums(static_cast<std::size_t>(size));
    int wrong = 0;
    for (int round = 0; round < 50; ++round) {
      team.run([&](int member) {
        for (int step = 0; step < 20; ++step) {
          written[static_cast<std::size_t>(member)] = step + member;
          team.barrier();
          sums[static_cast<std::size_t>(member)] = std::accumulate(written.begin(), written.end(), 0);
          team.barrier();
        }
      });
      for (const int sum : sums) wrong += sum != 19 * size + size * (size - 1) / 2;
    }
    EXPECT_EQ(wrong, 0);
  }
}

TEST(Team, IdleTeamsEnd) {
  for (int i = 0; i < 20; ++i) {
    Team team(4);
    if (i % 2 == 0) team.run([](int) {});
  }
}

}  // namespace
}  // namespace secateur::train
