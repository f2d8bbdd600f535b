// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/demo_report.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "secateur/core/version.hpp"
#include "secateur/study/assets.hpp"
#include "secateur/study/demo_figures.hpp"
#include "secateur/study/format.hpp"
#include "secateur/study/machine.hpp"
#include "secateur/study/page.hpp"

namespace secateur::study {

namespace {

double rmse(const DemoNetwork& network) {
  return network.summary.validation ? network.summary.validation->rmse.front() : std::nan("");
}

/// A network's name with its percent sign tied to the number before it.
std::string tied(std::string name) {
  const auto at = name.find(" %");
  return at == std::string::npos ? name : name.replace(at, 1, "\u00a0");
}

/// "(0.228, −1.626)"
std::string point(const Vector& x, int digits) {
  std::string text;
  for (Index i = 0; i < x.size(); ++i) text += (i == 0 ? "" : ", ") + number(x(i), digits);
  return "(" + text + ")";
}

std::string layers(const std::vector<int>& hidden) {
  const bool equal = std::adjacent_find(hidden.begin(), hidden.end(), std::not_equal_to<>()) == hidden.end();
  if (equal && !hidden.empty()) return fmt::format("{} × {}", hidden.size(), hidden.front());
  std::string text;
  for (const int width : hidden) text += (text.empty() ? "" : ", ") + std::to_string(width);
  return text;
}

/// "was solved to proven optimality in 1.3 s", or how it ended.
std::string ending(const DemoNetwork& network) {
  if (!network.solve) return "was not solved before the run was interrupted";
  const model::SolveResult& solve = *network.solve;
  const std::string gap = solve.gap ? ", with a gap of " + percent(*solve.gap) + " left" : "";
  switch (solve.status) {
    case Status::optimal:
      return "was solved to proven optimality in " + duration(solve.seconds.total);
    case Status::time_limit:
      return "was not solved within " + duration(network.time_limit) + gap;
    case Status::interrupted:
      return "was interrupted after " + duration(solve.seconds.total) + gap;
    default:
      return "ended with status " + std::string(to_string(solve.status)) + gap;
  }
}

std::string seconds_cell(const std::optional<model::SolveResult>& solve, double limit) {
  if (!solve) return "–";
  if (solve->status == Status::optimal) return duration(solve->seconds.total);
  return "> " + duration(counted_seconds(*solve, limit));
}
std::string seconds_cell(const DemoNetwork& network) { return seconds_cell(network.solve, network.time_limit); }

std::string speed_up_cell(const DemoNetwork& network) {
  if (!network.method) return network.solve ? "1×" : "–";
  return network.speed_up ? to_text(*network.speed_up) : "–";
}

void introduction(Page& page, const DemoResult& result) {
  const data::TestFunction& function = result.function;
  page.paragraph(
      fmt::format("A neural network can stand in for a model that is too slow to optimise over. Here the model is the "
                  "peaks function "
                  "of two inputs on [{}, {}]², so that the truth is known: its minimum is {} at {}. A network is "
                  "trained on {} samples "
                  "of it and then minimised. The solver returns a point, and a bound that the network cannot go below "
                  "anywhere in the "
                  "box; when the two agree to 0.01\u00a0%, the optimum is proven.",
                  number(function.box.lower(0), 1), number(function.box.upper(0), 1), number(function.minimum, 6),
                  point(function.minimizer, 4), count(result.rows)));
  page.paragraph(
      "What makes this hard is the network's neurons. Each passes on its input (the preactivation) when that is "
      "positive, "
      "and zero otherwise. A neuron that can do either within the box is called unstable and costs the solver one "
      "yes-or-no "
      "decision, a binary variable; in the worst case the work doubles with each of them. Pruning removes what the "
      "network "
      "can do without, single weights or whole nodes (neurons), while the rest is trained further. What remains leaves "
      "fewer decisions, and each comes with tighter bounds.");
  if (result.networks.empty()) return;
  const DemoNetwork& dense = result.networks.front();
  std::string text = fmt::format("The dense network ({} neurons, {} weights) {}.", layers(result.hidden),
                                 count(dense.summary.weights), ending(dense));
  for (const DemoNetwork& network : result.networks) {
    if (!network.method) continue;
    const bool weights = *network.method == prune::Method::weight;
    text += fmt::format(" With {:g}\u00a0% of its {} removed it {}", 100 * network.sparsity,
                        weights ? "weights" : "nodes", ending(network));
    if (network.speed_up) text += ", " + to_text(*network.speed_up) + " as fast";
    text += fmt::format("; its validation error (RMSE) is {}, that of the dense network {}.", number(rmse(network), 3),
                        number(rmse(dense), 3));
  }
  page.paragraph(text);
}

void main_table(Page& page, const DemoResult& result) {
  PageTable table;
  table.caption =
      "The networks and their optimisation. Speed-up: against the dense network; a run stopped at its limit makes it "
      "an “at least”. Native engine: the same question to the branch and bound of our own, whose bound holds in real "
      "arithmetic. Distance: from the best point found to the true minimiser. Objective error: between the network "
      "and the true function at that point, relative to the latter.";
  table.header = {""};
  const auto row = [&](const std::string& name, const auto& cell) {
    std::vector<std::string> cells{name};
    for (const DemoNetwork& network : result.networks) cells.push_back(cell(network));
    table.rows.push_back(std::move(cells));
  };
  const auto solved = [](const auto& show) {
    return [show](const DemoNetwork& n) { return n.solve ? show(*n.solve) : std::string("–"); };
  };
  using model::SolveResult;
  for (const DemoNetwork& network : result.networks) table.header.push_back(tied(network.name));
  row("Validation RMSE", [](const DemoNetwork& n) { return number(rmse(n), 3); });
  row("Validation R²", [](const DemoNetwork& n) {
    return n.summary.validation ? number(std::round(1e4 * n.summary.validation->r2.front()) / 1e4, 4) : "–";
  });
  row("Weights", [](const DemoNetwork& n) { return count(n.summary.weights); });
  row("Neurons", [](const DemoNetwork& n) { return count(n.summary.neurons); });
  row("Binaries", solved([](const SolveResult& s) { return count(s.neurons.binaries); }));
  row("Solve time, MILP", [](const DemoNetwork& n) { return seconds_cell(n); });
  row("Speed-up", speed_up_cell);
  row("Branch-and-bound nodes", solved([](const SolveResult& s) { return count(s.nodes); }));
  row("Best objective", solved([](const SolveResult& s) { return s.objective ? number(*s.objective, 5) : "–"; }));
  row("Proven bound", solved([](const SolveResult& s) { return s.bound ? number(*s.bound, 5) : "–"; }));
  row("Gap", solved([](const SolveResult& s) { return s.gap ? percent(*s.gap) : "–"; }));
  row("Solve time, native engine", [](const DemoNetwork& n) { return seconds_cell(n.native, n.time_limit); });
  row("Its proven bound",
      [](const DemoNetwork& n) { return n.native && n.native->bound ? number(*n.native->bound, 5) : "–"; });
  row("At", solved([](const SolveResult& s) { return s.x.size() > 0 ? point(s.x, 4) : "–"; }));
  row("True function there", [](const DemoNetwork& n) { return n.simulated ? number(*n.simulated, 5) : "–"; });
  row("Distance", [](const DemoNetwork& n) { return n.distance ? number(*n.distance, 2) : "–"; });
  row("Objective error", [](const DemoNetwork& n) { return n.objective_error ? percent(*n.objective_error) : "–"; });
  page.table(table);
}

void sweep_table(Page& page, const DemoResult& result) {
  PageTable table;
  table.caption = "All sparsities. A solve time after “>” was stopped at its limit.";
  table.header = {"Removed", "Weights", "Neurons", "Binaries", "Validation RMSE", "Solve time", "Speed-up"};
  for (const prune::Method method : {prune::Method::weight, prune::Method::node}) {
    for (const DemoNetwork* network : by_sparsity(result, method)) {
      if (!network->method && method != prune::Method::weight) continue;
      table.rows.push_back({network->method ? tied(network->name) : "nothing (dense)", count(network->summary.weights),
                            count(network->summary.neurons),
                            network->solve ? count(network->solve->neurons.binaries) : "–", number(rmse(*network), 3),
                            seconds_cell(*network), speed_up_cell(*network)});
    }
  }
  page.table(table);
}

/// "149, 93 and 38"
std::string enumerate(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == items.size() ? " and " : ", ") + items[i];
  }
  return text;
}

/// What the bounds of a pruned network look like beside those of the dense one.
std::string widths_compared(const DemoNetwork& dense, const DemoNetwork& pruned) {
  const auto &before = dense.summary.mean_width, &after = pruned.summary.mean_width;
  if (before.size() != after.size() || before.empty()) return "";
  // The output of a network pruned too far is constant.
  if (!(before.back() > 0) || !(after.back() > 1e-6 * before.back())) return "";
  const double ratio = before.back() / after.back();
  std::string text =
      fmt::format(" With {} the bounds of the output are {} times {} than with the dense network", tied(pruned.name),
                  number(std::max(ratio, 1 / ratio), 2), ratio >= 1 ? "narrower" : "wider");
  std::vector<std::string> wider;
  for (std::size_t layer = 0; layer + 1 < before.size(); ++layer) {
    if (after[layer] > 1.05 * before[layer]) wider.push_back(std::to_string(layer + 1));
  }
  if (!wider.empty()) {
    text += fmt::format("; in hidden {} {} they are wider{}", wider.size() == 1 ? "layer" : "layers", enumerate(wider),
                        pruned.method == prune::Method::node ? ", and what pruning brings there is fewer neurons" : "");
  }
  return text + ".";
}

void why_section(Page& page, const DemoResult& result, const Figure& figure) {
  page.section("Why the pruned networks are easier");
  const DemoNetwork& dense = result.networks.front();
  std::vector<std::string> unstable, binaries;
  for (const DemoNetwork& network : result.networks) {
    unstable.push_back(fmt::format("{} of {} ({})", count(network.summary.unstable), count(network.summary.neurons),
                                   tied(network.name)));
    if (network.solve) binaries.push_back(count(network.solve->neurons.binaries));
  }
  std::string text = fmt::format("Unstable on the box are {} neurons.", enumerate(unstable));
  if (binaries.size() == result.networks.size()) {
    text += fmt::format(
        " Once neurons that no longer reach the output have been taken out, {} yes-or-no decisions are left for the "
        "solver.",
        enumerate(binaries));
  }
  page.paragraph(text);
  text =
      "How hard a decision is depends on the bounds of the neuron's preactivation: they are the “big-M” constants of "
      "the "
      "model, and the narrower they are, the closer the solver's first estimate is to the truth.";
  for (const DemoNetwork& network : result.networks) {
    if (network.method) text += widths_compared(dense, network);
  }
  page.paragraph(text);
  page.figure(figure);
}

std::string command(const DemoSettings& settings) {
  const DemoSettings standard;
  std::string text = "secateur demo --seed " + std::to_string(settings.seed);
  text += fmt::format(" --time-limit {:g} --threads {}", settings.time_limit, settings.threads);
  if (settings.out != standard.out) {
    const bool plain = settings.out.find_first_of(" '\"$&|;<>()*?\\`#~") == std::string::npos;
    text += plain ? " --out " + settings.out : " --out FOLDER";
  }
  if (settings.quick) text += " --quick";
  return text;
}

void how_section(Page& page, const DemoResult& result, const std::vector<SideFile>& side) {
  page.section("How this was made");
  std::string solver;
  for (const DemoNetwork& network : result.networks) {
    if (network.solve && solver.empty()) solver = network.solve->solver;
  }
  std::vector<std::pair<std::string, std::string>> facts{
      {"Secateur", std::string(version) + ", built with " + compiler_name()},
      {"Solver", solver.empty() ? "none was called" : solver + ", big-M formulation, CROWN bounds, gap 0.01 %"},
      {"Machine", (processor_name().empty() ? "" : processor_name() + ", ") + std::to_string(available_cores()) +
                      " cores, " + std::to_string(result.settings.threads) + " solver threads"},
      {"Data", fmt::format("{} Sobol points, of these 70 % for training, 15 % for validation, 15 % for testing",
                           count(result.rows))},
      {"Network",
       layers(result.hidden) + " ReLU neurons, trained with Adam for up to " + count(result.epochs) + " epochs"},
      {"Pruning", "gradual, by magnitude over the whole network, " + count(result.prune_epochs) +
                      " epochs of fine-tuning; every sparsity from the same dense network"},
      {"Seed", std::to_string(result.settings.seed)},
      {"Total time", duration(std::round(10 * result.seconds) / 10)}};
  page.facts(facts);
  page.paragraph("The same again (times vary with the machine):");
  page.code(command(result.settings));
  std::vector<std::pair<std::string, std::string>> links;
  for (const DemoNetwork& network : result.networks) {
    if (!network.file.empty()) links.emplace_back(network.file, "the network, in the user's units: " + network.name);
  }
  if (result.rows > 0) links.emplace_back("data.csv", "the samples");
  links.emplace_back("results.json", "every number of this report");
  for (const SideFile& file : side) links.emplace_back(file.name, "the numbers in a figure");
  page.paragraph("Beside this report:");
  page.links(links);
}

}  // namespace

std::string demo_report(const DemoResult& result, std::vector<SideFile>* side) {
  Page page("What pruning does for optimisation over a neural network",
            fmt::format("Secateur {}, demonstration on the peaks function, seed {}{}", version, result.settings.seed,
                        result.settings.quick ? ", quick settings" : ""));
  add_colours(page);
  std::vector<SideFile> files;
  const auto keep = [&](DataFigure made) {
    files.push_back({"data/" + made.csv_name, std::move(made.csv)});
    return made.figure;
  };
  const bool solved =
      std::any_of(result.networks.begin(), result.networks.end(), [](const auto& n) { return n.solve; });

  page.section("Summary");
  if (result.interrupted) {
    page.paragraph("This run was interrupted. The report shows what was finished by then.");
  }
  introduction(page, result);
  if (!result.networks.empty()) {
    main_table(page, result);
    page.section("What was found");
    page.paragraph(
        "Each map shows one function over its two inputs. The star is the true minimum. A network's own "
        "minimum lies close to it when the network has learned the function well there, whatever its size.");
    page.figure(keep(surface_figure(result)));
  }
  if (solved) {
    page.section("How the solves went");
    page.paragraph(
        "A good point is usually found at once; the time goes into proving that there is no better one. The solid line "
        "falls when a better point is found, the dashed one rises as more of the box is ruled out.");
    page.figure(keep(trace_figure(result)));
  }
  if (result.networks.size() + result.sweep.size() > 1) {
    page.section("How much to prune");
    page.paragraph(
        "As a rule, more pruning makes a faster solve and, from some point on, a worse network. That point differs "
        "between "
        "functions and networks, so it is worth looking for.");
    page.figure(keep(sweep_figure(result)));
    sweep_table(page, result);
    why_section(page, result, keep(width_figure(result)));
  }
  how_section(page, result, files);
  page.folded("Licence of the plotting script in this file", plotly_licence());
  if (side != nullptr) *side = std::move(files);
  return page.html();
}

}  // namespace secateur::study
