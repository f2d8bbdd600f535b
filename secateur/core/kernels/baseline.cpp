// SPDX-License-Identifier: Apache-2.0
#define SECATEUR_VECTOR_BYTES 16
#define SECATEUR_TILE_ROWS 4
#define SECATEUR_TILE_ROWS_1 8
#include "secateur/core/kernels/body.hpp"

namespace secateur {
extern const KernelSet baseline_kernels = {kernels_of<float>, kernels_of<double>, bound_kernels_here};
}  // namespace secateur
