// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace secateur {

/// The values an option may take; `open_*` excludes the end itself.
template <class T>
struct Range {
  T minimum;
  T maximum;
  bool open_minimum = false;
  bool open_maximum = false;
};

/// How options are declared. A settings struct (plain members with defaults) has a free function
///
///     template <class Visitor> void describe(TrainSettings& s, Visitor&& visit) {
///       visit("epochs", s.epochs, "passes over the training rows", Range{1, 1000000});
///       visit("compensate", s.compensate, "replace a pruned weight by its mean contribution");
///       visit("method", s.method, "what is removed");           // a Named enumeration: its names are the choices
///     }
///
/// which is the one table of names, descriptions, defaults (the members' initial values) and ranges. The command line,
/// the documentation and the bindings are visitors of it. Members may be int, double, bool, std::uint64_t, std::string,
/// a Named enumeration, or std::optional of one of these.
template <class T>
[[nodiscard]] constexpr bool contains(const Range<T>& range, T value) {
  const bool above = range.open_minimum ? value > range.minimum : value >= range.minimum;
  const bool below = range.open_maximum ? value < range.maximum : value <= range.maximum;
  return above && below;
}

}  // namespace secateur
