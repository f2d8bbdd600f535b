// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "secateur/study/format.hpp"
#include "secateur/study/report_facets.hpp"
#include "secateur/study/report_figures.hpp"

namespace secateur::study::report {

namespace {

/// How the error of one curve grows, over all architectures and seeds.
std::string growth_text(const Samples& errors, const Outline& outline, const Curve& curve) {
  std::optional<double> harmless, last_growth;
  double last = 0;
  bool grown = false;
  for (const double sparsity : sparsities(errors, outline.source, curve)) {
    std::vector<Pair> all;
    for (const std::string& architecture : outline.architectures) {
      for (const Pair& pair : pairs(errors, outline.source, architecture, curve, sparsity)) all.push_back(pair);
    }
    const auto growth = mean_ratio(all);
    if (!growth) continue;
    grown = grown || *growth > 1.2;
    if (!grown) harmless = sparsity;
    last = sparsity, last_growth = growth;
  }
  if (!last_growth) return "";
  std::string text = sentence(curve) + ": ";
  if (harmless && *harmless == last) {
    return text + fmt::format("up to {}, the largest tried, the error stays within 1.2 times the dense networks'.",
                              sparsity_text(last));
  }
  if (harmless)
    text += fmt::format("up to {} the error stays within 1.2 times the dense networks', ", sparsity_text(*harmless));
  return text + fmt::format("at {} it is {} times as large.", sparsity_text(last), number(*last_growth, 2));
}

}  // namespace

std::string enumerated(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == items.size() ? " and " : ", ") + items[i];
  }
  return text;
}

std::string sentence(const Curve& curve) {
  std::string text = curve.label;
  if (!curve.baseline && !text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string sparsity_text(double sparsity) { return fmt::format("{:g}\u00a0%", 100 * sparsity); }

std::string removed_text(const Curve& curve, double sparsity) {
  return sparsity_text(sparsity) + (curve.method == prune::Method::node ? " of the nodes" : " of the weights");
}

std::optional<ReportFigure> error_figure(const Study& study, const Outline& outline) {
  const Samples errors = error_samples(study);
  FacetPlan plan;
  plan.name = "error", plan.quantity = "relative RMSE";
  plan.show = [](double value) { return number(value, 3); };
  auto figure = facets(outline, errors, plan);
  if (!figure) return figure;
  figure->caption =
      "Error on the test rows (root mean square, as a fraction of the outputs' deviation) against the fraction "
      "removed; lines are geometric means over seeds, faint points the seeds.";
  std::string text = "Geometric means over architectures and seeds.";
  for (const Curve& curve : outline.curves) {
    const std::string growth = growth_text(errors, outline, curve);
    if (!growth.empty()) text += " " + growth;
  }
  figure->description = text;
  return figure;
}

}  // namespace secateur::study::report
