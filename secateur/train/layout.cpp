// SPDX-License-Identifier: Apache-2.0
#include "secateur/train/layout.hpp"

#include <algorithm>
#include <utility>

namespace secateur::train {

Layout::Layout(std::vector<Index> widths) : m_widths(std::move(widths)) {
  const std::size_t layers = m_widths.size() - 1;
  for (std::size_t k = 0; k < layers; ++k) {
    m_weight.push_back(m_weights);
    m_weights += units(k) * inputs(k);
  }
  m_size = m_weights;
  for (std::size_t k = 0; k < layers; ++k) {
    m_bias.push_back(m_size);
    m_size += units(k);
  }
  m_widest = *std::max_element(m_widths.begin(), m_widths.end());
}

}  // namespace secateur::train
