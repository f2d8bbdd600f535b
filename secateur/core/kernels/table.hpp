// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the vector code of one instruction set offers. This header is included by translation units that are compiled
// for processors the program may not run on, so it holds declarations of plain structs and nothing that emits code.

#include <stddef.h>

namespace secateur {

/// C = ending(A B), with A of m x k, B of k x n and C of m x n. Every matrix is addressed by strides, counted in
/// elements, so that transposes cost nothing to state: A(i, p) = a[i * a_row + p * a_column]. Rows of C are contiguous.
/// No memory outside the stated entries is touched. C must not overlap A or B.
///
/// Each entry is a sum of k products in some order, with or without fused multiply-add, plus at most one addition for
/// `accumulate` and one for `bias`.
template <class Scalar>
struct Product {
  ptrdiff_t m = 0, n = 0, k = 0;
  const Scalar* a = nullptr;
  ptrdiff_t a_row = 0, a_column = 1;
  const Scalar* b = nullptr;
  ptrdiff_t b_row = 0, b_column = 1;
  Scalar* c = nullptr;
  ptrdiff_t c_row = 0;
  /// Add to what C holds instead of overwriting it.
  bool accumulate = false;
  /// The ending, in this order: add bias[i] to row i; max(0, .) (NaN stays NaN); zero where gate(i, j) <= 0.
  const Scalar* bias = nullptr;
  bool relu = false;
  const Scalar* gate = nullptr;
  ptrdiff_t gate_row = 0;
};

/// One step of Adam (Kingma & Ba 2015, algorithm 1) on `count` parameters:
///
///     g <- (gradient + l1 sign(w) + 2 l2 w) mask
///     mean <- beta1 mean + (1 - beta1) g,   square <- beta2 square + (1 - beta2) g^2
///     w <- (w - rate mean / (sqrt(square) root + epsilon)) mask
///
/// with rate = step size / (1 - beta1^t) and root = 1 / sqrt(1 - beta2^t). `gradient` is a sum of `parts` arrays that
/// lie `part_stride` apart, added in order. Without a mask all parameters are free.
template <class Scalar>
struct AdamStep {
  ptrdiff_t count = 0;
  Scalar* w = nullptr;
  Scalar* mean = nullptr;
  Scalar* square = nullptr;
  const Scalar* gradient = nullptr;
  ptrdiff_t parts = 1, part_stride = 0;
  const Scalar* mask = nullptr;
  Scalar beta1 = 0, beta2 = 0, rate = 0, root = 0, epsilon = 0, l1 = 0, l2 = 0;
};

template <class Scalar>
struct Kernels {
  void (*product)(const Product<Scalar>&);
  /// sums[i] = sum over j < n of a[i * a_row + j], for i < m.
  void (*row_sums)(ptrdiff_t m, ptrdiff_t n, const Scalar* a, ptrdiff_t a_row, Scalar* sums);
  void (*adam)(const AdamStep<Scalar>&);
  /// Elements of Scalar in one vector register: widths that are multiples of it are fastest.
  ptrdiff_t lanes;
};

/// Boxes that a CrownBatch works on side by side.
constexpr ptrdiff_t crown_lanes = 8;
/// Inputs of a network whose lines can be carried forward, at most.
constexpr ptrdiff_t forward_inputs = 8;

/// A row of a CrownBatch.
struct CrownRow {
  const double* weight = nullptr;
  double bias = 0, error = 0, magnitude = 0;
};

/// A network of hidden layers and, as its last layer, target rows without a ReLU, on several boxes at once. Its values
/// are the inputs, then the units of layer 0, and so on: unit i of layer k is value first[k] + i and row
/// first[k] - first[0] + i of the arrays below; the targets' rows follow the last unit's. A row
///
///     z = sum over v < first[k] of weight[v] v + bias + e,    |e| <= error,
///
/// may read every value before its layer. Arrays with an entry a lane store the crown_lanes entries of one number
/// together.
struct CrownBatch {
  ptrdiff_t inputs = 0, layers = 0, targets = 0;
  const ptrdiff_t* first = nullptr;  ///< layers + 1 entries; the last is the number of values
  const double* weight = nullptr;    ///< rows, `weight_row` apart
  ptrdiff_t weight_row = 0;
  const double* bias = nullptr;  ///< one entry a row
  const double* error = nullptr;
  /// At least sum_v |weight[v] v| + |bias| + error on every box of the batch, in real arithmetic.
  const double* magnitude = nullptr;
  /// reads[k * (layers + 1) + t]: whether layer k has weights on the inputs (t = 0) or on layer t - 1.
  const unsigned char* reads = nullptr;
  const unsigned char* wanted = nullptr;  ///< one entry a row: whether it is to be bounded
  double underflow = 0;                   ///< at least what the roundings of one row's pass lose to underflow
  ptrdiff_t lanes = crown_lanes;          ///< lanes that are in use, from the first
  const double* box_lower = nullptr;      ///< inputs x lanes
  const double* box_upper = nullptr;
  double* lower = nullptr;  ///< rows x lanes: bounds known before, tightened in place
  double* upper = nullptr;
  CrownRow first_target;  ///< instead of the first target's row, if its weights are given
  /// Of each target f that is wanted: the coefficients of the lower bounds of f and of -f on the inputs (targets x 2 x
  /// inputs x lanes), and these bounds (targets x 2 x lanes).
  double* slope = nullptr;
  double* bound = nullptr;
  /// A batch ends early where the first target is above this in every lane: bounds of rows behind stay as they were.
  double cutoff = __builtin_inf();
  double* work = nullptr;   ///< 5 values x lanes of scratch memory
  double* lines = nullptr;  ///< for forward: values x (2 inputs + 3) x lanes of scratch memory
};

/// The same network at one point a lane, in plain arithmetic.
struct CrownPoint {
  const CrownBatch* network = nullptr;
  const double* x = nullptr;  ///< inputs x lanes
  double* value = nullptr;    ///< of the first target
  double* slope = nullptr;    ///< inputs x lanes, if given: the first target's gradient, 0 through a ReLU at 0
};

/// One step of a backward pass over rows f >= sum_v lambda_v v + value (see bounds/backward.hpp): the values of `units`
/// units give way to their relaxations. Matrices have a line of `stride` numbers a unit, one number a row of the pass;
/// stride is a multiple of crown_lanes. For each row and unit
///
///     mu = lambda alpha for lambda >= 0, lambda slope for lambda < 0
///     value += mu bias + [lambda < 0] lambda intercept - |mu| error
///     size += |mu| magnitude + |[lambda < 0] lambda intercept|
struct RelaxRows {
  ptrdiff_t units = 0, stride = 0;
  const double* lambda = nullptr;
  double* mu = nullptr;
  const double *alpha = nullptr, *slope = nullptr, *intercept = nullptr;
  const double *bias = nullptr, *error = nullptr, *magnitude = nullptr;
  const double* own_alpha = nullptr;  ///< units x stride: instead of alpha, if given
  double *value = nullptr, *size = nullptr;
};

/// lambda(v) += sum over p in [begin[v], begin[v + 1]) of weight[p] mu(unit[p]), line by line; without `accumulate`
/// lambda is overwritten.
struct SparseRows {
  ptrdiff_t columns = 0, stride = 0;
  const int* begin = nullptr;
  const int* unit = nullptr;
  const double* weight = nullptr;
  const double* mu = nullptr;
  double* lambda = nullptr;
  bool accumulate = false;
};

/// The end of a backward pass at the box of the inputs: of each row r
///
///     value[r] += sum_j lambda(j, r) (lower_j where lambda >= 0, else upper_j),
///     size[r] += sum_j |lambda(j, r)| max(|lower_j|, |upper_j|).
struct BoxRows {
  ptrdiff_t inputs = 0, stride = 0;
  const double* lambda = nullptr;
  const double *lower = nullptr, *upper = nullptr;
  double *value = nullptr, *size = nullptr;
};

/// What `count` rows have of one value, whose range is centre +- radius:
///
///     line[r] = weight[place[r]],    line[count + r] = -line[r],    centres[r] += line[r] centre,    radii[r] +=
///     |line[r]| radius,
///
/// and zeros from 2 count up to `stride`.
struct GatheredRows {
  ptrdiff_t count = 0, stride = 0;
  const int* place = nullptr;
  const double* weight = nullptr;
  double centre = 0, radius = 0;
  double *line = nullptr, *centres = nullptr, *radii = nullptr;
};

/// A row over a box of values: weight[p] times value column[p], or value p without columns.
struct RowRange {
  ptrdiff_t count = 0;
  const double* weight = nullptr;
  const int* column = nullptr;
  const double* lower = nullptr;
  const double* upper = nullptr;
};

/// One end of its range: the sum of products with the end of each value that is worst, of their absolute values, and
/// the number of products without a zero factor.
struct RangeSums {
  double value, magnitude;
  long long terms;
};

/// A network of hidden layers and target rows for passes over one row at a time, padded: the inputs and each layer's
/// units take a multiple of dual_lanes places, and what is added has no weights. The inputs are values 0 .. first[0]
/// (exclusive), layer k's units first[k] .. first[k + 1]. Targets follow the last unit as further rows.
struct DualNetwork {
  ptrdiff_t layers = 0, targets = 0;
  const ptrdiff_t* first = nullptr;  ///< layers + 1 entries; the last is the number of values V
  /// Layer k (the targets are layer `layers`) reads the values [segment[2 s], segment[2 s + 1]) for s in
  /// [segments[k], segments[k + 1]).
  const ptrdiff_t* segments = nullptr;
  const ptrdiff_t* segment = nullptr;
  const double* weight = nullptr;      ///< row of value or target r at weight + r V
  const double* transposed = nullptr;  ///< [v V + r]: the same for hidden rows, by columns
  const double* bias = nullptr;        ///< V + targets entries, as the next two; those of inputs are not read
  const double* error = nullptr;
  const double* magnitude = nullptr;  ///< as in CrownBatch
  /// The same, rounded.
  struct Single {
    const float *weight = nullptr, *transposed = nullptr, *bias = nullptr, *error = nullptr, *magnitude = nullptr;
  } single;
};
/// Places that inputs and layers of a DualNetwork take a multiple of: vectors of single precision.
constexpr ptrdiff_t dual_lanes = 16;

/// Lagrangian bounds of objective * target 0 over a box, unstable units relaxed to triangles:
///
///     sum_o c_o y_o - sum_o prices  +  sum_i beta_i (-s_i z_i),      c_0 = objective, c_o = price_o (o > 0),
///
/// taken back to the inputs layer by layer as in crown_lanes.hpp, with mu_i = lambda_i line_i - beta_i s_i. Any alpha
/// in [0, 1], beta >= 0 and prices of the right sign are valid where the units' signs s and the targets' sides hold.
struct DualPass {
  const DualNetwork* network = nullptr;
  double objective = 1;
  const double *box_lower = nullptr, *box_upper = nullptr;    ///< padded inputs
  const double *slope = nullptr, *intercept = nullptr;        ///< V entries: the upper line
  const double* open = nullptr;                               ///< V entries: 1 for an unstable unit
  const double* sign = nullptr;                               ///< V entries: s of a split unit, else 0
  const double* width = nullptr;                              ///< V entries: of a unit's range
  const double *side_lower = nullptr, *side_upper = nullptr;  ///< a target's range, perhaps infinite
  const double* price_step = nullptr;                         ///< size of a step of each price
  /// Multipliers: V, V and `targets` entries. alpha is the lower line's slope, 1 or 0 for a stable unit.
  double *alpha = nullptr, *beta = nullptr, *price = nullptr;
  double* work = nullptr;  ///< dual_work(V, targets) numbers
  // Of the last backward pass: V entries each, those of inputs included.
  double *lambda = nullptr, *mu = nullptr;
};
constexpr ptrdiff_t dual_stride(ptrdiff_t values, ptrdiff_t targets) { return (values + targets + 7) / 8 * 8; }
constexpr ptrdiff_t dual_work(ptrdiff_t values, ptrdiff_t targets) { return 28 * dual_stride(values, targets); }

/// How an ascent moves: Adam with these rates.
struct DualAscent {
  int steps = 0;
  double rate = 0.25, decay = 0.9;
  double target = 0;  ///< it ends once the value is above
};

/// A bound with what proves it: in real arithmetic it is at least value - factor * magnitude for a factor that covers
/// the number of roundings.
struct DualValue {
  double value, magnitude;
};

/// A matrix without the product of `count` columns of factors and as many pivot rows:
///
///     to(r, j) = from(r, j) - sum_t factors[t height + r] pivots[t stride + j],    norm[r] = sum_j to(r, j)^2.
///
/// `stride`, the length of all rows, is a multiple of crown_lanes; `to` may be `from`.
struct Elimination {
  ptrdiff_t rows = 0, stride = 0, count = 0, height = 0;
  const double* from = nullptr;
  double* to = nullptr;
  const double* pivots = nullptr;
  const double* factors = nullptr;
  double* norm = nullptr;
};

/// result[j] -= sum_t factor[t] vectors[t length + j]; `length` is a multiple of crown_lanes.
struct Combination {
  ptrdiff_t count = 0, length = 0;
  const double* vectors = nullptr;
  const double* factor = nullptr;
  double* result = nullptr;
};

/// What bounds are computed with.
struct BoundKernels {
  /// CROWN for every wanted row, layer by layer, each over the bounds of the layers before it; see crown_lanes.hpp.
  void (*crown)(const CrownBatch&);
  /// Bounds of all hidden rows from lines carried forward; see forward_lanes.hpp. No more than forward_inputs inputs.
  void (*forward)(const CrownBatch&);
  void (*evaluate)(const CrownPoint&);
  void (*relax_rows)(const RelaxRows&);
  void (*sparse_rows)(const SparseRows&);
  void (*gather_rows)(const GatheredRows&);
  void (*box_rows)(const BoxRows&);
  /// sums[0]: the lower end, sums[1]: the upper one.
  void (*row_range)(const RowRange&, RangeSums* sums);
  /// Projected ascent in plain arithmetic; leaves the best multipliers met in the pass and returns their value.
  double (*dual_ascend)(const DualPass&, const DualAscent&);
  DualValue (*dual_value)(const DualPass&);
  void (*eliminate)(const Elimination&);
  void (*combine)(const Combination&);
};

struct KernelSet {
  Kernels<float> single;
  Kernels<double> twofold;
  BoundKernels bounds;
};

extern const KernelSet baseline_kernels, avx2_kernels, avx512_kernels;

}  // namespace secateur
