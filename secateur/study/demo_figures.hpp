// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "secateur/study/demo.hpp"
#include "secateur/study/page.hpp"

namespace secateur::study {

/// A figure and the numbers in it as CSV.
struct DataFigure {
  Figure figure;
  std::string csv_name;  ///< e.g. "surface.csv"
  std::string csv;
};

/// The colours of the demonstration's page: --truth, --dense, --weight, --node, --map-low, --map-high,
/// --map-line.
void add_colours(Page& page);

// Each wants a result with at least the networks it shows; an interrupted one may have fewer.

/// Contour maps of the true function and the networks, with the optima found.
DataFigure surface_figure(const DemoResult& result);
/// Incumbent and bound of the three solves over time. Wants at least one solve.
DataFigure trace_figure(const DemoResult& result);
/// Sparsity against validation error and against solve time, from networks and sweep.
DataFigure sweep_figure(const DemoResult& result);
/// Mean width of the preactivation bounds, layer by layer.
DataFigure width_figure(const DemoResult& result);

/// All networks of one method in order of sparsity, the dense one first; sweep and named ones together.
std::vector<const DemoNetwork*> by_sparsity(const DemoResult& result, prune::Method method);

}  // namespace secateur::study
