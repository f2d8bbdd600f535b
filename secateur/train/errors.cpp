// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "secateur/nn/evaluate.hpp"
#include "secateur/train/scaling.hpp"
#include "secateur/train/train.hpp"

namespace secateur::train {

Errors errors(const nn::Network& network, const data::Dataset& data) {
  check_fits(network, data, "given");
  const Matrix residual = nn::evaluate(network, data.x) - data.y;
  const auto n = static_cast<double>(data.rows());
  Errors found;
  for (Index k = 0; k < data.y.cols(); ++k) {
    const double squares = residual.col(k).squaredNorm();
    const double spread = (data.y.col(k).array() - data.y.col(k).mean()).square().sum();
    // A constant column has no variance to explain: 1 for a perfect answer, 0 for any other.
    const double unexplained = spread > 0 ? squares / spread : (squares > 0 ? 1.0 : 0.0);
    found.r2.push_back(1 - unexplained);
    found.rmse.push_back(std::sqrt(squares / n));
    found.max_error.push_back(residual.col(k).cwiseAbs().maxCoeff());
  }
  return found;
}

double relative_rmse(const nn::Network& network, const data::Dataset& data, const data::Dataset& reference) {
  check_fits(network, reference, "reference");
  const Errors found = errors(network, data);
  double sum = 0;
  for (Index k = 0; k < reference.y.cols(); ++k) {
    const double variance = (reference.y.col(k).array() - reference.y.col(k).mean()).square().mean();
    const double rmse = found.rmse[static_cast<std::size_t>(k)];
    sum += rmse * rmse / (variance > 0 ? variance : 1.0);
  }
  return std::sqrt(sum / static_cast<double>(reference.y.cols()));
}

}  // namespace secateur::train
