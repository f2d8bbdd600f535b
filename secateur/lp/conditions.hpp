// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "secateur/lp/model.hpp"

namespace secateur::lp {

/// A model whose indicators have become rows at its end, one for each of their sides, as files state them.
struct FlatModel {
  Model model;                 ///< without indicators; special ordered sets stay
  std::vector<int> condition;  ///< of each row: which indicator of the original implies it; -1: it always holds
};

FlatModel flatten(const Model& model);

}  // namespace secateur::lp
