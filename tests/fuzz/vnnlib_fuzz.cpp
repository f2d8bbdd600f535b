// SPDX-License-Identifier: Apache-2.0
// Any text is either refused with an InputError or gives a property that keeps what model/vnnlib.hpp promises.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "secateur/core/error.hpp"
#include "secateur/model/vnnlib.hpp"

using namespace secateur;

namespace {

void require(bool condition) {
  if (!condition) __builtin_trap();
}

void check_terms(const std::vector<std::pair<int, double>>& terms, Index size) {
  int last = -1;
  for (const auto& [index, coefficient] : terms) {
    require(index > last && index < size && std::isfinite(coefficient) && coefficient != 0);
    last = index;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const Index inputs : {1, 2}) {
    try {
      const model::Property property = model::parse_vnnlib(bytes, inputs, 2, "fuzz.vnnlib");
      require(!property.disjuncts.empty());
      for (const model::Conjunction& disjunct : property.disjuncts) {
        require(disjunct.box.size() == inputs && disjunct.box.lower.allFinite() && disjunct.box.upper.allFinite());
        require((disjunct.box.lower.array() <= disjunct.box.upper.array()).all());
        for (const model::LinearConstraint& constraint : disjunct.constraints) {
          check_terms(constraint.x, inputs);
          check_terms(constraint.y, 2);
          require(!constraint.x.empty() || !constraint.y.empty());
          require(std::isfinite(constraint.upper));
        }
      }
    } catch (const InputError&) {
    }
  }
  return 0;
}
