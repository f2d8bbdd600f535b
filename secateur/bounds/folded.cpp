// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/folded.hpp"

#include <algorithm>
#include <cmath>

#include "secateur/core/kernels.hpp"
#include "secateur/core/rounding.hpp"

namespace secateur::bounds {

namespace {

/// Rows of a matrix, and as many numbers.
using Rows = Eigen::Ref<const Matrix, 0, Eigen::OuterStride<>>;
using Slice = Eigen::Ref<const Vector>;

enum class Fate { kept, active, inactive };

Fate fate(double lower, double upper) {
  if (lower >= 0) return Fate::active;
  return upper <= 0 ? Fate::inactive : Fate::kept;
}

/// Builds a Folded layer by layer. A row r over the values before it becomes, with A its active units, whose own new
/// rows are w_a v + b_a + e_a,
///
///     r' = (r without A and the inactive units) + sum_A r_a w_a,    b' = b + sum_A r_a b_a.
///
/// Entry v of r' is off by at most gamma_n (|r_v| + sum_A |r_a w_av|) with n = |A| + 1; summed over v times M_v >= |v|,
/// and the bias in the same way, that is at most gamma_n (magnitude of what is kept of r + sum_A |r_a| magnitude_a).
class Folder {
 public:
  Folder(Index inputs, Index kept, Index active, Index targets, const Box& box)
      : m_values(inputs + kept),
        m_magnitude(m_values),
        m_active(active, m_values + 1),
        m_active_error(active),
        m_active_magnitude(active) {
    m_folded.inputs = inputs;
    m_folded.weight = Matrix::Zero(kept + targets, m_values);
    m_folded.bias.resize(kept + targets);
    m_folded.error.resize(kept + targets);
    m_folded.magnitude.resize(kept + targets);
    m_kept_columns.reserve(static_cast<std::size_t>(m_values));
    m_active_columns.reserve(static_cast<std::size_t>(active));
    for (Index j = 0; j < inputs; ++j) m_kept_columns.push_back(j);
    m_magnitude.head(inputs) = box.magnitude();
    m_folded.first.push_back(inputs);
    m_next = inputs;
    m_before = inputs;
  }

  /// One layer's rows: `rows` (m x values before the layer), bias and error, and what becomes of each row. `reads`:
  /// whether they have weights on the inputs, and on each layer before. `place`: where each stands among the graph's
  /// units; `upper`: bounds of the rows. Targets are all kept.
  void add_layer(const Rows& rows, const Slice& bias, const Slice& error, const unsigned char* reads, const Fate* fates,
                 const double* upper, const Index* place, bool targets) {
    std::vector<Index> live;
    live.reserve(static_cast<std::size_t>(rows.rows()));
    for (Index r = 0; r < rows.rows(); ++r) {
      if (fates[r] != Fate::inactive) live.push_back(r);
    }
    const auto count = static_cast<Index>(live.size()), active = static_cast<Index>(m_active_columns.size());
    const Index width = m_next;  // values that exist before this layer
    const std::vector<Span> kept_spans = spans(reads, m_folded.first), active_spans = spans(reads, m_active_first);
    Matrix result = Matrix::Zero(count, width + 1), factor = Matrix::Zero(count, active);
    Vector rounding = Vector::Zero(count), new_error(count);
    Index some = active, end = 0;  // active units outside [some, end) are not read
    for (Index i = 0; i < count; ++i) {
      const Index r = live[static_cast<std::size_t>(i)];
      const double* row = rows.data() + r * rows.outerStride();
      double* to = result.data() + i * (width + 1);
      for (const Span& span : kept_spans) {
        for (Index v = span.begin; v < span.end; ++v) to[v] = row[m_kept_columns[static_cast<std::size_t>(v)]];
      }
      to[width] = bias(r);
      double replaced = 0, carried = error(r);
      std::int64_t terms = 0;
      for (const Span& span : active_spans) {
        for (Index a = span.begin; a < span.end; ++a) {
          const double w = row[m_active_columns[static_cast<std::size_t>(a)]];
          factor(i, a) = w;
          if (w == 0) continue;
          ++terms;
          some = std::min(some, a);
          end = std::max(end, a + 1);
          replaced += std::abs(w) * m_active_magnitude(a);
          carried += std::abs(w) * m_active_error(a);
        }
      }
      if (terms > 0) {
        const double kept = std::abs(bias(r)) + size(to, kept_spans);
        // 2 (n + 4) u: also for the rounding of the magnitude itself and of the carried error.
        rounding(i) =
            sum_error(2 * (width + active + 8), kept + replaced) + underflow_allowance * (1 + kept + replaced);
        carried = sum_up(terms + 1, carried);
      }
      new_error(i) = rounding(i) == 0 ? carried : add_up(carried, rounding(i));
    }
    const bool replaces = some < end;
    if (replaces) multiply(factor, some, end, width, result);
    const std::vector<Span> result_spans = replaces ? std::vector<Span>{{0, width}} : kept_spans;
    const auto blocks = m_folded.first.size();
    for (std::size_t t = 0; t < blocks; ++t) m_may_read.push_back(replaces || reads[t] != 0 ? 1 : 0);

    Index next = m_next;
    for (Index i = 0; i < count; ++i) {
      const Index r = live[static_cast<std::size_t>(i)];
      const double* from = result.data() + i * (width + 1);
      const double magnitude = sum_up(width + 2, std::abs(from[width]) + new_error(i) + size(from, result_spans));
      if (fates[r] == Fate::active) {
        const auto row = static_cast<Index>(m_active_columns.size());
        m_active.row(row).head(width) = result.row(i).head(width);
        m_active.row(row).segment(width, m_values - width).setZero();
        m_active(row, m_values) = result(i, width);
        m_active_error(row) = new_error(i);
        m_active_magnitude(row) = magnitude;
        m_active_columns.push_back(m_before + r);
        continue;
      }
      const Index row = next - m_folded.inputs;
      for (const Span& span : result_spans) {
        std::copy(from + span.begin, from + span.end, m_folded.weight.data() + row * m_values + span.begin);
      }
      m_folded.bias(row) = result(i, width);
      m_folded.error(row) = new_error(i);
      m_folded.magnitude(row) = magnitude;
      if (!targets) {
        m_folded.unit.push_back(place[r]);
        m_kept_columns.push_back(m_before + r);
        m_magnitude(next) = std::max(0.0, upper[r]);
      }
      ++next;
    }
    if (targets) return;
    m_next = next;
    m_folded.first.push_back(next);
    m_active_first.push_back(static_cast<Index>(m_active_columns.size()));
    m_before += rows.rows();
  }

  Folded finish() {
    const auto layers = static_cast<Index>(m_folded.first.size()) - 1;
    m_folded.reads.assign(static_cast<std::size_t>((layers + 1) * (layers + 1)), 0);
    std::size_t at = 0;
    for (Index k = 0; k <= layers; ++k) {
      const Index begin = m_folded.first[static_cast<std::size_t>(k)] - m_folded.inputs;
      const Index end =
          k < layers ? m_folded.first[static_cast<std::size_t>(k + 1)] - m_folded.inputs : m_folded.rows();
      for (Index t = 0; t <= k; ++t) {
        if (m_may_read[at++] == 0) continue;
        const Index from = t == 0 ? 0 : m_folded.first[static_cast<std::size_t>(t - 1)];
        const Index to = t == 0 ? m_folded.inputs : m_folded.first[static_cast<std::size_t>(t)];
        const bool some = (m_folded.weight.block(begin, from, end - begin, to - from).array() != 0).any();
        m_folded.reads[static_cast<std::size_t>(k * (layers + 1) + t)] = some ? 1 : 0;
      }
    }
    // Every product of a pass loses at most underflow_unit, times the magnitude of what it stands for.
    const double total = m_magnitude.sum() + m_folded.magnitude.sum() + 1;
    m_folded.underflow = underflow_allowance * total;
    return std::move(m_folded);
  }

 private:
  /// Far more than all products of one row together lose to underflow, and a normal number.
  static constexpr double underflow_allowance = 0x1p-1000;

  struct Span {
    Index begin, end;
  };
  /// The parts of what is read, where `first` tells the end of each layer's part, that of the inputs first.
  static std::vector<Span> spans(const unsigned char* reads, const std::vector<Index>& first) {
    std::vector<Span> result;
    for (std::size_t t = 0; t < first.size(); ++t) {
      const Index begin = t == 0 ? 0 : first[t - 1];
      if (reads[t] != 0 && begin < first[t]) result.push_back({begin, first[t]});
    }
    return result;
  }

  /// Sum of |row_v| M_v.
  [[nodiscard]] double size(const double* row, const std::vector<Span>& where) const {
    double sum = 0;
    for (const Span& span : where) {
      const Index length = span.end - span.begin;
      sum += Eigen::Map<const Vector>(row + span.begin, length).cwiseAbs().dot(m_magnitude.segment(span.begin, length));
    }
    return sum;
  }

  /// result += factor times the rows of the active units from `some` to `end`, their bias in the last column.
  void multiply(const Matrix& factor, Index some, Index end, Index width, Matrix& result) const {
    Product<double> product;
    product.m = result.rows();
    product.n = width;
    product.k = end - some;
    product.a = factor.data() + some;
    product.a_row = factor.cols();
    product.b = m_active.data() + some * m_active.cols();
    product.b_row = m_active.cols();
    product.c = result.data();
    product.c_row = result.cols();
    product.accumulate = true;
    kernels<double>().product(product);
    result.col(width) += factor.middleCols(some, end - some) * m_active.block(some, m_values, end - some, 1);
  }

  Folded m_folded;
  Index m_values;
  std::vector<Index> m_kept_columns;    ///< which old value each new one is
  std::vector<Index> m_active_columns;  ///< which old value each active unit is
  Vector m_magnitude;                   ///< M_v of the new values
  Matrix m_active;                      ///< new rows of active units, the bias last
  Vector m_active_error, m_active_magnitude;
  std::vector<Index> m_active_first{0};   ///< where each layer's active units end, that of the inputs first
  std::vector<unsigned char> m_may_read;  ///< layer by layer: where it may have weights
  Index m_next = 0, m_before = 0;         ///< new and old values so far
};

}  // namespace

std::vector<double> Folded::row_work() const {
  const auto layers = static_cast<Index>(first.size()) - 1;
  const auto at = [&](Index i) { return static_cast<double>(first[static_cast<std::size_t>(i)]); };
  std::vector<double> work;
  double pass = 0;  // the matrices of the layers in front
  for (Index k = 0; k <= layers; ++k) {
    work.push_back(2 * (pass + at(k)));
    if (k == layers) break;
    for (Index t = 0; t <= k; ++t) {
      if (reads[static_cast<std::size_t>(k * (layers + 1) + t)] == 0) continue;
      pass += (at(k + 1) - at(k)) * (t == 0 ? at(0) : at(t) - at(t - 1));
    }
  }
  return work;
}

double Folded::work() const {
  const std::vector<double> row = row_work();
  double total = row.back();
  for (std::size_t k = 0; k + 1 < row.size(); ++k) total += static_cast<double>(first[k + 1] - first[k]) * row[k];
  return total;
}

double Folded::forward_work() const {
  const double entries = 0.5 * row_work().back() - static_cast<double>(values());
  return entries * static_cast<double>(2 * inputs + 3);
}

CrownBatch Folded::batch() const {
  CrownBatch batch;
  batch.inputs = inputs;
  batch.layers = static_cast<std::ptrdiff_t>(first.size()) - 1;
  batch.targets = targets();
  batch.first = first.data();
  batch.weight = weight.data();
  batch.weight_row = weight.cols();
  batch.bias = bias.data();
  batch.error = error.data();
  batch.magnitude = magnitude.data();
  batch.reads = reads.data();
  batch.underflow = underflow;
  return batch;
}

namespace {

/// Whether a layer has weights on the inputs, and on each layer before.
std::vector<unsigned char> reads_of(const graph::ReluGraph& graph, int layer) {
  const SparseMatrix& weight = graph.layers[static_cast<std::size_t>(layer)].weight;
  std::vector<unsigned char> column(static_cast<std::size_t>(weight.cols()), 0);
  const int* entries = weight.innerIndexPtr();
  for (Index p = 0; p < weight.nonZeros(); ++p) column[static_cast<std::size_t>(entries[p])] = 1;
  std::vector<unsigned char> reads;
  for (int t = 0; t <= layer; ++t) {
    const auto begin = column.begin() + (t == 0 ? 0 : graph.first_value(t - 1));
    reads.push_back(std::any_of(begin, column.begin() + graph.first_value(t), [](auto some) { return some != 0; }));
  }
  return reads;
}

}  // namespace

Folded fold(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds& bounds, const Vector& objective) {
  const Index hidden = graph.neurons();
  const int layers = graph.depth() - 1;
  Index kept = 0, active = 0;
  Vector lower(hidden), upper(hidden);
  std::vector<std::vector<Fate>> fates(static_cast<std::size_t>(layers));
  Index place = 0;
  for (int k = 0; k < layers; ++k) {
    const graph::LayerBounds& layer = bounds[static_cast<std::size_t>(k)];
    for (Index i = 0; i < layer.size(); ++i, ++place) {
      lower(place) = layer.lower(i);
      upper(place) = layer.upper(i);
      fates[static_cast<std::size_t>(k)].push_back(fate(lower(place), upper(place)));
      kept += fates[static_cast<std::size_t>(k)].back() == Fate::kept;
      active += fates[static_cast<std::size_t>(k)].back() == Fate::active;
    }
  }
  const graph::AffineLayer& last = graph.layers.back();
  const Index outputs = last.units();
  Folder folder(graph.inputs(), kept, active, outputs + 1, box);
  place = 0;
  for (int k = 0; k < layers; ++k) {
    const auto index = static_cast<std::size_t>(k);
    const graph::AffineLayer& affine = graph.layers[index];
    std::vector<Index> places;
    for (Index i = 0; i < affine.units(); ++i) places.push_back(place++);
    folder.add_layer(Matrix(affine.weight), affine.bias, affine.error, reads_of(graph, k).data(), fates[index].data(),
                     bounds[index].upper.data(), places.data(), false);
  }
  // c'y as a row: entry v is off by at most gamma_n sum_o |c_o W_ov|, times the magnitude of value v.
  Matrix rows(outputs + 1, graph.values());
  rows.bottomRows(outputs) = Matrix(last.weight);
  rows.row(0) = objective.transpose() * rows.bottomRows(outputs);
  Vector bias(outputs + 1), error(outputs + 1);
  bias << objective.dot(last.bias), last.bias;
  double size = 0, carried = 0;
  Vector magnitude(graph.values());
  magnitude.head(graph.inputs()) = box.magnitude();
  magnitude.tail(hidden) = upper.cwiseMax(0.0);
  bool exact = true;  // a single output with weight 1 or -1
  for (Index o = 0; o < outputs; ++o) {
    const double c = std::abs(objective(o));
    exact = exact && (c == 0 || (c == 1 && (objective.array() != 0).count() == 1));
    size += c * (rows.row(o + 1).cwiseAbs().dot(magnitude) + std::abs(last.bias(o)));
    carried += c * last.error(o);
  }
  const std::int64_t terms = outputs + graph.values() + 4;
  error << (exact ? carried : add_up(sum_error(2 * terms, size), sum_up(terms, carried))), last.error;
  const std::vector<Fate> all_kept(static_cast<std::size_t>(outputs + 1), Fate::kept);
  folder.add_layer(rows, bias, error, reads_of(graph, layers).data(), all_kept.data(), nullptr, nullptr, true);
  Folded folded = folder.finish();
  folded.lower = std::move(lower);
  folded.upper = std::move(upper);
  return folded;
}

Folded fold(const Folded& from, const Box& box, const Vector& lower, const Vector& upper,
            const std::vector<unsigned char>* keep) {
  std::vector<Fate> fates;
  Index kept = 0, active = 0;
  for (Index i = 0; i < from.units(); ++i) {
    const bool kept_anyway = keep != nullptr && (*keep)[static_cast<std::size_t>(i)] != 0;
    fates.push_back(kept_anyway ? Fate::kept : fate(lower(i), upper(i)));
    kept += fates.back() == Fate::kept;
    active += fates.back() == Fate::active;
  }
  Folder folder(from.inputs, kept, active, from.targets(), box);
  fates.resize(static_cast<std::size_t>(from.rows()), Fate::kept);
  const auto layers = static_cast<Index>(from.first.size()) - 1;
  for (Index k = 0; k <= layers; ++k) {
    const bool targets = k == layers;
    const Index columns = from.first[static_cast<std::size_t>(k)];
    const Index begin = columns - from.inputs;
    const Index count = targets ? from.targets() : from.first[static_cast<std::size_t>(k + 1)] - columns;
    folder.add_layer(from.weight.block(begin, 0, count, columns), from.bias.segment(begin, count),
                     from.error.segment(begin, count), from.reads.data() + k * (layers + 1), fates.data() + begin,
                     targets ? nullptr : upper.data() + begin, targets ? nullptr : from.unit.data() + begin, targets);
  }
  Folded folded = folder.finish();
  folded.lower = from.lower;
  folded.upper = from.upper;
  for (Index i = 0; i < from.units(); ++i) {
    folded.lower(from.unit[static_cast<std::size_t>(i)]) = lower(i);
    folded.upper(from.unit[static_cast<std::size_t>(i)]) = upper(i);
  }
  return folded;
}

}  // namespace secateur::bounds
