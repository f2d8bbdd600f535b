// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "secateur/core/stop.hpp"
#include "secateur/graph/relu_graph.hpp"
#include "secateur/mip/goal.hpp"

namespace secateur::mip {

/// Inputs of a graph, and the goal there in plain arithmetic.
struct Sighting {
  Vector x;
  double value = 0;
};

/// How much is spent on points; counted in multiply-adds, so that the answer does not depend on the machine.
struct PointSearch {
  double sampling_work = 4e6;
  double descent_work = 1.2e7;
  int most_samples = 2000;
  int most_starts = 32;
  int iterations = 60;
};

/// Good points of the goal over the graph's domain: uniform samples, the best of them improved together by
/// projected gradient descent. At least one point (the middle of the box is always among the samples), best first,
/// different from one another. Deterministic by seed unless `stop` ends it early.
std::vector<Vector> good_points(const graph::ReluGraph& graph, const Goal& goal, std::uint64_t seed, const Stop& stop,
                                const PointSearch& search = {});

/// Multiply-adds of a forward pass, about.
double work_of_a_point(const graph::ReluGraph& graph);

/// `count` points of the box in rows: its middle, then uniform ones.
Matrix uniform_points(const Box& box, Index count, std::uint64_t seed);

/// The goal at each row of `points`, and its gradient there by the inputs (points x inputs) when asked for.
Vector objectives(const graph::ReluGraph& graph, const Goal& goal, const Matrix& points, Matrix* gradient = nullptr);

/// Projected gradient descent of all rows of `points` at once: steps along the gradient, scaled to the box, that shrink
/// from `first_step` to `last_step` times its width. Each row becomes the best point seen from it; returns their
/// values. `fixed`: inputs that stay where they are; none if empty.
Vector descend(const graph::ReluGraph& graph, const Goal& goal, Matrix& points, int iterations, double first_step,
               double last_step, const Stop& stop, const std::vector<bool>& fixed = {});

/// What descents from the best `starts` rows of `points` reach, with steps down to 1e-4 of the box.
std::vector<Sighting> improved(const graph::ReluGraph& graph, const Goal& goal, const Matrix& points, Index starts,
                               int iterations, double first_step, const Stop& stop);

/// The best ones that differ from one another by more than a thousandth of `width`, the best first, `count` at most.
std::vector<Sighting> best_of(std::vector<Sighting> found, const Vector& width, std::size_t count);

}  // namespace secateur::mip
