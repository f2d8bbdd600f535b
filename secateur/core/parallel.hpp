// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace secateur {

/// Calls work(job, thread) once for each job 0 .. jobs - 1, in that order as threads become free. There are up to
/// `threads` of them, numbered from 0, the caller's among them. After an exception no further job begins; once all
/// threads are done, that of the first job that threw leaves from here.
template <class Work>
void parallel(std::size_t jobs, std::size_t threads, const Work& work) {
  std::vector<std::exception_ptr> errors(jobs);
  std::atomic<std::size_t> next{0};
  const auto serve = [&](std::size_t thread) {
    for (std::size_t job = next++; job < jobs; job = next++) {
      try {
        work(job, thread);
      } catch (...) {
        errors[job] = std::current_exception();
        next = jobs;
      }
    }
  };
  {
    std::vector<std::jthread> team;
    for (std::size_t thread = 1; thread < std::min(threads, jobs); ++thread) team.emplace_back(serve, thread);
    serve(0);
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace secateur
