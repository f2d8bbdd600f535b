// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "secateur/core/stop.hpp"
#include "secateur/graph/relu_graph.hpp"
#include "secateur/lp/model.hpp"
#include "secateur/lp/session.hpp"

namespace secateur::mip {

/// The linear program over the inputs alone that is left of min objective'y when every ReLU keeps the side that it is
/// on at `input`: z >= 0 where it is active there, z <= 0 where it is not, each z an affine function of the inputs.
/// Rows are scaled by powers of two to a largest coefficient of about one.
lp::Model cell_program(const graph::ReluGraph& graph, const Vector& objective, const Vector& input);

/// The best point of that cell, clamped to the domain; empty when the solver finds none in time.
Vector best_of_cell(lp::Session& session, const graph::ReluGraph& graph, const Vector& objective, const Vector& input,
                    int threads, const Stop& stop);

/// Alternates between the best point of the cell and short descents out of it while the objective falls (at most
/// `rounds` times). Returns the best point seen by the graph's own forward pass, `input` included.
Vector polish(lp::Session& session, const graph::ReluGraph& graph, const Vector& objective, const Vector& input,
              int threads, int rounds, const Stop& stop);

}  // namespace secateur::mip
