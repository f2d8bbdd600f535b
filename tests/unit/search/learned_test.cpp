// SPDX-License-Identifier: Apache-2.0
#include "secateur/search/learned.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "property/random_problem.hpp"
#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/core/hash.hpp"
#include "secateur/search/solve.hpp"
#include "support/native_problem.hpp"

namespace secateur::search {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// y0, y1 = network(x0, x1, x2), and a decision that no network reads.
model::Problem problem_with_price() {
  Rng rng(3);
  model::Problem problem;
  const int x0 = problem.add_variable({"x0", {}, {}, -1, 1, {}}), x1 = problem.add_variable({"x1", {}, {}, -1, 1, {}});
  const int x2 = problem.add_variable({"x2", {}, model::VariableType::integer, -2, 2, {}});
  const int y0 = problem.add_variable({"y0", {}, {}, -infinity, infinity, {}});
  const int y1 = problem.add_variable({"y1", {}, {}, -infinity, infinity, {}});
  const int price = problem.add_variable({"price", {}, {}, 0, 1, {}});
  problem.add_network("net", tiny_network(3, 2, rng), {x0, x1, x2}, {y0, y1});
  problem.objective = {{y0, 1}, {y1, -0.5}, {price, 0.25}};
  problem.constant = 0.125;
  problem.add_constraint("c", {{x0, 1}, {price, -1}}, -infinity, 0.5);
  problem.add_constraint("d", {{x1, 1}, {x2, 1}}, -2, 2);
  return problem;
}

bool belongs(Learned learned, const model::Problem& problem) {
  try {
    take_up(learned, problem);
    return true;
  } catch (const InputError&) {
    return false;
  }
}

model::SolveResult proven_bound_of(double bound) {
  model::SolveResult result;
  result.status = Status::time_limit;
  result.bound = bound;
  result.proof = Proof::rounding_safe;
  return result;
}

/// What has been learned of problem_with_price() by a solve that proved -7.
Learned learned_bound() {
  const model::Problem problem = problem_with_price();
  Learned learned;
  take_up(learned, problem);
  learn(learned, problem, {}, proven_bound_of(-7));
  return learned;
}

/// The bound that is known of the problem after a change.
template <class Change>
std::optional<double> bound_after(const Change& change) {
  Learned learned = learned_bound();
  model::Problem problem = problem_with_price();
  change(problem);
  take_up(learned, problem);
  return known(learned, problem).bound;
}

TEST(LearnedBound, HoldsForEveryPartOfTheProblem) {
  EXPECT_EQ(bound_after([](model::Problem&) {}), -7);
  EXPECT_EQ(bound_after([](model::Problem& p) { p.variables[0].lower = 0; }), -7);
  EXPECT_EQ(bound_after([](model::Problem& p) { p.variables[3].upper = 4; }), -7);
  EXPECT_EQ(bound_after([](model::Problem& p) { p.constraints[0].upper = 0.25; }), -7);
  EXPECT_EQ(bound_after([](model::Problem& p) { p.constraints[0].lower = 0; }), -7);
  EXPECT_EQ(bound_after([](model::Problem& p) { p.add_constraint("e", {{0, 1}, {1, 1}}, 0, 1); }), -7);
  EXPECT_EQ(bound_after([](model::Problem& p) { std::swap(p.constraints[0], p.constraints[1]); }), -7);
  EXPECT_EQ(bound_after([](model::Problem& p) { p.variables[0].type = model::VariableType::integer; }), -7);
  EXPECT_EQ(bound_after([](model::Problem& p) {
              p.variables[2].type = model::VariableType::discrete;
              p.variables[2].values = {-9.5, -1, 2};
            }),
            -7);
  EXPECT_EQ(bound_after([](model::Problem& p) {
              p.add_constraint("e", {{p.add_variable({"more", {}, {}, 0, 1, {}}), 1}, {0, 1}}, 0, 1);
            }),
            -7);
  // The same sums in another order.
  EXPECT_EQ(bound_after([](model::Problem& p) { std::swap(p.objective[0], p.objective[1]); }), -7);
  EXPECT_EQ(bound_after([](model::Problem& p) { std::swap(p.constraints[1].terms[0], p.constraints[1].terms[1]); }),
            -7);
  // What networks read may be called otherwise.
  EXPECT_EQ(bound_after([](model::Problem& p) { p.variables[0].name = "temperature"; }), -7);
}

TEST(LearnedBound, MovesWithTheConstantAndIsRoundedOutwards) {
  const auto moved = bound_after([](model::Problem& p) { p.constant = 1.125; });
  ASSERT_TRUE(moved);
  EXPECT_LE(*moved, -6);
  EXPECT_NEAR(*moved, -6, 1e-14);
}

TEST(LearnedBound, SaysNothingOfPointsOutside) {
  const auto expect_none = [](const char* what, const auto& change) { EXPECT_FALSE(bound_after(change)) << what; };
  expect_none("larger box", [](model::Problem& p) { p.variables[0].upper = 1.0000001; });
  expect_none("larger box of another decision", [](model::Problem& p) { p.variables[5].lower = -1; });
  expect_none("relaxed side", [](model::Problem& p) { p.constraints[0].upper = 0.50000001; });
  expect_none("relaxed lower side", [](model::Problem& p) { p.constraints[1].lower = -infinity; });
  expect_none("constraint gone", [](model::Problem& p) { p.constraints.pop_back(); });
  expect_none("other coefficient", [](model::Problem& p) { p.constraints[0].terms[0].coefficient = 0.999; });
  expect_none("fewer terms", [](model::Problem& p) { p.constraints[0].terms.pop_back(); });
  expect_none("more terms", [](model::Problem& p) { p.constraints[0].terms.push_back({1, 0.1}); });
  expect_none("term split in two", [](model::Problem& p) {
    p.constraints[0].terms = {{0, 0.5}, {0, 0.5}, {5, -1}};  // the same sum, but rounding might say otherwise
  });
  expect_none("other sense", [](model::Problem& p) { p.sense = Sense::maximize; });
  expect_none("other objective", [](model::Problem& p) { p.objective[0].coefficient = 1.5; });
  expect_none("more in the objective", [](model::Problem& p) { p.objective.push_back({0, 1e-9}); });
  expect_none("no longer integer", [](model::Problem& p) { p.variables[2].type = model::VariableType::continuous; });
  expect_none("listed values between integers", [](model::Problem& p) {
    p.variables[2].type = model::VariableType::discrete;
    p.variables[2].values = {-1, 0.5};
  });
  expect_none("another decision of that name", [](model::Problem& p) { p.variables[5].name = "cost"; });
  expect_none("two of that name", [](model::Problem& p) { p.add_variable({"price", {}, {}, 0, 1, {}}); });
}

TEST(LearnedBound, OfListedValues) {
  model::Problem problem = problem_with_price();
  problem.variables[2].type = model::VariableType::discrete;
  problem.variables[2].values = {-1, 0.5, 2};
  Learned learned;
  take_up(learned, problem);
  learn(learned, problem, {}, proven_bound_of(-7));
  const auto bound_for = [&](model::VariableType type, std::vector<double> values, double lower, double upper) {
    model::Problem other = problem;
    other.variables[2] = {"x2", {}, type, lower, upper, std::move(values)};
    return known(learned, other).bound;
  };
  using enum model::VariableType;
  EXPECT_TRUE(bound_for(discrete, {-1, 2}, -2, 2));
  EXPECT_TRUE(bound_for(discrete, {-1, 0.75, 2}, 1, 2));  // the new one is outside the bounds
  EXPECT_FALSE(bound_for(discrete, {-1, 0.75, 2}, -2, 2));
  EXPECT_FALSE(bound_for(integer, {}, 2, 2));
  EXPECT_FALSE(bound_for(continuous, {}, -1, 2));
}

TEST(LearnedBound, OnlyWhatHoldsInRealArithmeticForTheWholeProblem) {
  const model::Problem problem = problem_with_price();
  const auto learned_from = [&](const model::SolveResult& result, const model::SolveSettings& settings = {}) {
    Learned learned;
    take_up(learned, problem);
    learn(learned, problem, settings, result);
    return known(learned, problem).bound;
  };
  model::SolveResult result = proven_bound_of(-7);
  EXPECT_TRUE(learned_from(result));
  result.proof = Proof::solver_tolerance;
  EXPECT_FALSE(learned_from(result));
  result = proven_bound_of(-infinity);
  EXPECT_FALSE(learned_from(result));
  result = proven_bound_of(-7);
  model::SolveSettings settings;
  settings.worst_objective = -6;
  EXPECT_FALSE(learned_from(result, settings));
  result.bound.reset();
  EXPECT_FALSE(learned_from(result));
}

TEST(LearnedBound, TheBestOfSeveralAndTheNewestOfMany) {
  const model::Problem problem = problem_with_price();
  Learned learned = learned_bound();
  learn(learned, problem, {}, proven_bound_of(-9));
  EXPECT_EQ(known(learned, problem).bound, -7);
  EXPECT_EQ(learned.proven.size(), 1U);
  learn(learned, problem, {}, proven_bound_of(-5));
  EXPECT_EQ(known(learned, problem).bound, -5);
  model::Problem other = problem;
  for (int k = 0; k < 30; ++k) {
    other.variables[0].upper += 1;
    learn(learned, other, {}, proven_bound_of(-20 - k));
  }
  EXPECT_LE(learned.proven.size(), 8U);
  EXPECT_EQ(known(learned, other).bound, -49);
  // A better one for fewer points is found behind a worse one for more.
  learn(learned, problem, {}, proven_bound_of(-5));
  learn(learned, other, {}, proven_bound_of(-48));
  EXPECT_EQ(known(learned, problem).bound, -5);
}

TEST(LearnedPoints, FollowTheirVariables) {
  model::Problem problem = problem_with_price();
  Learned learned;
  take_up(learned, problem);
  model::SolveResult result;
  result.x = Vector{{0.25, -0.5, 1.0, 0.75}};
  result.y = Vector{{2.0, 3.0}};
  learn(learned, problem, {}, result);
  learn(learned, problem, {}, result);
  ASSERT_EQ(learned.points.size(), 1U);
  // Others before and behind; "price" moves, and one is new.
  model::Problem other;
  other.add_variable({"new", {}, {}, 2, 4, {}});
  const int price = other.add_variable({"price", {}, {}, 0, 1, {}});
  for (int v = 0; v < 5; ++v) other.add_variable(problem.variables[static_cast<std::size_t>(v)]);
  other.objective = {{5, 1}};
  other.add_network("net", problem.networks[0].network, {2, 3, 4}, {5, 6});
  ASSERT_TRUE(belongs(learned, other));
  take_up(learned, other);
  const Known now = known(learned, other);
  ASSERT_EQ(now.points.size(), 1U);
  EXPECT_EQ(now.points[0], (Vector{{3.0, 0.75, 0.25, -0.5, 1.0, 2.0, 3.0}}));
  EXPECT_EQ(price, 1);
}

TEST(Learned, BelongsToItsNetworksAndTheirWiring) {
  Learned learned;
  const model::Problem problem = problem_with_price();
  EXPECT_TRUE(belongs(learned, problem));
  take_up(learned, problem);
  model::Problem other = problem;
  other.networks[0].network.layers.pop_back();
  EXPECT_FALSE(belongs(learned, other));
  EXPECT_THAT([&] { take_up(learned, other); }, ThrowsMessage<InputError>(HasSubstr("other networks")));
  other = problem;
  std::get<nn::Dense>(*std::find_if(other.networks[0].network.layers.begin(), other.networks[0].network.layers.end(),
                                    [](const nn::Layer& layer) { return std::holds_alternative<nn::Dense>(layer); }))
      .bias(0) += 1e-12;
  EXPECT_FALSE(belongs(learned, other));
  // The places of what one network reads are those of the order in which it does.
  other = problem;
  std::swap(other.networks[0].inputs[0], other.networks[0].inputs[1]);
  EXPECT_TRUE(belongs(learned, other));
  EXPECT_EQ(places_of(learned, other)[0], 1);
  other.networks[0].inputs[0] = other.networks[0].inputs[1];
  EXPECT_FALSE(belongs(learned, other));
  Continuation continuation;
  continuation.learned = &learned;
  EXPECT_THAT([&] { solve(other, native_settings(), {}, {}, nullptr, continuation); },
              ThrowsMessage<InputError>(HasSubstr("other networks")));
}

Learned sample() {
  Learned learned = learned_bound();
  learned.points = {Vector{{1.0, 2.0, NAN}}};
  learned.costs = {{-1, 2, true, 0.5, 3}, {1, 4, false, 0.25, 1}};
  learned.way = Way::cut;
  learned.nodes = 17;
  return learned;
}

TEST(LearnedBytes, ComeBackAsTheyWere) {
  const Learned learned = sample();
  const std::string bytes = encode(learned);
  const Learned back = decode_learned(bytes, "f");
  EXPECT_EQ(encode(back), bytes);
  EXPECT_EQ(back.networks, learned.networks);
  EXPECT_EQ(back.others, std::vector<std::string>{"price"});
  ASSERT_EQ(back.costs.size(), 2U);
  EXPECT_EQ(back.costs[0].layer, -1);
  EXPECT_TRUE(back.costs[0].up);
  EXPECT_EQ(back.way, Way::cut);
  EXPECT_EQ(back.nodes, 17);
  EXPECT_EQ(known(back, problem_with_price()).bound, -7);
}

// Places beyond the problem's variables, in contents that fit one another.
TEST(LearnedBytes, OfOtherVariablesAreRefused) {
  Learned learned = sample();
  learned.networked += 40;
  learned.proven[0].domains.back().place = 40;
  Learned back = decode_learned(encode(learned), "f");
  EXPECT_THAT([&] { take_up(back, problem_with_price()); },
              ThrowsMessage<InputError>(HasSubstr("f: was learned from other networks")));
}

TEST(LearnedBytes, AnyChangeIsRefused) {
  const std::string bytes = encode(sample());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_THROW(decode_learned(changed, "f"), InputError) << i;
    EXPECT_THROW(decode_learned(bytes.substr(0, i), "f"), InputError) << i;
  }
  EXPECT_THROW(decode_learned(bytes + '\0', "f"), InputError);
  EXPECT_THAT([] { decode_learned("x,y\n1,2\n", "f"); }, ThrowsMessage<InputError>(HasSubstr("f: is there already")));
}

TEST(LearnedBytes, PartsThatDoNotFitAreRefused) {
  const auto expect_refused = [](const char* what, const auto& change) {
    Learned learned = sample();
    change(learned);
    EXPECT_THROW(decode_learned(encode(learned), "f"), InputError) << what;
  };
  expect_refused("place of a domain", [](Learned& l) { l.proven[0].domains[0].place = 6; });
  expect_refused("crossing domain", [](Learned& l) { l.proven[0].domains[0].lower = 2; });
  expect_refused("domain of no number", [](Learned& l) { l.proven[0].domains[0].lower = NAN; });
  expect_refused("place in the objective", [](Learned& l) { l.proven[0].objective[0].place = -1; });
  expect_refused("terms out of order",
                 [](Learned& l) { std::swap(l.proven[0].objective[0], l.proven[0].objective[1]); });
  expect_refused("place in a row", [](Learned& l) { l.proven[0].rows[0].terms[0].place = 100; });
  expect_refused("zero coefficient", [](Learned& l) { l.proven[0].rows[0].terms[0].coefficient = 0; });
  expect_refused("crossing row", [](Learned& l) { l.proven[0].rows[1].upper = -3; });
  expect_refused("bound of no number", [](Learned& l) { l.proven[0].bound = NAN; });
  expect_refused("infinite bound", [](Learned& l) { l.proven[0].bound = -infinity; });
  expect_refused("long point", [](Learned& l) { l.points[0] = Vector::Zero(7); });
  expect_refused("negative count", [](Learned& l) { l.networked = -5; });
  expect_refused("unit", [](Learned& l) { l.costs[0].unit = -1; });
  expect_refused("trials", [](Learned& l) { l.costs[0].count = 0; });
  expect_refused("gain", [](Learned& l) { l.costs[0].gain = -1; });
  expect_refused("large gain", [](Learned& l) { l.costs[0].gain = 1e60; });
  expect_refused("way", [](Learned& l) { l.way = static_cast<Way>(5); });
  expect_refused("nodes", [](Learned& l) { l.nodes = -1; });
}

// Bytes that somebody has changed and given the right checksum: refused, or as good as any others.
TEST(LearnedBytes, ChangedContentsDoNoHarm) {
  const model::Problem problem = problem_with_price();
  const std::string bytes = encode(sample());
  const std::size_t first = bytes.find('\n') + 1, second = bytes.find('\n', first) + 1;
  const std::size_t body = bytes.find('\n', second) + 1;
  int refused = 0, accepted = 0;
  const auto read = [&](const std::string& changed) {
    const std::string head = bytes.substr(0, second);
    try {
      Learned learned = decode_learned(head + hash_of(head + changed) + "\n" + changed, "f");
      take_up(learned, problem);
      const Known now = known(learned, problem);
      for (const Vector& point : now.points) EXPECT_TRUE(point.allFinite());
      EXPECT_TRUE(!now.bound || std::isfinite(*now.bound));
      EXPECT_NO_THROW(decode_learned(encode(learned), "f"));
      ++accepted;
    } catch (const InputError&) {
      ++refused;
    }
  };
  const std::string good = bytes.substr(body);
  read(good);
  ASSERT_EQ(accepted, 1);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int value : {0, 1, 5, 127, 128, 255}) {
      std::string changed = good;
      changed[i] = static_cast<char>(value);
      read(changed);
    }
    read(good.substr(0, i));
    read(good.substr(0, i) + good.substr(i + 1));
  }
  EXPECT_GT(refused, 500);
  EXPECT_GT(accepted, 500);
}

class LearnedFile : public testing::Test {
 protected:
  const std::string m_file = testing::TempDir() + "learned_" + std::to_string(getpid());
  void SetUp() override { std::filesystem::remove(m_file); }
  void TearDown() override { std::filesystem::remove(m_file); }
};

TEST_F(LearnedFile, IsReadWhereItIsThereAndBelongs) {
  EXPECT_TRUE(read_learned(m_file).networks.empty());
  write_learned(sample(), m_file);
  Learned learned = read_learned(m_file);
  EXPECT_EQ(learned.nodes, 17);
  EXPECT_NO_THROW(take_up(learned, problem_with_price()));
  EXPECT_THAT([&] { take_up(learned, random_problem(1)); },
              ThrowsMessage<InputError>(HasSubstr(m_file + ": was learned from other networks")));
  write_file(m_file, "nothing of the kind");
  EXPECT_THROW(read_learned(m_file), InputError);
  EXPECT_THROW(read_learned(testing::TempDir() + "no/such/folder"), InputError);
}

// The pseudo-costs of a search are those of the same units in the next one, although other units are folded away.
TEST(LearnedCosts, MakeTheNextTreesSmaller) {
  std::int64_t fresh_nodes = 0, nodes = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const OverBox question = random_over_box(seed, {8, 40, 40, 1}, 0.4);
    model::Problem problem = model::over_box(question.network, question.box, question.objective, question.sense);
    Learned learned;
    Continuation continuation;
    continuation.learned = &learned;
    const model::SolveSettings settings = native_settings();
    const model::SolveResult first = solve(problem, settings, {}, {}, nullptr, continuation, Method::cut);
    ASSERT_EQ(first.status, Status::optimal);
    EXPECT_EQ(learned.way, Way::cut);
    EXPECT_EQ(learned.nodes, first.nodes);
    for (model::Variable& variable : problem.variables) {
      variable.lower *= 1.02;
      variable.upper *= 1.02;
    }
    const model::SolveResult fresh = solve(problem, settings, {}, {}, nullptr, {}, Method::cut);
    const model::SolveResult again = solve(problem, settings, {}, {}, nullptr, continuation, Method::cut);
    ASSERT_EQ(again.status, Status::optimal);
    EXPECT_NEAR(again.objective.value(), fresh.objective.value(), 1e-3 * std::abs(*fresh.objective));
    fresh_nodes += fresh.nodes;
    nodes += again.nodes;
  }
  EXPECT_GT(fresh_nodes, 1000);
  EXPECT_LT(nodes, 0.85 * static_cast<double>(fresh_nodes));
}

}  // namespace
}  // namespace secateur::search
