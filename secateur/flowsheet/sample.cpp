// SPDX-License-Identifier: Apache-2.0
#include "secateur/flowsheet/sample.hpp"

#include <algorithm>
#include <sstream>

#include "secateur/data/table.hpp"

namespace secateur::flowsheet {

std::map<std::string, Index> Sample::failures() const {
  std::map<std::string, Index> counts;
  for (const std::string& reason : reasons) ++counts[reason];
  return counts;
}

Sample sorted(std::vector<std::string> inputs, std::vector<std::string> outputs, const Matrix& points,
              std::vector<Simulation> answers) {
  Sample sample;
  const auto converged = std::count_if(answers.begin(), answers.end(), [](const Simulation& s) { return s.converged; });
  const auto failed = static_cast<Index>(answers.size()) - converged;
  sample.data.input_names = std::move(inputs);
  sample.data.output_names = std::move(outputs);
  sample.data.x.resize(converged, points.cols());
  sample.data.y.resize(converged, static_cast<Index>(sample.data.output_names.size()));
  sample.failed.resize(failed, points.cols());
  Index good = 0, bad = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto row = points.row(static_cast<Index>(i));
    if (answers[i].converged) {
      sample.data.x.row(good) = row;
      sample.data.y.row(good++) = answers[i].outputs.transpose();
    } else {
      sample.failed.row(bad++) = row;
      sample.reasons.push_back(std::move(answers[i].reason));
    }
  }
  return sample;
}

Sample simulate(const Simulator& simulator, const Matrix& points, const ProgressSink& progress, const Stop& stop) {
  std::optional<Status> stopped;
  std::vector<Simulation> answers;
  const Index rows = points.rows();
  for (Index done = 0; done < rows;) {
    stopped = stop.reason();
    if (stopped) break;
    const Index count = std::min(simulator.batch(), rows - done);
    std::vector<Simulation> batch = simulator.simulate(Matrix(points.middleRows(done, count)), stop);
    done += static_cast<Index>(batch.size());
    std::move(batch.begin(), batch.end(), std::back_inserter(answers));
    if (progress) {
      progress({"sample", static_cast<double>(done) / static_cast<double>(rows), {}, {}, {}, {}, {}, stop.seconds()});
    }
  }
  Sample sample = sorted(names(simulator.inputs()), names(simulator.outputs()), points, std::move(answers));
  sample.stopped = stopped;
  return sample;
}

std::string describe_failures(const Sample& sample) {
  if (sample.reasons.empty()) return {};
  std::string text = std::to_string(sample.reasons.size()) + " of " +
                     std::to_string(sample.data.rows() + sample.failed.rows()) + " points have no answer: ";
  bool first = true;
  for (const auto& [reason, count] : sample.failures()) {
    text.append(first ? "" : ", ").append(std::to_string(count)).append(" ").append(reason);
    first = false;
  }
  return text;
}

std::string failures_csv(const Sample& sample) {
  std::istringstream rows(data::to_csv({sample.data.input_names, sample.failed}));
  std::string line, csv;
  std::getline(rows, line);
  csv = line + ",reason\n";
  for (const std::string& reason : sample.reasons) {
    std::getline(rows, line);
    csv += line + "," + data::csv_field(reason) + "\n";
  }
  return csv;
}

}  // namespace secateur::flowsheet
