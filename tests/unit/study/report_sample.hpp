// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/study/records.hpp"

namespace secateur::study {

/// What a made-up study is made of.
struct SampleSize {
  int seeds = 3;
  bool flowsheet = true, baselines = true, second_solve = true, failures = true;
  /// Cells after this many of each kind have not run.
  int stop_after = 1'000'000;
};

/// A study as a run would leave it, by formulae instead of training and solving: sparser networks err more, have
/// narrower bounds and are solved sooner; large dense ones are stopped at 60 s.
Study sample_study(const SampleSize& size = {});

}  // namespace secateur::study
