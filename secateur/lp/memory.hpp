// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace secateur::lp {

/// Resident memory of this process in MiB; 0 where the system does not say.
double resident_memory();

}  // namespace secateur::lp
