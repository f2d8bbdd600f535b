// SPDX-License-Identifier: Apache-2.0
#include "secateur/core/kernels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include "secateur/core/error.hpp"
#include "secateur/core/matrix.hpp"
#include "secateur/core/rng.hpp"

namespace secateur {
namespace {

/// `count` numbers that end where readable memory ends, so that a read or write behind them kills the test.
template <class Scalar>
class Guarded {
 public:
  explicit Guarded(Index count) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(Scalar);
    const std::size_t whole = (bytes + page - 1) / page * page;
    m_bytes = whole + page;
    m_memory = static_cast<char*>(mmap(nullptr, m_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (m_memory == MAP_FAILED || mprotect(m_memory + whole, page, PROT_NONE) != 0) std::abort();
    m_data = reinterpret_cast<Scalar*>(m_memory + whole - bytes);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { munmap(m_memory, m_bytes); }

  Scalar* data() { return m_data; }
  Scalar& operator[](Index i) { return m_data[i]; }

 private:
  char* m_memory = nullptr;
  std::size_t m_bytes = 0;
  Scalar* m_data = nullptr;
};

template <class Scalar>
void fill(Rng& rng, Guarded<Scalar>& values, Index count) {
  for (Index i = 0; i < count; ++i) values[i] = static_cast<Scalar>(rng.uniform(-1, 1));
}

struct Case {
  Index m, n, k;
  bool a_transposed, b_transposed;
  bool accumulate, bias, relu, gate;
  Index padding;  // what rows are longer than they need to be
};

std::string describe(const Case& c) {
  return testing::PrintToString(std::vector<Index>{c.m, c.n, c.k, c.a_transposed, c.b_transposed, c.accumulate, c.bias,
                                                   c.relu, c.gate, c.padding});
}

/// Compares with a triple loop in long double. Each entry may differ by the rounding of k products and at most two more
/// terms, gamma_(k + 2) times the sum of absolute values (Higham 2002, section 3.1).
template <class Scalar>
void check_product(const Kernels<Scalar>& kernels, const Case& c, std::uint64_t seed) {
  SCOPED_TRACE(describe(c));
  Rng rng(seed);
  const Index a_row = (c.a_transposed ? c.m : c.k) + c.padding;
  const Index b_row = (c.b_transposed ? c.k : c.n) + c.padding;
  const Index c_row = c.n + c.padding;
  const auto size = [](Index rows, Index columns, Index row) { return rows > 0 ? (rows - 1) * row + columns : 0; };
  const Index a_size = c.a_transposed ? size(c.k, c.m, a_row) : size(c.m, c.k, a_row);
  const Index b_size = c.b_transposed ? size(c.n, c.k, b_row) : size(c.k, c.n, b_row);
  const Index c_size = size(c.m, c.n, c_row);
  Guarded<Scalar> a(a_size), b(b_size), result(c_size), before(c_size), bias(c.m), gate(c_size);
  fill(rng, a, a_size);
  fill(rng, b, b_size);
  fill(rng, result, c_size);
  fill(rng, bias, c.m);
  fill(rng, gate, c_size);
  for (Index i = 0; i < c_size; ++i) before[i] = result[i];

  Product<Scalar> product;
  product.m = c.m, product.n = c.n, product.k = c.k;
  product.a = a.data(), product.b = b.data(), product.c = result.data();
  product.a_row = c.a_transposed ? 1 : a_row, product.a_column = c.a_transposed ? a_row : 1;
  product.b_row = c.b_transposed ? 1 : b_row, product.b_column = c.b_transposed ? b_row : 1;
  product.c_row = c_row;
  product.accumulate = c.accumulate;
  if (c.bias) product.bias = bias.data();
  product.relu = c.relu;
  if (c.gate) product.gate = gate.data(), product.gate_row = c_row;
  kernels.product(product);

  const auto unit = static_cast<long double>(std::numeric_limits<Scalar>::epsilon()) / 2;
  const auto terms = static_cast<long double>(c.k + 2);
  const long double gamma = terms * unit / (1 - terms * unit) + 1e-18L * terms;
  for (Index i = 0; i < c.m; ++i) {
    for (Index j = 0; j < c.n; ++j) {
      long double sum = 0;
      long double magnitude = 0;
      const auto add = [&](long double term) { sum += term, magnitude += std::fabs(term); };
      for (Index p = 0; p < c.k; ++p) {
        add(static_cast<long double>(a[i * product.a_row + p * product.a_column]) *
            static_cast<long double>(b[p * product.b_row + j * product.b_column]));
      }
      if (c.accumulate) add(static_cast<long double>(before[i * c_row + j]));
      if (c.bias) add(static_cast<long double>(bias[i]));
      if (c.relu) sum = std::max(sum, 0.0L);
      const Scalar found = result[i * c_row + j];
      if (c.gate && gate[i * c_row + j] <= 0) {
        ASSERT_EQ(found, 0) << "row " << i << " column " << j;
      } else {
        ASSERT_LE(std::fabs(static_cast<long double>(found) - sum), gamma * magnitude)
            << "row " << i << " column " << j;
      }
    }
    for (Index j = c.n; j < c_row && i + 1 < c.m; ++j) {
      ASSERT_EQ(result[i * c_row + j], before[i * c_row + j]) << "written behind row " << i;
    }
  }
}

class KernelsTest : public testing::TestWithParam<Isa> {};

template <class Scalar>
void check_products(Isa isa) {
  const Kernels<Scalar>& table = kernels<Scalar>(isa);
  std::uint64_t seed = 0;
  const std::vector<Index> sizes{1, 2, 3, 7, 16, 17, 50, 100};
  for (const Index m : sizes) {
    for (const Index n : sizes) {
      for (const Index k : sizes) {
        // Every combination of layouts and endings comes up, each with some of the sizes.
        for (std::uint64_t variant = seed % 7; variant < 64; variant += 7) {
          const auto bit = [&](int i) { return ((variant >> i) & 1) != 0; };
          check_product(table, {m, n, k, bit(0), bit(1), bit(2), bit(3), bit(4), bit(5), (m + n + k) % 3}, ++seed);
        }
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(KernelsTest, ProductOfFloatsIsWithinRounding) { check_products<float>(GetParam()); }
TEST_P(KernelsTest, ProductOfDoublesIsWithinRounding) { check_products<double>(GetParam()); }

TEST_P(KernelsTest, LongSumsGoThroughSeveralPanels) {
  for (const bool transposed : {false, true}) {
    for (const Index k : {255, 256, 257, 512, 700}) {
      check_product(kernels<float>(GetParam()), {13, 37, k, transposed, !transposed, true, true, true, true, 1}, 1);
      check_product(kernels<double>(GetParam()), {13, 37, k, !transposed, transposed, false, true, false, true, 5}, 2);
    }
  }
}

TEST_P(KernelsTest, RowsThatCompeteForTheCacheAreCopied) {
  check_product(kernels<float>(GetParam()), {40, 1024, 64, false, false, false, true, true, false, 0}, 3);
  check_product(kernels<double>(GetParam()), {40, 512, 64, true, false, true, false, false, false, 0}, 4);
}

TEST_P(KernelsTest, EmptySumIsTheEnding) {
  const float bias[] = {-1, 2};
  float result[] = {5, 5, 5, 5};
  Product<float> product;
  product.m = 2, product.n = 2, product.k = 0;
  product.c = result, product.c_row = 2;
  product.bias = bias;
  product.relu = true;
  kernels<float>(GetParam()).product(product);
  EXPECT_THAT(result, testing::ElementsAre(0, 0, 2, 2));
}

TEST_P(KernelsTest, EmptyProductTouchesNothing) {
  float result = 7;
  Product<float> product;
  product.n = 3, product.k = 3, product.c = &result;
  kernels<float>(GetParam()).product(product);
  product.m = 3, product.n = 0;
  kernels<float>(GetParam()).product(product);
  EXPECT_EQ(result, 7);
}

TEST_P(KernelsTest, ReluKeepsNan) {
  for (const Index n : {1, 40}) {  // narrow and full tiles
    std::vector<double> b(static_cast<std::size_t>(n), std::numeric_limits<double>::quiet_NaN());
    std::vector<double> result(static_cast<std::size_t>(n), 0.0);
    const double one = 1;
    Product<double> product;
    product.m = 1, product.n = n, product.k = 1;
    product.a = &one, product.b = b.data(), product.b_row = n, product.c = result.data(), product.c_row = n;
    product.relu = true;
    kernels<double>(GetParam()).product(product);
    for (const double value : result) EXPECT_TRUE(std::isnan(value));
  }
}

TEST_P(KernelsTest, SameInputSameBits) {
  Rng rng(5);
  std::vector<float> a(50 * 50), b(50 * 256), first(50 * 256), second(50 * 256);
  for (auto& v : a) v = static_cast<float>(rng.normal());
  for (auto& v : b) v = static_cast<float>(rng.normal());
  Product<float> product;
  product.m = 50, product.n = 256, product.k = 50;
  product.a = a.data(), product.a_row = 50, product.b = b.data(), product.b_row = 256, product.c_row = 256;
  product.c = first.data();
  kernels<float>(GetParam()).product(product);
  product.c = second.data();
  kernels<float>(GetParam()).product(product);
  EXPECT_EQ(std::memcmp(first.data(), second.data(), first.size() * sizeof(float)), 0);
}

template <class Scalar>
void check_row_sums(Isa isa) {
  Rng rng(11);
  for (const Index m : {1, 3, 10}) {
    for (const Index n : {0, 1, 7, 17, 63, 64, 65, 256}) {
      const Index row = n + 3;
      Guarded<Scalar> a((m - 1) * row + n), sums(m);
      fill(rng, a, (m - 1) * row + n);
      kernels<Scalar>(isa).row_sums(m, n, a.data(), row, sums.data());
      for (Index i = 0; i < m; ++i) {
        long double sum = 0;
        for (Index j = 0; j < n; ++j) sum += static_cast<long double>(a[i * row + j]);
        const auto unit = static_cast<long double>(std::numeric_limits<Scalar>::epsilon());
        ASSERT_LE(std::fabs(static_cast<long double>(sums[i]) - sum), static_cast<long double>(n * n) * unit);
      }
    }
  }
}

TEST_P(KernelsTest, RowSums) {
  check_row_sums<float>(GetParam());
  check_row_sums<double>(GetParam());
}

/// Every row loses its multiples of the pivot rows, in place or on the way to another matrix.
TEST_P(KernelsTest, EliminationTakesMultiplesOfTheRows) {
  for (const Index stride : {8, 16, 24, 40, 104}) {
    for (const Index rows : {1, 7, 8, 19}) {
      Rng rng(static_cast<std::uint64_t>(stride));
      const Index count = 3, height = rows + 5;
      Guarded<double> matrix(rows * stride), other(rows * stride), pivots(count * stride), factors(count * height),
          norm(rows);
      fill(rng, matrix, rows * stride);
      fill(rng, pivots, count * stride);
      fill(rng, factors, count * height);
      std::vector<double> expected, norms;
      for (Index r = 0; r < rows; ++r) {
        norms.push_back(0);
        for (Index j = 0; j < stride; ++j) {
          double entry = matrix[r * stride + j];
          for (Index t = 0; t < count; ++t) entry -= factors[t * height + r] * pivots[t * stride + j];
          expected.push_back(entry);
          norms.back() += entry * entry;
        }
      }
      Elimination elimination;
      elimination.rows = rows;
      elimination.stride = stride;
      elimination.count = count;
      elimination.height = height;
      elimination.from = matrix.data();
      elimination.pivots = pivots.data();
      elimination.factors = factors.data();
      elimination.norm = norm.data();
      for (double* to : {other.data(), matrix.data()}) {
        elimination.to = to;
        bound_kernels(GetParam()).eliminate(elimination);
        for (Index k = 0; k < rows * stride; ++k) EXPECT_NEAR(to[k], expected[static_cast<std::size_t>(k)], 1e-13);
        for (Index r = 0; r < rows; ++r) EXPECT_NEAR(norm[r], norms[static_cast<std::size_t>(r)], 1e-11);
      }
    }
  }
}

TEST_P(KernelsTest, CombinationTakesMultiplesOfVectors) {
  for (const Index length : {8, 16, 24, 104}) {
    Rng rng(static_cast<std::uint64_t>(length));
    const Index count = 5;
    Guarded<double> vectors(count * length), factor(count), result(length);
    fill(rng, vectors, count * length);
    fill(rng, factor, count);
    fill(rng, result, length);
    std::vector<double> expected;
    for (Index j = 0; j < length; ++j) {
      expected.push_back(result[j]);
      for (Index t = 0; t < count; ++t) expected.back() -= factor[t] * vectors[t * length + j];
    }
    bound_kernels(GetParam()).combine({count, length, vectors.data(), factor.data(), result.data()});
    for (Index j = 0; j < length; ++j) EXPECT_NEAR(result[j], expected[static_cast<std::size_t>(j)], 1e-13);
  }
}

/// Ten steps against the published algorithm in double, entry by entry.
template <class Scalar>
void check_adam(Isa isa, double tolerance) {
  for (const Index count : {1, 7, 64, 511, 512, 513, 1100}) {
    for (const bool masked : {false, true}) {
      Rng rng(static_cast<std::uint64_t>(count));
      const Index parts = 3;
      Guarded<Scalar> w(count), mean(count), square(count), gradient(parts * count), mask(count);
      fill(rng, w, count);
      std::vector<double> w_ref, mean_ref(static_cast<std::size_t>(count)), square_ref(static_cast<std::size_t>(count));
      for (Index i = 0; i < count; ++i) {
        mask[i] = !masked || i % 3 != 0 ? Scalar{1} : Scalar{0};
        if (mask[i] == 0 || i % 5 == 1) w[i] = 0;
        mean[i] = 0;
        square[i] = 0;
        w_ref.push_back(static_cast<double>(w[i]));
      }
      AdamStep<Scalar> step;
      step.count = count;
      step.w = w.data(), step.mean = mean.data(), step.square = square.data(), step.gradient = gradient.data();
      step.parts = parts, step.part_stride = count;
      if (masked) step.mask = mask.data();
      step.beta1 = Scalar(0.9), step.beta2 = Scalar(0.999), step.epsilon = Scalar(1e-8);
      step.l1 = Scalar(0.01), step.l2 = Scalar(0.02);
      for (int t = 1; t <= 10; ++t) {
        fill(rng, gradient, parts * count);
        const double rate = 1e-2 / (1 - std::pow(0.9, t));
        const double root = 1 / std::sqrt(1 - std::pow(0.999, t));
        step.rate = static_cast<Scalar>(rate), step.root = static_cast<Scalar>(root);
        for (Index i = 0; i < count; ++i) {
          const auto at = static_cast<std::size_t>(i);
          if (mask[i] == 0) continue;
          double g = 0;
          for (Index part = 0; part < parts; ++part) g += static_cast<double>(gradient[part * count + i]);
          const double sign = w_ref[at] > 0 ? 1 : (w_ref[at] < 0 ? -1 : 0);
          g += 0.01 * sign + 0.04 * w_ref[at];
          mean_ref[at] = 0.9 * mean_ref[at] + 0.1 * g;
          square_ref[at] = 0.999 * square_ref[at] + 0.001 * g * g;
          w_ref[at] -= rate * mean_ref[at] / (std::sqrt(square_ref[at]) * root + 1e-8);
        }
        kernels<Scalar>(isa).adam(step);
      }
      for (Index i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (mask[i] == 0) {
          ASSERT_FALSE(std::signbit(w[i]));
          ASSERT_EQ(w[i], 0);
          ASSERT_EQ(mean[i], 0);
          ASSERT_EQ(square[i], 0);
        } else {
          ASSERT_NEAR(static_cast<double>(w[i]), w_ref[at], tolerance) << "entry " << i << " of " << count;
        }
      }
    }
  }
}

TEST_P(KernelsTest, AdamFollowsThePublishedAlgorithm) {
  check_adam<float>(GetParam(), 3e-5);
  check_adam<double>(GetParam(), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Isas, KernelsTest, testing::ValuesIn(available_isas()),
                         [](const auto& isa) { return std::string(to_string(isa.param)); });

TEST(Isa, BaselineIsAlwaysThere) {
  EXPECT_EQ(available_isas().front(), Isa::baseline);
  EXPECT_EQ(isa_named("baseline"), Isa::baseline);
}

TEST(Isa, UnknownNameIsRefused) {
  try {
    isa_named("sse9");
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_EQ(error.where(), "SECATEUR_ISA");
    EXPECT_THAT(error.message(), testing::HasSubstr("unknown instruction set 'sse9'; this machine has baseline"));
  }
}

TEST(Isa, MissingOneIsRefused) {
  if (available_isas().size() == 3) GTEST_SKIP() << "this machine has them all";
  EXPECT_THAT([] { isa_named("avx512"); },
              testing::Throws<InputError>(testing::Property(
                  &InputError::message, testing::HasSubstr("this machine does not have avx512; it has baseline"))));
}

/// The choice is made once a process, so each of these runs in one of its own.
class IsaDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
  static void exit_with_choice(const char* name) {
    setenv("SECATEUR_ISA", name, 1);
    try {
      std::exit(10 + static_cast<int>(active_isa()));
    } catch (const InputError& error) {
      std::fprintf(stderr, "%s\n", error.what());
      std::exit(2);
    }
  }
};

TEST_F(IsaDeathTest, EnvironmentForcesOne) {
  EXPECT_EXIT(exit_with_choice("baseline"), testing::ExitedWithCode(10), "");
  EXPECT_EXIT(exit_with_choice(""), testing::ExitedWithCode(10 + static_cast<int>(available_isas().back())), "");
  EXPECT_EXIT(exit_with_choice("fast"), testing::ExitedWithCode(2), "SECATEUR_ISA: unknown instruction set 'fast'");
}

}  // namespace
}  // namespace secateur
