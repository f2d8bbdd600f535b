// SPDX-License-Identifier: Apache-2.0
#include "secateur/core/kernels.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "secateur/core/error.hpp"

namespace secateur {

namespace {

const KernelSet& kernel_set(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::avx2) return avx2_kernels;
  if (isa == Isa::avx512) return avx512_kernels;
#endif
  static_cast<void>(isa);
  return baseline_kernels;
}

std::string names(const std::vector<Isa>& isas) {
  std::vector<std::string_view> list;
  for (const Isa isa : isas) list.push_back(to_string(isa));
  return fmt::format("{}", fmt::join(list, ", "));
}

Isa chosen() {
  const char* name = std::getenv("SECATEUR_ISA");
  return name != nullptr && *name != '\0' ? isa_named(name) : available_isas().back();
}

}  // namespace

std::vector<Isa> available_isas() {
  std::vector<Isa> found{Isa::baseline};
#if defined(__x86_64__)
  // These ask the operating system too: it has to save the wider registers.
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    found.push_back(Isa::avx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl")) {
      found.push_back(Isa::avx512);
    }
  }
#endif
  return found;
}

Isa isa_named(std::string_view name) {
  const std::vector<Isa> available = available_isas();
  const auto isa = from_string<Isa>(name);
  if (!isa) {
    throw InputError(fmt::format("unknown instruction set '{}'; this machine has {}", name, names(available)), {},
                     "SECATEUR_ISA");
  }
  if (std::find(available.begin(), available.end(), *isa) == available.end()) {
    throw InputError(fmt::format("this machine does not have {}; it has {}", name, names(available)), {},
                     "SECATEUR_ISA");
  }
  return *isa;
}

Isa active_isa() {
  static const Isa isa = chosen();
  return isa;
}

template <>
const Kernels<float>& kernels<float>(Isa isa) {
  return kernel_set(isa).single;
}

template <>
const Kernels<double>& kernels<double>(Isa isa) {
  return kernel_set(isa).twofold;
}

const BoundKernels& bound_kernels(Isa isa) { return kernel_set(isa).bounds; }

}  // namespace secateur
