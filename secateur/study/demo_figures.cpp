// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/demo_figures.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "secateur/nn/evaluate.hpp"
#include "secateur/study/format.hpp"

namespace secateur::study {

namespace {

using nlohmann::json;
using Sign = LegendEntry::Sign;

/// One colour and one sign a kind of network, the same in every figure.
struct Look {
  std::string colour, symbol;
  Sign sign;
};

Look look(const DemoNetwork& network) {
  if (!network.method) return {"dense", "circle", Sign::circle};
  if (*network.method == prune::Method::weight) return {"weight", "square", Sign::square};
  return {"node", "diamond", Sign::diamond};
}

std::string token(const std::string& colour) { return "--" + colour; }

/// Six digits are more than any plot shows, and keep the page small.
double shorten(double value) { return std::stod(fmt::format("{:.6g}", value)); }

json axis(const std::string& title) { return {{"title", {{"text", title}}}}; }

json log_axis(const std::string& title, double low, double high) {
  json result = axis(title);
  result["type"] = "log";
  result["range"] = {std::log10(low), std::log10(high)};
  // Powers of ten, and 2 and 5 between them where there is little range.
  result["dtick"] = high / low > 50 ? json(1) : json("D2");
  result["minor"] = {{"ticks", ""}};
  return result;
}

json marker_trace(const json& x, const json& y, const Look& style, double size) {
  return {{"type", "scatter"},
          {"mode", "markers"},
          {"x", x},
          {"y", y},
          {"marker",
           {{"symbol", style.symbol},
            {"size", size},
            {"color", token(style.colour)},
            {"line", {{"color", "--paper"}, {"width", 1.5}}}}}};
}

/// A line across the plot at a limit, with its name.
void mark(json& layout, bool vertical, double at, const std::string& text) {
  const std::string along = vertical ? "x" : "y", across = vertical ? "y" : "x";
  json shape = {{"type", "line"}, {"line", {{"color", "--muted"}, {"width", 1}, {"dash", "dot"}}}, {"layer", "below"}};
  shape[along + "0"] = shape[along + "1"] = at;
  shape[across + "0"] = 0, shape[across + "1"] = 1, shape[across + "ref"] = across + " domain";
  layout["shapes"].push_back(shape);
  json note = {{"text", text}, {"showarrow", false}, {"font", {{"size", 11}, {"color", "--muted"}}}};
  // Annotations on a logarithmic axis are placed by the exponent, shapes by the value.
  note[along] = std::log10(at);
  note[across] = 1, note[across + "ref"] = across + " domain";
  note["xanchor"] = "right", note["yanchor"] = vertical ? "top" : "bottom";
  note[along + "shift"] = vertical ? -3 : 4;  // clear of the line and of marks on it
  layout["annotations"].push_back(note);
}

Vector grid_axis(double low, double high, Index points) { return Vector::LinSpaced(points, low, high); }

}  // namespace

void add_colours(Page& page) {
  // The colour-blind safe palette of Okabe & Ito (2008), in two lightnesses; the maps are grey so that colour means a
  // network and nothing else.
  page.colour("truth", "#00795a", "#2fc79a");
  page.colour("dense", "#3d3d3d", "#c9c9c9");
  page.colour("weight", "#0067a8", "#5cb4ea");
  page.colour("node", "#c65102", "#f09a4a");
  page.colour("map-low", "#ffffff", "#0b0b0c");
  page.colour("map-high", "#9c9c9c", "#6c6c72");
  page.colour("map-line", "#8c8c8c", "#7d7d84");
}

std::vector<const DemoNetwork*> by_sparsity(const DemoResult& result, prune::Method method) {
  std::vector<const DemoNetwork*> found;
  for (const auto* list : {&result.networks, &result.sweep}) {
    for (const DemoNetwork& network : *list) {
      if (!network.method || *network.method == method) found.push_back(&network);
    }
  }
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return a->sparsity < b->sparsity; });
  return found;
}

DataFigure surface_figure(const DemoResult& result) {
  constexpr Index points = 81;
  const Box& box = result.function.box;
  const Vector x0 = grid_axis(box.lower(0), box.upper(0), points), x1 = grid_axis(box.lower(1), box.upper(1), points);
  Matrix grid(points * points, 2);
  Vector truth(points * points);
  for (Index i = 0; i < points; ++i) {
    for (Index j = 0; j < points; ++j) {
      grid.row(i * points + j) << x0(j), x1(i);
      truth(i * points + j) = result.function.value(grid.row(i * points + j).transpose());
    }
  }
  std::vector<Vector> values{truth};
  for (const DemoNetwork& network : result.networks) values.push_back(nn::evaluate(network.network, grid).col(0));
  // One scale for all maps, that of the true function.
  const double low = std::floor(truth.minCoeff()), high = std::ceil(truth.maxCoeff());

  DataFigure made;
  made.csv_name = "surface.csv";
  made.csv = "x[0],x[1],peaks";
  Figure& figure = made.figure;
  figure.square = true;
  figure.legend.push_back({"true minimum", "truth", Sign::star});
  for (std::size_t k = 0; k < values.size(); ++k) {
    const DemoNetwork* network = k == 0 ? nullptr : &result.networks[k - 1];
    json rows = json::array();
    for (Index i = 0; i < points; ++i) {
      json row = json::array();
      for (Index j = 0; j < points; ++j) row.push_back(shorten(values[k](i * points + j)));
      rows.push_back(std::move(row));
    }
    json xs = json::array(), ys = json::array();
    for (Index i = 0; i < points; ++i) xs.push_back(shorten(x0(i))), ys.push_back(shorten(x1(i)));
    Plot plot;
    plot.title = network == nullptr ? "True function" : "Network: " + network->name;
    plot.data.push_back({{"type", "contour"},
                         {"x", xs},
                         {"y", ys},
                         {"z", rows},
                         {"zmin", low},
                         {"zmax", high},
                         {"zauto", false},
                         {"colorscale", {{0, "--map-low"}, {1, "--map-high"}}},
                         {"showscale", false},
                         {"line", {{"color", "--map-line"}, {"width", 0.8}}},
                         {"contours",
                          {{"coloring", "heatmap"},
                           {"start", std::ceil(low / 2) * 2},
                           {"end", high},
                           {"size", 2},
                           {"showlabels", true},
                           {"labelfont", {{"size", 10}, {"color", "--muted"}}}}},
                         {"hovertemplate", "x[0] = %{x:.3f}<br>x[1] = %{y:.3f}<br>y = %{z:.3f}<extra></extra>"}});
    plot.data.push_back(marker_trace({shorten(result.function.minimizer(0))}, {shorten(result.function.minimizer(1))},
                                     {"truth", "star", Sign::star}, 17));
    plot.data.back()["hovertemplate"] = fmt::format(
        "true minimum {}<br>x[0] = %{{x:.4f}}<br>x[1] = %{{y:.4f}}<extra></extra>", number(result.function.minimum, 5));
    if (network != nullptr) {
      made.csv += "," + network->name;
      if (network->solve && network->solve->x.size() == 2) {
        const Vector& x = network->solve->x;
        const Look style = look(*network);
        const char* what = network->solve->status == Status::optimal ? "optimum of " : "best point of ";
        figure.legend.push_back({what + network->name, style.colour, style.sign});
        plot.data.push_back(marker_trace({shorten(x(0))}, {shorten(x(1))}, style, 9));
        plot.data.back()["hovertemplate"] =
            fmt::format("{}: {}<br>x[0] = %{{x:.4f}}<br>x[1] = %{{y:.4f}}<extra></extra>", network->name,
                        number(network->solve->objective.value_or(std::nan("")), 5));
      }
    }
    plot.layout = {{"xaxis", axis("x[0]")}, {"yaxis", axis("x[1]")}};
    for (const char* name : {"xaxis", "yaxis"}) plot.layout[name]["constrain"] = "domain";
    plot.layout["xaxis"]["range"] = {box.lower(0), box.upper(0)};
    plot.layout["yaxis"]["range"] = {box.lower(1), box.upper(1)};
    figure.plots.push_back(std::move(plot));
  }
  figure.caption =
      "The function and the networks trained on samples of it, with the minima found. Contour lines every 2 units, one "
      "grey scale for all maps.";
  figure.description =
      "contour map over both inputs with the true minimum" +
      std::string(result.networks.empty() ? "."
                                          : " and the best point found for the network; Table 1 has the numbers.");
  for (Index row = 0; row < grid.rows(); ++row) {
    made.csv += fmt::format("{}{:.6g},{:.6g}", row == 0 ? "\n" : "", grid(row, 0), grid(row, 1));
    for (const Vector& column : values) made.csv += fmt::format(",{:.8g}", column(row));
    made.csv += '\n';
  }
  return made;
}

DataFigure trace_figure(const DemoResult& result) {
  DataFigure made;
  made.csv_name = "trace.csv";
  made.csv = "network,seconds,objective,bound\n";
  Figure& figure = made.figure;
  Plot plot;
  double first = HUGE_VAL, last = 0, best = HUGE_VAL, worst = -HUGE_VAL, worst_bound = HUGE_VAL;
  for (const DemoNetwork& network : result.networks) {
    if (!network.solve) continue;
    const model::SolveResult& solve = *network.solve;
    const Look style = look(network);
    struct Curve {
      json x = json::array(), y = json::array();
    } incumbent, bound;
    std::vector<model::SolveResult::Event> events = solve.trace;
    events.push_back({solve.seconds.total, solve.objective, solve.bound});
    for (const auto& event : events) {
      const double at = std::max(event.seconds, 1e-3);
      first = std::min(first, at), last = std::max(last, at);
      const auto value = [](const std::optional<double>& number) { return number.value_or(HUGE_VAL); };
      const double incumbent_value = value(event.objective), bound_value = value(event.bound);
      const auto cell = [](double number) { return std::isfinite(number) ? fmt::format("{:.10g}", number) : ""; };
      const auto add = [&](Curve& curve, double y) {
        if (std::isfinite(y)) curve.x.push_back(shorten(at)), curve.y.push_back(shorten(y));
      };
      add(incumbent, incumbent_value);
      add(bound, bound_value);
      made.csv +=
          fmt::format("{},{:.6g},{},{}\n", network.name, event.seconds, cell(incumbent_value), cell(bound_value));
    }
    const double objective = solve.objective.value_or(HUGE_VAL);
    best = std::min(best, objective), worst = std::max(worst, solve.objective.value_or(worst));
    worst_bound = std::min(worst_bound, solve.bound.value_or(HUGE_VAL));
    const auto line = [&](const Curve& curve, const char* dash, const char* what) {
      plot.data.push_back(
          {{"type", "scatter"},
           {"mode", "lines"},
           {"x", curve.x},
           {"y", curve.y},
           {"line", {{"color", token(style.colour)}, {"width", 2}, {"dash", dash}, {"shape", "hv"}}},
           {"hovertemplate", network.name + ", " + what + " %{y:.4f} after %{x:.3g} s<extra></extra>"}});
    };
    line(incumbent, "solid", "incumbent");
    line(bound, "6px,4px", "bound");
    if (solve.status == Status::optimal && std::isfinite(objective)) {
      plot.data.push_back(marker_trace({shorten(solve.seconds.total)}, {shorten(objective)}, style, 10));
      plot.data.back()["hovertemplate"] = network.name + ": optimal after %{x:.3g} s<extra></extra>";
    }
    figure.legend.push_back({network.name, style.colour, style.sign});
  }
  figure.legend.push_back({"incumbent", "muted", Sign::line});
  figure.legend.push_back({"bound", "muted", Sign::dashed});
  plot.layout = {{"xaxis", log_axis("time (s)", first / 1.2, std::max(last, first) * 1.25)},
                 {"yaxis", axis("objective (units of y)")}};
  const DemoNetwork& dense = result.networks.front();
  if (dense.solve && dense.solve->status == Status::time_limit) {
    mark(plot.layout, true, dense.time_limit, "limit " + duration(dense.time_limit));
  }
  figure.plots.push_back(std::move(plot));
  if (std::isfinite(best)) {
    // Early bounds are far below everything of interest, and a bound that stays there hides how the others close in.
    const double near = 1.5 * std::max(std::abs(best), 1e-6);
    const auto frame = [&](double span) { return json{best - span, worst + 0.12 * span}; };
    const double whole = std::max(1.4 * (best - worst_bound), near);
    figure.plots[0].layout["yaxis"]["range"] = frame(whole);
    if (whole > 2 * near) {
      figure.plots.push_back(figure.plots[0]);
      figure.plots[0].title = "All solves";
      figure.plots[1].title = "Near the optimum";
      figure.plots[1].layout["yaxis"]["range"] = frame(near);
    }
  }
  figure.caption =
      "Best point found so far (incumbent) and proven bound over time. Where the two meet, the optimum is proven and "
      "a mark is set. Lower values of a bound lie below the plot.";
  figure.description = "incumbent and bound of each solve over time, on a logarithmic time axis; Table 1 has the ends.";
  return made;
}

DataFigure sweep_figure(const DemoResult& result) {
  DataFigure made;
  made.csv_name = "sparsity.csv";
  made.csv = "network,method,sparsity,weights,neurons,binaries,validation_rmse,status,seconds,time_limit\n";
  Figure& figure = made.figure;
  Plot error{"Validation error", json::array(), {{"xaxis", axis("removed (%)")}, {"yaxis", axis("RMSE (units of y)")}}};
  Plot time{"Solve time", json::array(), {{"xaxis", axis("removed (%)")}}};
  double shortest = HUGE_VAL, longest = 0, limit = 0;
  for (const prune::Method method : {prune::Method::weight, prune::Method::node}) {
    const bool weights = method == prune::Method::weight;
    const Look style = weights ? Look{"weight", "square", Sign::square} : Look{"node", "diamond", Sign::diamond};
    struct Curve {
      json x = json::array(), y = json::array(), line = json::array();
      json symbol = json::array(), colour = json::array(), text = json::array();
    } errors, times;
    for (const DemoNetwork* network : by_sparsity(result, method)) {
      const Look own = look(*network);
      // A run that was stopped is a lower limit, not a value: no line leads to it.
      const auto add = [&](Curve& curve, double y, bool stopped, const std::string& text) {
        curve.x.push_back(shorten(100 * network->sparsity)), curve.y.push_back(shorten(y));
        curve.line.push_back(stopped ? json(nullptr) : curve.y.back());
        const std::string symbol = stopped ? "triangle-up-open" : own.symbol;
        curve.symbol.push_back(symbol), curve.colour.push_back(token(own.colour)), curve.text.push_back(text);
      };
      const double rmse = network->summary.validation ? network->summary.validation->rmse.front() : std::nan("");
      if (std::isfinite(rmse)) add(errors, rmse, false, network->name + ": RMSE " + number(rmse, 3));
      std::string status, seconds;
      if (network->solve && network->solve->status != Status::interrupted) {
        const double counted = counted_seconds(*network->solve, network->time_limit);
        const bool stopped = network->solve->status != Status::optimal;
        shortest = std::min(shortest, counted), longest = std::max(longest, counted);
        if (stopped && network->method) limit = network->time_limit;
        add(times, counted, stopped, network->name + ": " + (stopped ? "stopped at " : "") + duration(counted));
        status = to_string(network->solve->status), seconds = fmt::format("{:.6g}", counted);
      }
      if (!weights && !network->method) continue;  // the dense network stands in both curves, once in the file
      made.csv += fmt::format("{},{},{:g},{},{},{},{:.6g},{},{},{:g}\n", network->name,
                              network->method ? to_string(*network->method) : "dense", network->sparsity,
                              network->summary.weights, network->summary.neurons,
                              network->solve ? std::to_string(network->solve->neurons.binaries) : "", rmse, status,
                              seconds, network->time_limit);
    }
    const auto draw = [&](Plot& plot, const Curve& curve) {
      plot.data.push_back({{"type", "scatter"},
                           {"mode", "lines"},
                           {"x", curve.x},
                           {"y", curve.line},
                           {"hoverinfo", "skip"},
                           {"line", {{"color", token(style.colour)}, {"width", 2}}}});
      plot.data.push_back({{"type", "scatter"},
                           {"mode", "markers"},
                           {"x", curve.x},
                           {"y", curve.y},
                           {"text", curve.text},
                           {"hovertemplate", "%{text}<extra></extra>"},
                           {"marker", {{"symbol", curve.symbol}, {"size", 9}, {"color", curve.colour}}},
                           {"cliponaxis", false}});
    };
    draw(error, errors);
    draw(time, times);
    figure.legend.push_back({weights ? "weights removed" : "nodes removed", style.colour, style.sign});
  }
  figure.legend.push_back({"dense network", "dense", Sign::circle});
  for (Plot* plot : {&error, &time}) plot->layout["xaxis"]["range"] = {-4, 100};
  error.layout["yaxis"]["rangemode"] = "tozero";
  if (longest > 0) {
    time.layout["yaxis"] = log_axis("time to proven optimum (s)", shortest / 1.7, longest * 2.2);
    const DemoNetwork& dense = result.networks.front();
    bool stopped = limit > 0;
    if (dense.solve && dense.solve->status == Status::time_limit) {
      mark(time.layout, false, dense.time_limit, "limit " + duration(dense.time_limit));
      stopped = true;
    }
    if (limit > 0 && limit != dense.time_limit) mark(time.layout, false, limit, "limit " + duration(limit));
    if (stopped) figure.legend.push_back({"stopped at the limit", "muted", Sign::open_triangle});
  }
  figure.plots.push_back(std::move(error));
  if (longest > 0) figure.plots.push_back(std::move(time));
  figure.caption =
      "What is removed against what it costs in accuracy on held-out rows, and what it brings in solve "
      "time (logarithmic).";
  figure.description = "curves over the fraction of weights or nodes removed; Table 2 has the numbers.";
  return made;
}

DataFigure width_figure(const DemoResult& result) {
  DataFigure made;
  made.csv_name = "widths.csv";
  made.csv = "network,layer,mean_width\n";
  Figure& figure = made.figure;
  Plot plot;
  double low = HUGE_VAL, high = 0;
  for (const DemoNetwork& network : result.networks) {
    const Look style = look(network);
    json x = json::array(), y = json::array();
    const auto& widths = network.summary.mean_width;
    for (std::size_t layer = 0; layer < widths.size(); ++layer) {
      const std::string name = layer + 1 == widths.size() ? "output" : "layer " + std::to_string(layer + 1);
      made.csv += fmt::format("{},{},{:.8g}\n", network.name, name, widths[layer]);
      if (!(widths[layer] > 0)) continue;  // a layer of constants has no place on a logarithmic axis
      x.push_back(name), y.push_back(shorten(widths[layer]));
      low = std::min(low, widths[layer]), high = std::max(high, widths[layer]);
    }
    plot.data.push_back({{"type", "scatter"},
                         {"mode", "lines+markers"},
                         {"x", x},
                         {"y", y},
                         {"line", {{"color", token(style.colour)}, {"width", 1.5}, {"dash", "dot"}}},
                         {"marker", {{"symbol", style.symbol}, {"size", 10}, {"color", token(style.colour)}}},
                         {"hovertemplate", network.name + ", %{x}: %{y:.3g}<extra></extra>"},
                         {"cliponaxis", false}});
    figure.legend.push_back({network.name, style.colour, style.sign});
  }
  plot.layout = {{"xaxis", {{"type", "category"}}}, {"yaxis", axis("mean width")}};
  if (high > 0) plot.layout["yaxis"] = log_axis("mean width", low / 1.6, high * 1.6);
  figure.plots.push_back(std::move(plot));
  figure.caption =
      "Mean width of the interval that a neuron's preactivation is proven to lie in (CROWN bounds on the whole box), "
      "layer by layer; the output's in units of y.";
  figure.description = "mean bound width of every layer, one curve a network, on a logarithmic axis.";
  return made;
}

}  // namespace secateur::study
