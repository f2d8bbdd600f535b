// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <Eigen/SparseCore>

namespace secateur {

using Index = Eigen::Index;
/// Column vector of doubles.
using Vector = Eigen::VectorXd;
/// Dense matrix, row-major: a row of a weight matrix holds one neuron's weights; a row of a data matrix holds one
/// point.
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
/// Compressed sparse rows.
using SparseMatrix = Eigen::SparseMatrix<double, Eigen::RowMajor, int>;

}  // namespace secateur
