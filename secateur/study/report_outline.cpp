// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "secateur/study/report_data.hpp"

namespace secateur::study::report {

namespace {

using Sign = LegendEntry::Sign;
using Stroke = ChartLine::Stroke;

template <class T>
void add_once(std::vector<T>& list, const T& value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

/// What the axes of all rows of a source name.
struct Named {
  std::vector<std::string> trainings;
  std::vector<std::pair<std::string, std::string>> prunings;  ///< training, pruning
  std::map<std::string, prune::Method> method;                ///< of a pruning
};

std::string removed(prune::Method method) {
  return method == prune::Method::weight ? "weights removed" : "nodes removed";
}

std::vector<Curve> curves(const Named& named) {
  static const std::vector<std::string> baseline_colours{"other-a", "other-b", "other-c"};
  static const std::vector<Stroke> strokes{Stroke::solid, Stroke::dashed, Stroke::dotted};
  std::vector<Curve> made;
  for (std::size_t t = 0; t < named.trainings.size(); ++t) {
    const std::string& training = named.trainings[t];
    std::map<prune::Method, int> blocks;
    for (const auto& [of, pruning] : named.prunings) {
      if (of == training) ++blocks[named.method.at(pruning)];
    }
    const std::string colour = t == 0 ? "dense" : baseline_colours[(t - 1) % baseline_colours.size()];
    const std::string prefix = t == 0 ? "" : training + ": ";
    std::map<prune::Method, std::size_t> used;
    for (const prune::Method method : {prune::Method::weight, prune::Method::node}) {
      for (const auto& [of, pruning] : named.prunings) {
        if (of != training || named.method.at(pruning) != method) continue;
        Curve curve;
        curve.training = training, curve.pruning = pruning, curve.method = method, curve.baseline = t > 0;
        curve.label = prefix + removed(method) + (blocks[method] > 1 ? " (" + pruning + ")" : "");
        curve.colour = t > 0 ? colour : std::string(to_string(method));
        curve.sign = method == prune::Method::weight ? Sign::square : Sign::diamond;
        // In a baseline both methods have the training's colour.
        const std::size_t kind = used[method]++ + (t > 0 && method == prune::Method::node ? 1 : 0);
        curve.stroke = strokes[kind % strokes.size()];
        curve.dense_colour = colour;
        made.push_back(curve);
      }
    }
    if (blocks.empty()) {
      Curve curve;
      curve.training = training, curve.pruning = "dense", curve.baseline = t > 0;
      curve.label = t == 0 ? "dense" : training + ", not pruned";
      curve.colour = curve.dense_colour = colour;
      made.push_back(curve);
    }
  }
  return made;
}

}  // namespace

std::vector<Outline> outlines(const Study& study) {
  std::vector<Outline> found;
  std::vector<Named> named;
  std::vector<std::set<std::pair<std::string, std::string>>> seen;  // what was added already, quickly found
  const auto add = [&](const Axes& axes) {
    auto at = std::find_if(found.begin(), found.end(), [&](const Outline& o) { return o.source == axes.source; });
    if (at == found.end()) {
      found.push_back({axes.source, {}, {}, {}});
      named.emplace_back(), seen.emplace_back();
      at = found.end() - 1;
    }
    const auto i = static_cast<std::size_t>(at - found.begin());
    add_once(at->architectures, axes.architecture);
    add_once(named[i].trainings, axes.training);
    if (!axes.method) return;
    named[i].method.emplace(axes.pruning, *axes.method);
    if (seen[i].emplace(axes.training, axes.pruning).second)
      named[i].prunings.emplace_back(axes.training, axes.pruning);
  };
  for (const NetworkRow& row : study.networks) add(row.axes);
  for (const BoundsRow& row : study.bounds) add(row.axes);
  for (const SolveRow& row : study.solves) {
    add(row.axes);
    if (row.reference) continue;
    for (Outline& outline : found) {
      if (outline.source == row.axes.source) add_once(outline.solves, row.solve);
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) found[i].curves = curves(named[i]);
  return found;
}

std::string architecture_text(const std::string& architecture) {
  const auto at = architecture.find('x');
  const bool plain = architecture.find_first_not_of("0123456789x") == std::string::npos;
  if (!plain || at == std::string::npos) return architecture;
  return architecture.substr(0, at) + "\u00a0×\u00a0" + architecture.substr(at + 1);
}

std::optional<Shape> shape(const std::string& architecture) {
  if (architecture.empty() || architecture.find_first_not_of("0123456789x-") != std::string::npos) return std::nullopt;
  const auto whole = [](std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : 0;
  };
  const std::string_view text = architecture;
  const auto at = text.find('x');
  if (at != std::string_view::npos) {
    const Shape found{whole(text.substr(0, at)), static_cast<double>(whole(text.substr(at + 1)))};
    return found.depth > 0 && found.width > 0 ? std::optional(found) : std::nullopt;
  }
  Shape found;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('-', begin), text.size());
    const int width = whole(text.substr(begin, end - begin));
    if (width <= 0) return std::nullopt;
    ++found.depth, found.width += width;
    begin = end + 1;
  }
  found.width /= found.depth;
  return found;
}

}  // namespace secateur::study::report
