// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "command.hpp"
#include "output.hpp"
#include "secateur/core/error.hpp"
#include "secateur/data/table.hpp"
#include "secateur/nn/evaluate.hpp"
#include "secateur/nn/read.hpp"

namespace secateur::app {

namespace {

class Eval : public Command {
 public:
  Eval()
      : Command("eval", "the network's outputs at given points",
                "secateur eval net.onnx --at 0.1,0.2\n  secateur eval net.onnx --at points.csv --json") {}

  void declare(Options& options) override {
    options.positional("NET.onnx", m_file, "the network, an ONNX or .nnet file");
    options
        .add("at", m_at,
             "one point, 0.1,0.2, or a CSV file with a header and one column an input, in the network's order (values "
             "of "
             "an input of higher rank in row-major order)")
        .metavar("POINT|FILE.csv")
        .required();
  }

  int run(const Context& context) override {
    const nn::Network network = nn::read_network(m_file);
    const Matrix points = read_points(network, context.reporter);
    const Matrix outputs = nn::evaluate_native(network, points);
    if (context.json) {
      Json rows = Json::array();
      for (const auto& row : outputs.rowwise()) rows.push_back(to_json(Vector(row)));
      print_json({{"y", rows}});
      return 0;
    }
    print(text(network, points, outputs));
    return 0;
  }

 private:
  [[nodiscard]] Matrix read_points(const nn::Network& network, Reporter& reporter) const {
    std::error_code code;
    const bool is_file = std::filesystem::exists(m_at, code) || std::filesystem::path(m_at).extension() == ".csv";
    if (is_file) return read_table(network, reporter);
    std::vector<std::string> parts = split_list(m_at, "--at");
    if (static_cast<Index>(parts.size()) != network.inputs()) refuse_count("number", parts.size(), network, {});
    Matrix point(1, network.inputs());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const double value = parse_double(parts[i], "--at");
      if (std::isinf(value)) throw InputError("an input must be finite", {}, "--at");
      point(0, static_cast<Index>(i)) = value;
    }
    return point;
  }

  [[nodiscard]] Matrix read_table(const nn::Network& network, Reporter& reporter) const {
    const data::Table table = data::read_csv(m_at);
    if (table.values.cols() != network.inputs()) refuse_count("column", table.columns.size(), network, m_at);
    if (table.columns != network.input_names &&
        std::is_permutation(table.columns.begin(), table.columns.end(), network.input_names.begin(),
                            network.input_names.end())) {
      reporter.warn(
          fmt::format("{}: columns are taken in order, but theirs ({}) is not that of the network's inputs ({})", m_at,
                      join(table.columns), join(network.input_names)));
    }
    return table.values;
  }

  [[noreturn]] static void refuse_count(const std::string& what, std::size_t found, const nn::Network& network,
                                        const std::string& file) {
    throw InputError(fmt::format("{}; the network has {}", count_of(found, what),
                                 count_of(static_cast<std::size_t>(network.inputs()), "input")),
                     file, "--at");
  }

  static std::string text(const nn::Network& network, const Matrix& points, const Matrix& outputs) {
    std::vector<std::vector<std::string>> rows;
    if (outputs.rows() == 1) {
      for (Index i = 0; i < outputs.cols(); ++i) {
        rows.push_back({network.output_names[static_cast<std::size_t>(i)], exact(network, outputs(0, i))});
      }
      return table(rows);
    }
    std::vector<std::string> header = network.input_names;
    header.insert(header.end(), network.output_names.begin(), network.output_names.end());
    rows.push_back(header);
    for (Index r = 0; r < outputs.rows(); ++r) {
      std::vector<std::string>& row = rows.emplace_back();
      for (const double value : points.row(r)) row.push_back(number(value));
      for (const double value : outputs.row(r)) row.push_back(exact(network, value));
    }
    return table(rows);
  }

  /// Every digit that the network's precision has.
  static std::string exact(const nn::Network& network, double value) {
    return network.precision == nn::Precision::float32 ? fmt::format("{}", static_cast<float>(value))
                                                       : fmt::format("{}", value);
  }

  std::string m_file, m_at;
};

}  // namespace

std::unique_ptr<Command> make_eval() { return std::make_unique<Eval>(); }

}  // namespace secateur::app
