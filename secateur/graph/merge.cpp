// SPDX-License-Identifier: Apache-2.0
#include "secateur/graph/merge.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "secateur/core/rounding.hpp"
#include "secateur/graph/affine_range.hpp"

namespace secateur::graph {

namespace {

/// A unit that stays, for those behind it to be compared with.
struct Kept {
  NeuronId id;
  int value = 0;     ///< its index among the new values
  double upper = 0;  ///< its value is at most this
  AffineRow row;
};

/// a + b, rounded upwards unless a zero makes it exact.
double plus_up(double a, double b) { return a == 0 ? b : b == 0 ? a : add_up(a, b); }

// --- exact multiples -------------------------------------------------------------------------------------------------

std::uint64_t mixed(std::uint64_t hash, std::uint64_t bits) {
  hash = (hash ^ bits) * 0x9e3779b97f4a7c15U;
  return hash ^ hash >> 29U;
}

/// Rows that are multiples of one another have the same quotients w_j / w_0 and b / w_0 in real arithmetic, hence the
/// same rounded ones. So equal fingerprints are necessary, and `multiple` decides.
std::uint64_t fingerprint(const AffineRow& row) {
  std::uint64_t hash = 0;
  const auto mix = [&hash](std::uint64_t bits) { hash = mixed(hash, bits); };
  // Plus zero: -0 and 0 are one number.
  const auto mix_quotient = [&](double w) { mix(std::bit_cast<std::uint64_t>(w / row.coefficients[0] + 0.0)); };
  for (std::size_t p = 0; p < row.columns.size(); ++p) {
    mix(static_cast<std::uint64_t>(row.columns[p]));
    mix_quotient(row.coefficients[p]);
  }
  mix_quotient(row.bias);
  return hash;
}

/// Equal for rows that are multiples of one another, and made of a few of their numbers; nothing for a row of zeros.
std::optional<std::uint64_t> rough_fingerprint(const AffineLayer& layer, Index unit) {
  const auto bits = [](double quotient) { return std::bit_cast<std::uint64_t>(quotient + 0.0); };
  std::uint64_t hash = 0, entries = 0;
  double first = 0;
  for (SparseMatrix::InnerIterator entry(layer.weight, unit); entry; ++entry) {
    if (entry.value() == 0) continue;
    if (entries == 0) first = entry.value();
    if (++entries <= 2) hash = mixed(mixed(hash, static_cast<std::uint64_t>(entry.col())), bits(entry.value() / first));
  }
  if (entries == 0) return std::nullopt;
  return mixed(mixed(hash, entries), bits(layer.bias(unit) / first));
}

/// a b == c d in real arithmetic? "No" also when underflow or overflow hides the answer.
bool equal_products(double a, double b, double c, double d) {
  if (a == 0 || b == 0 || c == 0 || d == 0) return (a == 0 || b == 0) && (c == 0 || d == 0);
  const double left = a * b, right = c * d;
  if (!std::isfinite(left) || std::abs(left) < 0x1p-960 || left != right) return false;
  return std::fma(a, b, -left) == std::fma(c, d, -right);
}

/// A real number that lies within `off` of `factor`.
struct Multiple {
  double factor, off;
};

/// The C with second = C first (errors aside), if there is one.
std::optional<Multiple> multiple(const AffineRow& first, const AffineRow& second) {
  if (first.columns != second.columns) return std::nullopt;
  const double divisor = first.coefficients[0], dividend = second.coefficients[0];
  const double factor = dividend / divisor;
  if (!std::isfinite(factor) || factor == 0) return std::nullopt;
  const double off = divide_residual(dividend, divisor);
  const auto agrees = [&](double a, double b) {
    // Where the factor is exact (equal rows above all), underflow is no obstacle.
    if (off == 0 && factor * a == b && std::fma(factor, a, -b) == 0) return true;
    return equal_products(a, dividend, b, divisor);
  };
  for (std::size_t p = 0; p < first.columns.size(); ++p) {
    if (!agrees(first.coefficients[p], second.coefficients[p])) return std::nullopt;
  }
  if (!agrees(first.bias, second.bias)) return std::nullopt;
  return Multiple{factor, off};
}

/// With z1 = w v + b + e1 and z2 = C (w v + b) + e2:
///   C > 0:  relu(z2) = relu(C z1 + (e2 - C e1))                 = C relu(z1) + e,             |e| <= C |e1| + |e2|;
///   C < 0:  relu(z2) = relu(-z2) + z2 = |C| relu(z1) + z2 + e,  with the same e, and z2 is its row plus another e2.
/// Writing c for C adds |C - c| max z1.
AffineRow definition(const Kept& kept, const AffineRow& row, const Multiple& multiple) {
  const double size = std::abs(multiple.factor);
  double error = plus_up(multiply_up(plus_up(size, multiple.off), kept.row.error), row.error);
  error = plus_up(error, multiply_up(multiple.off, kept.upper));
  if (multiple.factor > 0) return {{kept.value}, {size}, 0, error};
  AffineRow result = row;
  result.columns.push_back(kept.value);
  result.coefficients.push_back(size);
  result.error = plus_up(result.error, error);
  return result;
}

// --- similar units ---------------------------------------------------------------------------------------------------

/// Bounds of every new value so far.
struct Values {
  std::vector<double> lower, upper;

  [[nodiscard]] double magnitude(int v) const {
    const auto i = static_cast<std::size_t>(v);
    return std::max(std::abs(lower[i]), std::abs(upper[i]));
  }
  [[nodiscard]] Box box() const {
    return {Eigen::Map<const Vector>(lower.data(), static_cast<Index>(lower.size())),
            Eigen::Map<const Vector>(upper.data(), static_cast<Index>(upper.size()))};
  }
};

/// The kept unit with the least sum of |difference of coefficients| * magnitude: by ordinary arithmetic, because what
/// counts is certified afterwards.
class Nearest {
 public:
  const Kept* find(const AffineRow& row, const std::vector<Kept>& kept, const Values& values) {
    m_dense.resize(values.lower.size(), 0.0);
    double all = 0;
    for (std::size_t p = 0; p < row.columns.size(); ++p) {
      m_dense[static_cast<std::size_t>(row.columns[p])] = row.coefficients[p];
      all += std::abs(row.coefficients[p]) * values.magnitude(row.columns[p]);
    }
    const Kept* best = nullptr;
    double least = std::numeric_limits<double>::infinity();
    for (const Kept& other : kept) {
      double distance = all + std::abs(other.row.bias - row.bias) + other.row.error;
      for (std::size_t p = 0; p < other.row.columns.size(); ++p) {
        const double mine = m_dense[static_cast<std::size_t>(other.row.columns[p])];
        distance +=
            (std::abs(mine - other.row.coefficients[p]) - std::abs(mine)) * values.magnitude(other.row.columns[p]);
      }
      if (distance < least) {
        least = distance;
        best = &other;
      }
    }
    for (const int column : row.columns) m_dense[static_cast<std::size_t>(column)] = 0;
    return best;
  }

 private:
  std::vector<double> m_dense;
};

/// Encloses z2 - z1 over the values' bounds.
LayerBounds difference_range(const AffineRow& first, const AffineRow& second, const Values& values) {
  const Box box = values.box();
  SparseMatrix weight(1, 2);
  weight.insert(0, 0) = -1.0;
  weight.insert(0, 1) = 1.0;
  weight.makeCompressed();
  const AffineLayer layer = substitute({weight, Vector::Zero(1), Vector::Zero(1)}, {first, second}, box.magnitude());
  return affine_range(layer, box);
}

}  // namespace

bool may_merge(const ReluGraph& graph) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(static_cast<std::size_t>(graph.neurons()));
  for (int k = 0; k + 1 < graph.depth(); ++k) {
    const AffineLayer& layer = graph.layers[static_cast<std::size_t>(k)];
    for (Index i = 0; i < layer.units(); ++i) {
      if (const auto hash = rough_fingerprint(layer, i)) hashes.push_back(*hash);
    }
  }
  std::sort(hashes.begin(), hashes.end());
  return std::adjacent_find(hashes.begin(), hashes.end()) != hashes.end();
}

Reduction merge_multiples(const ReluGraph& graph, const NeuronBounds& bounds, bool opposites) {
  std::unordered_map<std::uint64_t, std::vector<Kept>> kept;
  std::vector<Merge> merges;
  Reduction result = rebuild(graph, bounds, [&](const Candidate& unit) -> std::optional<AffineRow> {
    AffineRow row = row_of(unit.layer, unit.id.unit);
    if (row.columns.empty()) return std::nullopt;
    std::vector<Kept>& alike = kept[fingerprint(row)];
    for (const Kept& other : alike) {
      const std::optional<Multiple> found = multiple(other.row, row);
      if (!found || (found->factor < 0 && !opposites)) continue;
      AffineRow defined = definition(other, row, *found);
      if (!std::isfinite(defined.error)) continue;
      merges.push_back({unit.id, other.id, found->factor, defined.error});
      return defined;
    }
    const double upper = std::max(0.0, bounds[static_cast<std::size_t>(unit.id.layer)].upper(unit.id.unit));
    alike.push_back({unit.id, unit.value, upper, std::move(row)});
    return std::nullopt;
  });
  result.merges = std::move(merges);
  return result;
}

Reduction merge_similar(const ReluGraph& graph, const NeuronBounds& bounds, const Likeness& likeness) {
  std::vector<Kept> kept;
  std::vector<Merge> merges;
  // Rows of a layer read the values before it, so the bounds of a layer's own units are not needed until the next one.
  Values values{{graph.domain.lower.begin(), graph.domain.lower.end()},
                {graph.domain.upper.begin(), graph.domain.upper.end()}};
  Nearest nearest;
  Reduction result = rebuild(graph, bounds, [&](const Candidate& unit) -> std::optional<AffineRow> {
    AffineRow row = row_of(unit.layer, unit.id.unit);
    const LayerBounds& layer = bounds[static_cast<std::size_t>(unit.id.layer)];
    const double lower = layer.lower(unit.id.unit), upper = layer.upper(unit.id.unit);
    const Kept* other = unit.id.layer < likeness.first_layer ? nullptr : nearest.find(row, kept, values);
    if (other != nullptr) {
      const LayerBounds range = difference_range(other->row, row, values);
      const double low = std::min(0.0, range.lower(0)), high = std::max(0.0, range.upper(0));
      const double middle = 0.5 * low + 0.5 * high;
      const double error = std::max(plus_up(high, -middle), plus_up(-low, middle));
      if (std::isfinite(error) && error <= likeness.tolerance * (upper - lower)) {
        merges.push_back({unit.id, other->id, 1, error});
        return AffineRow{{other->value}, {1.0}, middle, error};
      }
    }
    kept.push_back({unit.id, unit.value, std::max(0.0, upper), std::move(row)});
    values.lower.push_back(std::max(0.0, lower));
    values.upper.push_back(std::max(0.0, upper));
    return std::nullopt;
  });
  result.merges = std::move(merges);
  return result;
}

}  // namespace secateur::graph
