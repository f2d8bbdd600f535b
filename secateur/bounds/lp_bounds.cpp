// SPDX-License-Identifier: Apache-2.0
#include "secateur/bounds/lp_bounds.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include "secateur/bounds/backward.hpp"
#include "secateur/bounds/bounds.hpp"
#include "secateur/bounds/detail.hpp"
#include "secateur/bounds/lp_worker.hpp"
#include "secateur/bounds/triangle.hpp"
#include "secateur/core/parallel.hpp"
#include "secateur/lp/propagation.hpp"

namespace secateur::bounds {

namespace {

bool crossed(const Box& box) { return (box.lower.array() > box.upper.array()).any(); }
bool crossed(const graph::NeuronBounds& bounds) {
  return std::any_of(bounds.begin(), bounds.end(), [](const graph::LayerBounds& layer) { return crossed(layer); });
}

class Tightening {
 public:
  Tightening(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds& start, const model::Frame* frame,
             const LpSettings& settings, const Stop& stop)
      : m_graph(graph), m_settings(settings), m_stop(stop), m_workers(static_cast<std::size_t>(settings.threads)) {
    m_result.neurons = start;
    m_result.inputs = box;
    m_around.frame = frame;
    m_around.cutoff = settings.cutoff;
  }

  LpBounds run() {
    const Index unstable = graph::count_unstable(m_result.neurons);
    m_result.infeasible = !tighten();
    if (!m_result.infeasible) m_result.report.fixed = unstable - graph::count_unstable(m_result.neurons);
    m_result.columns = m_around.columns;
    m_result.report.seconds = m_watch.seconds();
    return std::move(m_result);
  }

 private:
  [[nodiscard]] graph::LayerBounds& outputs() { return m_result.neurons.back(); }
  /// False once there is proof that no point is left.
  bool tighten() {
    if (m_around.frame != nullptr && !enter_frame()) return false;
    const int depth = m_graph.depth();
    // Does the frame say anything of the outputs, which only programs of the whole graph can use, or of anything?
    const bool joint = m_around.frame != nullptr && touches_outputs();
    const bool constrained =
        joint || (m_around.frame != nullptr && (m_around.frame->model.rows() > 0 || m_around.cutoff));
    const int rounds = joint ? m_settings.rounds : 1;
    for (LpReport& report = m_result.report; report.rounds < rounds;) {
      m_stages = (constrained ? depth + 1 : depth - 1) * (rounds - report.rounds);
      const std::int64_t programs = report.programs;
      const double shrunk = report.shrunk;
      ++report.rounds;
      if (!one_round(constrained, joint)) return false;
      const auto more = static_cast<double>(report.programs - programs);
      if (report.programs == programs || report.shrunk - shrunk < m_settings.least_gain * more) break;
    }
    return true;
  }

  bool one_round(bool constrained, bool joint) {
    const int depth = m_graph.depth();
    if (constrained && !tighten_inputs(joint ? depth : 0)) return false;
    BackwardPass pass(m_graph, m_result.inputs);
    for (int k = 0; k < depth; ++k) {
      graph::LayerBounds& layer = m_result.neurons[static_cast<std::size_t>(k)];
      if (k > 0) intersect(layer, pass.layer_bounds(k));
      if (crossed(layer)) return false;
      // Over a box alone, interval arithmetic bounds the first layer as well as can be.
      if ((k > 0 || constrained) && !tighten_layer(k, joint ? depth : k)) return false;
      if (k + 1 < depth) pass.set_bounds(k, layer);
    }
    return m_around.frame == nullptr || exchange();
  }

  /// What box, start and frame say of each other's columns.
  bool enter_frame() {
    const model::Frame& frame = *m_around.frame;
    const auto columns = static_cast<Index>(frame.model.columns());
    m_around.columns = {Eigen::Map<const Vector>(frame.model.column_lower.data(), columns),
                        Eigen::Map<const Vector>(frame.model.column_upper.data(), columns)};
    const Box inputs = m_result.inputs;
    if (!exchange()) return false;
    const bool smaller = (m_result.inputs.lower.array() > inputs.lower.array()).any() ||
                         (m_result.inputs.upper.array() < inputs.upper.array()).any();
    if (smaller) m_result.neurons = crown(m_graph, m_result.inputs, &m_result.neurons);
    return !crossed(m_result.neurons);
  }

  /// Bounds of inputs and outputs into the frame's columns, through its rows, and back.
  bool exchange() {
    const model::Frame& frame = *m_around.frame;
    Box& columns = m_around.columns;
    const auto meet = [](double& lower, double& upper, double other_lower, double other_upper) {
      lower = std::max(lower, other_lower);
      upper = std::min(upper, other_upper);
    };
    const auto each = [&](auto visit) {
      for (std::size_t j = 0; j < frame.inputs.size(); ++j) {
        visit(frame.inputs[j], m_result.inputs, static_cast<Index>(j));
      }
      for (std::size_t k = 0; k < frame.outputs.size(); ++k) {
        if (frame.outputs[k] >= 0) visit(frame.outputs[k], outputs(), static_cast<Index>(k));
      }
    };
    each([&](int column, const Box& box, Index i) {
      meet(columns.lower(column), columns.upper(column), box.lower(i), box.upper(i));
    });
    if (crossed(columns)) return false;
    lp::Propagation propagation = lp::propagate(surrounding_program(m_around), columns);
    if (propagation.conflict) return false;
    columns = std::move(propagation.columns);
    each([&](int column, Box& box, Index i) {
      meet(box.lower(i), box.upper(i), columns.lower(column), columns.upper(column));
    });
    return true;
  }

  /// Whether the frame says anything of the outputs that the graph does not.
  [[nodiscard]] bool touches_outputs() const {
    const model::Frame& frame = *m_around.frame;
    std::vector<bool> output(static_cast<std::size_t>(frame.model.columns()), false);
    for (std::size_t k = 0; k < frame.outputs.size(); ++k) {
      if (frame.outputs[k] < 0) continue;
      const auto column = static_cast<std::size_t>(frame.outputs[k]);
      output[column] = true;
      // Where the column's own bounds are tighter, they were the ones that prevailed.
      if (frame.model.column_lower[column] >= m_result.neurons.back().lower(static_cast<Index>(k)) ||
          frame.model.column_upper[column] <= m_result.neurons.back().upper(static_cast<Index>(k))) {
        return true;
      }
      if (m_around.cutoff && frame.model.cost[column] != 0) return true;
    }
    return std::any_of(frame.model.column.begin(), frame.model.column.end(),
                       [&](int column) { return output[static_cast<std::size_t>(column)]; });
  }

  bool tighten_inputs(int layers) {
    const Triangle program = triangle(m_graph, m_result.inputs, m_result.neurons, layers, m_around);
    std::vector<Target> targets;
    for (Index j = 0; j < m_graph.inputs(); ++j) {
      const int column = program.value[static_cast<std::size_t>(j)];
      targets.push_back({{{{column, 1.0}}, 0, 0}, m_result.inputs.lower(j), m_result.inputs.upper(j), false});
    }
    if (!solve(program.model, targets)) return false;
    for (Index j = 0; j < m_graph.inputs(); ++j) {
      m_result.inputs.lower(j) = targets[static_cast<std::size_t>(j)].lower;
      m_result.inputs.upper(j) = targets[static_cast<std::size_t>(j)].upper;
    }
    if (!exchange()) return false;
    m_result.neurons = crown(m_graph, m_result.inputs, &m_result.neurons);
    return !crossed(m_result.neurons);
  }

  bool tighten_layer(int k, int layers) {
    graph::LayerBounds& layer = m_result.neurons[static_cast<std::size_t>(k)];
    const bool output = k + 1 == m_graph.depth();
    std::vector<Index> units;
    for (Index i = 0; i < layer.size(); ++i) {
      const bool unstable = layer.lower(i) < 0 && layer.upper(i) > 0;
      if (output || unstable || m_settings.stable_neurons) units.push_back(i);
    }
    // The triangle's area is half of this; of a stable unit there is none.
    const auto area = [&](Index i) { return std::max(0.0, -layer.lower(i)) * std::max(0.0, layer.upper(i)); };
    std::stable_sort(units.begin(), units.end(), [&](Index a, Index b) { return area(a) > area(b); });
    const Triangle program = triangle(m_graph, m_result.inputs, m_result.neurons, layers, m_around);
    std::vector<Target> targets;
    targets.reserve(units.size());
    for (const Index i : units) {
      targets.push_back({preactivation(program, m_graph, {k, static_cast<int>(i)}), layer.lower(i), layer.upper(i),
                         !output && !m_settings.stable_neurons});
    }
    if (!solve(program.model, targets)) return false;
    for (std::size_t t = 0; t < units.size(); ++t) {
      layer.lower(units[t]) = targets[t].lower;
      layer.upper(units[t]) = targets[t].upper;
    }
    return true;
  }

  /// Deals the targets to the workers, one after the other as cards are.
  bool solve(const lp::Model& program, std::vector<Target>& targets) {
    LpReport& report = m_result.report;
    const std::size_t count = std::min(m_workers.size(), std::max<std::size_t>(targets.size(), 1));
    const double share = (m_settings.seconds - m_watch.seconds()) / m_stages;
    const double deadline = m_watch.seconds() + share;
    Budget budget;
    budget.least_gain = m_settings.least_gain;
    budget.programs =
        std::max<std::int64_t>(0, m_settings.programs - report.programs) / m_stages / static_cast<std::int64_t>(count);
    budget.stop = [this, deadline]() -> std::optional<Status> {
      if (const auto reason = m_stop.reason()) return reason;
      if (m_watch.seconds() >= deadline) return Status::time_limit;
      return std::nullopt;
    };
    --m_stages;
    std::vector<LpWorker::Result> results(count);
    parallel(count, count, [&](std::size_t t, std::size_t) {
      std::vector<Target*> own;
      for (std::size_t i = t; i < targets.size(); i += count) own.push_back(&targets[i]);
      if (!m_workers[t]) m_workers[t] = std::make_unique<LpWorker>();
      results[t] = m_workers[t]->tighten(program, own, budget);
    });
    bool feasible = true;
    for (const LpWorker::Result& result : results) {
      report.programs += result.programs;
      report.shrunk += result.shrunk;
      report.complete = report.complete && result.complete;
      feasible = feasible && !result.infeasible;
    }
    return feasible;
  }

  const graph::ReluGraph& m_graph;
  const LpSettings& m_settings;
  const Stop& m_stop;
  Stopwatch m_watch;
  std::vector<std::unique_ptr<LpWorker>> m_workers;
  Surroundings m_around;
  LpBounds m_result;
  int m_stages = 1;  ///< lists of targets that are still to come and share what is left of the budget
};

void check_arguments(const graph::ReluGraph& graph, const graph::NeuronBounds& start, const model::Frame* frame,
                     const LpSettings& settings) {
  bool fits = start.size() == graph.layers.size();
  for (std::size_t k = 0; fits && k < start.size(); ++k) fits = start[k].size() == graph.layers[k].units();
  if (!fits) throw std::invalid_argument("lp_bounds: the start does not have one bound a unit");
  if (settings.threads < 1 || settings.rounds < 1) {
    throw std::invalid_argument("lp_bounds: at least one thread and one round are needed");
  }
  if (frame == nullptr) {
    if (settings.cutoff) throw std::invalid_argument("lp_bounds: a cut-off needs a frame, whose objective it is about");
    return;
  }
  if (std::ssize(frame->inputs) != graph.inputs() || std::ssize(frame->outputs) != graph.outputs()) {
    throw std::invalid_argument("lp_bounds: the frame does not have one column an input and an output");
  }
  const auto valid = [&](int column) { return column < frame->model.columns(); };
  if (!std::all_of(frame->inputs.begin(), frame->inputs.end(), [&](int c) { return c >= 0 && valid(c); }) ||
      !std::all_of(frame->outputs.begin(), frame->outputs.end(), [&](int c) { return c >= -1 && valid(c); })) {
    throw std::invalid_argument("lp_bounds: the frame has no such column");
  }
}

}  // namespace

LpBounds lp_bounds(const graph::ReluGraph& graph, const Box& box, const graph::NeuronBounds& start,
                   const model::Frame* frame, const LpSettings& settings, const Stop& stop) {
  require_inside_domain(graph, box);
  check_arguments(graph, start, frame, settings);
  return Tightening(graph, box, start, frame, settings, stop).run();
}

}  // namespace secateur::bounds
