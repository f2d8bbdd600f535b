// SPDX-License-Identifier: Apache-2.0
// Minimises y = |x - 0.25| = relu(x - 0.25) + relu(0.25 - x), built by hand, through the installed library.
#include <cmath>
#include <cstdio>

#include <secateur/secateur.hpp>

int main() {
  using namespace secateur;
  nn::Network network;
  network.input_names = {"x"};
  network.output_names = {"y"};
  network.layers = {nn::Dense{Matrix{{1.0}, {-1.0}}, Vector{{-0.25, 0.25}}}, nn::Relu{},
                    nn::Dense{Matrix{{1.0, 1.0}}, Vector{{0.0}}}};
  const Box box{Vector{{-1.0}}, Vector{{1.0}}};
  const model::SolveResult result = mip::solve(model::over_box(network, box, Vector{{1.0}}), {});
  std::printf("secateur %s: %s at x = %.6f\n", version, std::string(to_string(result.status)).c_str(), result.x(0));
  return result.status == Status::optimal && std::abs(result.x(0) - 0.25) < 1e-5 ? 0 : 1;
}
