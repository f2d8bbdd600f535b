// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "secateur/core/kernels/table.hpp"
#include "secateur/core/names.hpp"

namespace secateur {

/// Instruction sets that the kernels are compiled for. `baseline` is what every processor of the architecture has; the
/// others exist on x86-64 only: avx2 with fused multiply-add; avx512 with its F, DQ, BW and VL parts.
enum class Isa { baseline, avx2, avx512 };
template <>
struct Names<Isa> {
  static constexpr std::array<std::string_view, 3> value{"baseline", "avx2", "avx512"};
};

/// Those that this processor and operating system support, the widest last.
std::vector<Isa> available_isas();

/// The instruction set with this name. Throws InputError for an unknown name, or one that is not available, naming
/// those that are.
Isa isa_named(std::string_view name);

/// What the process uses: the environment variable SECATEUR_ISA where it is set (isa_named), the widest available one
/// otherwise. Decided once, at the first call that succeeds.
Isa active_isa();

/// The kernels for float or double; see Kernels. Results differ between instruction sets in the last bits only (order
/// of sums, fused operations); on one of them they are the same in every run.
template <class Scalar>
const Kernels<Scalar>& kernels(Isa isa);
template <>
const Kernels<float>& kernels<float>(Isa isa);
template <>
const Kernels<double>& kernels<double>(Isa isa);
template <class Scalar>
const Kernels<Scalar>& kernels() {
  return kernels<Scalar>(active_isa());
}

/// The kernels that bounds are computed with.
const BoundKernels& bound_kernels(Isa isa);
inline const BoundKernels& bound_kernels() { return bound_kernels(active_isa()); }

}  // namespace secateur
