// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/values.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace secateur::search {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

Values Values::integer() {
  Values values;
  values.m_kind = Kind::integer;
  return values;
}

Values Values::one_of(std::vector<double> listed) {
  Values values;
  values.m_kind = Kind::listed;
  values.m_listed = std::move(listed);
  return values;
}

double Values::up(double x) const {
  if (m_kind == Kind::any) return x;
  if (m_kind == Kind::integer) return std::ceil(x);
  const auto at = std::lower_bound(m_listed.begin(), m_listed.end(), x);
  return at == m_listed.end() ? infinity : *at;
}

double Values::down(double x) const {
  if (m_kind == Kind::any) return x;
  if (m_kind == Kind::integer) return std::floor(x);
  const auto at = std::upper_bound(m_listed.begin(), m_listed.end(), x);
  return at == m_listed.begin() ? -infinity : *std::prev(at);
}

double Values::nearest(double x) const {
  const double below = down(x), above = up(x);
  return x - below <= above - x ? below : above;
}

double Values::off(double x) const {
  const double below = down(x), above = up(x);
  if (above == below) return 0;
  if (std::isinf(below) || std::isinf(above)) return 0.5;
  return std::min(x - below, above - x) / (above - below);
}

Values::Parts Values::halves(double lower, double upper) const {
  const double middle = lower + 0.5 * (upper - lower);
  if (m_kind == Kind::any) return {middle, middle};
  // The middle may be a value, or lie beyond all but the last one.
  const double first = down(middle);
  if (m_kind == Kind::integer) return {first, first + 1};
  return {first, *std::upper_bound(m_listed.begin(), m_listed.end(), first)};
}

}  // namespace secateur::search
