// SPDX-License-Identifier: Apache-2.0
#include "secateur/nn/nnet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/nn/onnx_refusal.hpp"

namespace secateur::nn {

namespace {

constexpr std::int64_t most_layers = 10'000;
constexpr std::int64_t most_units = 1'048'576;

std::string count_of(std::int64_t count, const std::string& what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Lines of numbers separated by commas, with or without a comma behind the last one.
class Reader {
 public:
  Reader(std::string_view bytes, const std::string& name) : m_rest(bytes), m_name(name) {}

  /// The file begins with lines that begin with //.
  void skip_header() {
    while (trim(m_rest.substr(0, m_rest.find('\n'))).starts_with("//")) next_line("the sizes");
  }

  /// The next line, which is `what`: "row 2 of the weights of layer 1".
  std::vector<double> numbers(const std::string& what) {
    std::string_view line = next_line(what);
    if (line.ends_with(',')) line.remove_suffix(1);
    std::vector<double> values;
    while (true) {
      const std::size_t comma = line.find(',');
      values.push_back(number(trim(line.substr(0, comma)), what));
      if (comma == std::string_view::npos) return values;
      line.remove_prefix(comma + 1);
    }
  }
  /// The same with `count` numbers.
  std::vector<double> numbers(std::int64_t count, const std::string& what) {
    std::vector<double> values = numbers(what);
    if (static_cast<std::int64_t>(values.size()) != count) {
      fail(fmt::format("{} in {}; there have to be {}", count_of(static_cast<std::int64_t>(values.size()), "number"),
                       what, count));
    }
    return values;
  }
  /// The same where every number is an integer from `least` to `most`.
  std::vector<std::int64_t> integers(std::int64_t count, std::int64_t least, std::int64_t most,
                                     const std::string& what) {
    std::vector<std::int64_t> result;
    for (const double value : numbers(count, what)) {
      if (value != std::floor(value) || value < static_cast<double>(least) || value > static_cast<double>(most)) {
        fail(fmt::format("found {} in {}; allowed: integers from {} to {}", value, what, least, most));
      }
      result.push_back(static_cast<std::int64_t>(value));
    }
    return result;
  }

  /// Nothing but blank lines may follow.
  void finish() {
    while (!m_rest.empty()) {
      if (!next_line("").empty())
        fail("found more lines than the layers need: the sizes say that the file ends before this one");
    }
  }

  /// About the line that was read last.
  [[noreturn]] void fail(const std::string& message) const {
    throw InputError(message, m_name, "line " + std::to_string(m_line));
  }
  [[nodiscard]] std::size_t bytes_left() const { return m_rest.size(); }

 private:
  std::string_view next_line(const std::string& what) {
    if (m_rest.empty()) {
      throw InputError(m_line == 0 ? "is empty; a network in .nnet format is expected"
                                   : fmt::format("ends after line {}, where {} would follow", m_line, what),
                       m_name);
    }
    ++m_line;
    const std::size_t end = m_rest.find('\n');
    const std::string_view line = trim(m_rest.substr(0, end));
    m_rest.remove_prefix(end == std::string_view::npos ? m_rest.size() : end + 1);
    return line;
  }

  double number(std::string_view text, const std::string& what) const {
    std::string_view digits = text;
    if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
    double value = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (code != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value)) {
      fail(fmt::format("found {} in {}, where a finite number has to stand", detail::quote(text, 40), what));
    }
    return value;
  }

  std::string_view m_rest;
  const std::string& m_name;
  std::int64_t m_line = 0;
};

/// What stands before the weights.
struct Header {
  std::vector<std::int64_t> sizes;  ///< units of the inputs and of each layer
  Box box;
  Vector mean, range;  ///< of the inputs
  double output_mean = 0, output_range = 1;

  [[nodiscard]] std::int64_t inputs() const { return sizes.front(); }
  [[nodiscard]] std::int64_t outputs() const { return sizes.back(); }
};

Vector first(const std::vector<double>& values, Index count) { return Eigen::Map<const Vector>(values.data(), count); }

void read_sizes(Reader& reader, Header& header) {
  const auto counts = reader.integers(4, 1, most_units, "the numbers of layers, inputs, outputs and the largest layer");
  if (counts[0] > most_layers) reader.fail(fmt::format("{} layers; at most {} are read", counts[0], most_layers));
  header.sizes = reader.integers(counts[0] + 1, 1, most_units, "the sizes of the inputs and the layers");
  if (header.inputs() != counts[1] || header.outputs() != counts[2]) {
    reader.fail(fmt::format("the sizes begin with {} inputs and end with {} outputs; the line before says {} and {}",
                            header.inputs(), header.outputs(), counts[1], counts[2]));
  }
  // The evaluation of a symmetric network turns some inputs' signs and exchanges outputs.
  if (reader.integers(1, 0, 1, "the symmetry flag").front() == 1) {
    reader.fail("the network is marked symmetric (1), which is not supported; supported is 0");
  }
}

/// The lines may have numbers for further inputs, which the network does not read, between its own and the output's:
/// the published ACAS Xu files do. They have to agree on how many.
void read_scaling(Reader& reader, Header& header) {
  const std::int64_t inputs = header.inputs();
  const std::vector<double> lower = reader.numbers("the minima of the inputs");
  const auto listed = static_cast<std::int64_t>(lower.size());
  if (listed < inputs) {
    reader.fail(fmt::format("{} in the minima of the inputs; there have to be {}", count_of(listed, "number"), inputs));
  }
  const std::vector<double> upper = reader.numbers(listed, "the maxima of the inputs");
  header.box = {first(lower, inputs), first(upper, inputs)};
  for (Index i = 0; i < inputs; ++i) {
    if (header.box.lower(i) > header.box.upper(i)) {
      reader.fail(fmt::format("input {} has minimum {} > maximum {}", i, header.box.lower(i), header.box.upper(i)));
    }
  }
  const std::vector<double> means = reader.numbers(listed + 1, "the means of the inputs and the outputs");
  const std::vector<double> ranges = reader.numbers(listed + 1, "the ranges of the inputs and the outputs");
  header.mean = first(means, inputs);
  header.range = first(ranges, inputs);
  header.output_mean = means.back();
  header.output_range = ranges.back();
  for (Index i = 0; i < inputs; ++i) {
    if (header.range(i) == 0) reader.fail(fmt::format("input {} has range 0, by which it would be divided", i));
  }
}

Dense read_dense(Reader& reader, std::size_t layer, Index inputs, Index outputs) {
  // Each number takes a digit and what ends it: a small file cannot ask for much memory.
  const auto numbers = static_cast<double>(outputs) * (static_cast<double>(inputs) + 1);
  if (2 * numbers > static_cast<double>(reader.bytes_left()) + 1) {
    reader.fail(fmt::format("layer {} has {:.0f} numbers, but the file ends before", layer, numbers));
  }
  Dense dense{Matrix(outputs, inputs), Vector(outputs)};
  for (Index i = 0; i < outputs; ++i) {
    const auto row = reader.numbers(inputs, fmt::format("row {} of the weights of layer {}", i + 1, layer));
    dense.weight.row(i) = first(row, inputs).transpose();
  }
  for (Index i = 0; i < outputs; ++i) {
    dense.bias(i) = reader.numbers(1, fmt::format("bias {} of layer {}", i + 1, layer)).front();
  }
  return dense;
}

}  // namespace

Network read_nnet_bytes(std::string_view bytes, const std::string& name) {
  Reader reader(bytes, name);
  reader.skip_header();
  Header header;
  read_sizes(reader, header);
  read_scaling(reader, header);

  Network network;
  network.precision = Precision::float64;
  network.input_names = default_names("x", header.inputs());
  network.output_names = default_names("y", header.outputs());
  network.layers.emplace_back(Elementwise{ElementwiseOp::subtract, header.mean});
  network.layers.emplace_back(Elementwise{ElementwiseOp::divide, header.range});
  for (std::size_t k = 1; k < header.sizes.size(); ++k) {
    if (k > 1) network.layers.emplace_back(Relu{});
    network.layers.emplace_back(read_dense(reader, k, header.sizes[k - 1], header.sizes[k]));
  }
  network.layers.emplace_back(
      Elementwise{ElementwiseOp::multiply, Vector::Constant(header.outputs(), header.output_range)});
  network.layers.emplace_back(Elementwise{ElementwiseOp::add, Vector::Constant(header.outputs(), header.output_mean)});
  network.box = std::move(header.box);
  reader.finish();
  check(network);
  return network;
}

Network read_nnet(const std::filesystem::path& path) { return read_nnet_bytes(read_file(path), path.string()); }

}  // namespace secateur::nn
