// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "secateur/lp/session.hpp"

namespace secateur::lp {

/// HiGHS behind its C interface, the only part whose binary interface does not depend on how it was compiled.
std::unique_ptr<Session> make_highs_session();

}  // namespace secateur::lp
