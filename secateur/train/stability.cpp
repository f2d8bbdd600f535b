// SPDX-License-Identifier: Apache-2.0
#include "secateur/train/stability.hpp"

#include <cmath>

namespace secateur::train {

namespace {

template <class Scalar>
using Weights = Eigen::Map<const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

}  // namespace

template <class Scalar>
Stability<Scalar>::Stability(const Layout& layout, const Vector& lower, const Vector& upper)
    : m_layout(layout),
      m_centre(layout.layers()),
      m_radius(layout.layers()),
      m_lower(layout.layers() - 1),
      m_upper(layout.layers() - 1) {
  m_centre[0] = (0.5 * lower + 0.5 * upper).template cast<Scalar>();
  m_radius[0] = (0.5 * upper - 0.5 * lower).template cast<Scalar>();
}

// With the values below in [c - r, c + r], the preactivations lie in W c + b -+ |W| r.
template <class Scalar>
double Stability<Scalar>::penalty(const Scalar* parameters) {
  double sum = 0;
  for (std::size_t k = 0; k < m_lower.size(); ++k) {
    const Weights<Scalar> w(parameters + m_layout.weight(k), m_layout.units(k), m_layout.inputs(k));
    const Eigen::Map<const Values> b(parameters + m_layout.bias(k), m_layout.units(k));
    const Values centre = w * m_centre[k] + b;
    const Values radius = w.cwiseAbs() * m_radius[k];
    m_lower[k] = centre - radius;
    m_upper[k] = centre + radius;
    const Values low = m_lower[k].cwiseMax(Scalar{0});
    const Values high = m_upper[k].cwiseMax(Scalar{0});
    m_centre[k + 1] = Scalar(0.5) * (low + high);
    m_radius[k + 1] = Scalar(0.5) * (high - low);
    for (Index i = 0; i < m_lower[k].size(); ++i)
      sum -= std::tanh(1.0 + static_cast<double>(m_lower[k](i) * m_upper[k](i)));
  }
  return sum;
}

// With t = tanh(1 + l u): dP/dl = -(1 - t^2) u, dP/du = -(1 - t^2) l, and through l = zc - zr, u = zc + zr back to the
// centre and radius of what the layer reads, whose own slopes pass through max(0, .) where a bound is positive.
template <class Scalar>
double Stability<Scalar>::gradient(const Scalar* parameters, Scalar scale, Scalar* gradient) {
  const double sum = penalty(parameters);
  Values from_centre, from_radius;  // slopes with respect to m_centre[k + 1] and m_radius[k + 1]
  for (std::size_t k = m_lower.size(); k-- > 0;) {
    const Index units = m_layout.units(k);
    const Index inputs = m_layout.inputs(k);
    const Weights<Scalar> w(parameters + m_layout.weight(k), units, inputs);
    Values slope_lower(units), slope_upper(units);
    for (Index i = 0; i < units; ++i) {
      const Scalar l = m_lower[k](i);
      const Scalar u = m_upper[k](i);
      const Scalar t = std::tanh(1 + l * u);
      slope_lower(i) = -scale * (1 - t * t) * u;
      slope_upper(i) = -scale * (1 - t * t) * l;
      if (from_centre.size() > 0) {
        if (l > 0) slope_lower(i) += Scalar(0.5) * (from_centre(i) - from_radius(i));
        if (u > 0) slope_upper(i) += Scalar(0.5) * (from_centre(i) + from_radius(i));
      }
    }
    const Values slope_centre = slope_lower + slope_upper;
    const Values slope_radius = slope_upper - slope_lower;
    Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> dw(gradient + m_layout.weight(k),
                                                                                          units, inputs);
    for (Index i = 0; i < units; ++i) {
      dw.row(i).array() += slope_centre(i) * m_centre[k].transpose().array() +
                           slope_radius(i) * m_radius[k].transpose().array() * w.row(i).array().sign();
    }
    Eigen::Map<Values>(gradient + m_layout.bias(k), units) += slope_centre;
    from_centre = w.transpose() * slope_centre;
    from_radius = w.cwiseAbs().transpose() * slope_radius;
  }
  return sum;
}

template class Stability<float>;
template class Stability<double>;

}  // namespace secateur::train
