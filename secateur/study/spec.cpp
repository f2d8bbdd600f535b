// SPDX-License-Identifier: Apache-2.0
#include "secateur/study/spec.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "secateur/core/error.hpp"
#include "secateur/core/file.hpp"
#include "secateur/study/settings_json.hpp"

namespace secateur::study {

namespace {

template <class T>
bool within(const std::vector<T>& list, const T& value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

class Reader {
 public:
  Reader(const std::string& file, std::string folder) : m_at(file), m_folder(std::move(folder)) {}

  Spec read(const Json& json) {
    m_at.keys(
        json, "the study", {"version", "name", "sources", "architectures", "training"},
        {"description", "pruning", "bounds", "solve", "attribution", "seeds", "threads", "memory_limit", "cell_limit"});
    if (json["version"] != 1) m_at.refuse("version", "has to be 1, found " + model::found(json["version"]));
    m_spec.name = name_of(json, "name");
    if (json.contains("description")) m_spec.description = m_at.text(json["description"], "description");
    each(json, "sources", [&](const Json& block, const std::string& where) {
      m_spec.sources.push_back(read_source(block, m_at, where, m_folder));
      if (block.contains("name")) name_of(block, where + ".name");
      declare(m_sources, m_spec.sources.back().name, where);
    });
    each(json, "architectures", [&](const Json& block, const std::string& where) {
      m_spec.architectures.push_back(architecture(block, where));
      declare(m_architectures, architecture_name(m_spec.architectures.back()), where);
    });
    read_numbers(json);
    each(json, "training", [&](const Json& block, const std::string& where) { add_training(block, where); });
    if (json.contains("pruning")) {
      each(json, "pruning", [&](const Json& block, const std::string& where) { add_pruning(block, where); });
    }
    if (json.contains("bounds")) {
      each(json, "bounds", [&](const Json& method, const std::string& where) {
        graph::BoundsMethod value{};
        read_value(method, value, m_at, where);
        if (!m_spec.bounds.empty() && within(m_spec.bounds, value)) m_at.refuse(where, "is given twice");
        m_spec.bounds.push_back(value);
      });
    }
    if (json.contains("solve")) {
      each(json, "solve", [&](const Json& block, const std::string& where) { add_solve(block, where); });
    }
    if (json.contains("attribution")) read_attribution(json["attribution"]);
    return std::move(m_spec);
  }

 private:
  template <class Read>
  void each(const Json& json, const char* key, const Read& read) const {
    const Json& list = json[key];
    if (!list.is_array() || list.empty()) {
      m_at.refuse(key, "has to be a list with at least one entry, found " + model::found(list));
    }
    for (std::size_t i = 0; i < list.size(); ++i) read(list[i], fmt::format("{}[{}]", key, i));
  }

  std::string name_of(const Json& json, const std::string& where) const {
    const std::string name = m_at.text(json["name"], where);
    const auto plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
             c == '.' || c == ' ' || c == '+';
    };
    if (name.empty() || name.size() > 60 || !std::all_of(name.begin(), name.end(), plain)) {
      m_at.refuse(where, "has to be a name of 1 to 60 letters, digits, blanks and _ - . +, found " +
                             model::found(json["name"]));
    }
    return name;
  }

  void declare(std::vector<std::string>& known, const std::string& name, const std::string& where) const {
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      m_at.refuse(where, model::in_quotes(name) + " is there twice");
    }
    known.push_back(name);
  }

  std::vector<int> architecture(const Json& json, const std::string& where) const {
    constexpr int most = 100000;
    constexpr Range<int> range{1, most};
    std::vector<int> hidden;
    if (json.is_array() && !json.empty()) {
      for (const Json& width : json) read_value(width, hidden.emplace_back(), m_at, where, range);
      return hidden;
    }
    if (json.is_string()) {
      const std::string text = json.get<std::string>();
      const char* const end = text.data() + text.size();
      int layers = 0, width = 0;
      const auto [cross, first] = std::from_chars(text.data(), end, layers);
      if (first == std::errc() && cross != end && *cross == 'x' && contains(Range<int>{1, 1000}, layers)) {
        const auto [behind, second] = std::from_chars(cross + 1, end, width);
        if (second == std::errc() && behind == end && contains(range, width)) {
          hidden.assign(static_cast<std::size_t>(layers), width);
          return hidden;
        }
      }
    }
    m_at.refuse(where, "has to be a list of widths, [50, 50], or a text like \"2x50\", found " + model::found(json));
  }

  void read_numbers(const Json& json) {
    if (json.contains("seeds")) {
      m_spec.seeds.clear();
      each(json, "seeds", [&](const Json& seed, const std::string& where) {
        std::uint64_t value = 0;
        read_value(seed, value, m_at, where);
        if (!m_spec.seeds.empty() && within(m_spec.seeds, value)) m_at.refuse(where, "is there twice");
        m_spec.seeds.push_back(value);
      });
    }
    if (json.contains("threads")) read_value(json["threads"], m_spec.threads, m_at, "threads", Range<int>{1, 1024});
    if (json.contains("memory_limit")) {
      read_value(json["memory_limit"], m_spec.memory_limit, m_at, "memory_limit", Range<double>{64, 1e9});
    }
    if (json.contains("cell_limit")) {
      read_value(json["cell_limit"], m_spec.cell_limit, m_at, "cell_limit", Range<double>{0, 1e9, true});
    }
  }

  void require_known(const std::string& name, const std::vector<std::string>& known, const std::string& where) const {
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    m_at.refuse(where, "there is no " + model::in_quotes(name) +
                           "; there are: " + (known.empty() ? "none" : model::joined(known)));
  }

  void names_of(const Json& json, const char* key, std::vector<std::string>& target,
                const std::vector<std::string>& known, const std::string& where) const {
    if (!json.contains(key)) return;
    const std::string place = where + "." + key;
    if (!json[key].is_array() || json[key].empty()) {
      m_at.refuse(place, "has to be a list of names, found " + model::found(json[key]));
    }
    for (const Json& entry : json[key]) {
      std::string name = entry.is_array() ? architecture_name(architecture(entry, place)) : m_at.text(entry, place);
      require_known(name, known, place);
      target.push_back(std::move(name));
    }
  }

  /// `level`: how many of the axes before the block there are (1: training, 2: pruning, 3: solve).
  Only only(const Json& block, const std::string& parent, int level) const {
    Only result;
    if (!block.contains("only")) return result;
    const Json& json = block["only"];
    const std::string where = parent + ".only";
    if (level == 1) m_at.keys(json, where, {}, {"sources", "architectures", "seeds"});
    if (level == 2) m_at.keys(json, where, {}, {"sources", "architectures", "seeds", "training"});
    if (level == 3) {
      m_at.keys(json, where, {}, {"sources", "architectures", "seeds", "training", "pruning", "sparsities"});
    }
    names_of(json, "sources", result.sources, m_sources, where);
    names_of(json, "architectures", result.architectures, m_architectures, where);
    names_of(json, "training", result.training, m_training, where);
    names_of(json, "pruning", result.pruning, m_pruning, where);
    for (const char* key : {"seeds", "sparsities"}) {
      if (json.contains(key) && (!json[key].is_array() || json[key].empty())) {
        m_at.refuse(where + "." + key, "has to be a list of numbers, found " + model::found(json[key]));
      }
    }
    if (json.contains("seeds")) {
      for (const Json& seed : json["seeds"]) {
        std::uint64_t value = 0;
        read_value(seed, value, m_at, where + ".seeds");
        if (!within(m_spec.seeds, value))
          m_at.refuse(where + ".seeds", fmt::format("{} is no seed of the study", value));
        result.seeds.push_back(value);
      }
    }
    if (json.contains("sparsities")) {
      for (const Json& entry : json["sparsities"]) {
        const double value = m_at.number(entry, where + ".sparsities");
        const auto has = [&](const PruningBlock& p) {
          return std::find(p.sparsities.begin(), p.sparsities.end(), value) != p.sparsities.end();
        };
        if (value != 0 && std::none_of(m_spec.pruning.begin(), m_spec.pruning.end(), has)) {
          m_at.refuse(where + ".sparsities", fmt::format("no pruning block has the sparsity {}", value));
        }
        result.sparsities.push_back(value);
      }
    }
    return result;
  }

  /// A block with a name, the keys of its settings, and `more`.
  template <class Settings>
  void block_keys(const Json& json, const std::string& where, std::initializer_list<std::string_view> without,
                  const std::vector<std::string>& required, const std::vector<std::string>& more) const {
    std::vector<std::string> allowed = json_keys<Settings>(without);
    allowed.insert(allowed.end(), more.begin(), more.end());
    allowed.insert(allowed.end(), required.begin(), required.end());
    if (!json.is_object()) m_at.refuse(where, "has to be an object, found " + model::found(json));
    for (const auto& [key, value] : json.items()) {
      if (std::find(allowed.begin(), allowed.end(), key) != allowed.end()) continue;
      m_at.refuse(where, "unknown key " + model::in_quotes(key) + "; allowed: " + model::joined(allowed));
    }
    for (const std::string& key : required) {
      if (!json.contains(key)) m_at.refuse(where, "the key \"" + key + "\" is missing");
    }
  }

  void add_training(const Json& json, const std::string& where) {
    TrainingBlock block;
    block_keys<train::TrainSettings>(json, where, {"seed", "threads"}, {"name"}, {"only"});
    block.name = name_of(json, where + ".name");
    read_settings(json, block.settings, m_at, where, {"seed", "threads"});
    block.only = only(json, where, 1);
    declare(m_training, block.name, where);
    m_spec.training.push_back(std::move(block));
  }

  void add_pruning(const Json& json, const std::string& where) {
    const std::initializer_list<std::string_view> ours{std::string_view("seed"), std::string_view("threads"),
                                                       std::string_view("sparsity"), std::string_view("tolerance")};
    PruningBlock block;
    block_keys<prune::PruneSettings>(json, where, ours, {"name", "method", "sparsities"}, {"only"});
    block.name = name_of(json, where + ".name");
    read_settings(json, block.settings, m_at, where, ours);
    const Json& list = json["sparsities"];
    if (!list.is_array() || list.empty()) {
      m_at.refuse(where + ".sparsities", "has to be a list of fractions, found " + model::found(list));
    }
    for (const Json& entry : list) {
      double value = 0;
      read_value(entry, value, m_at, where + ".sparsities", Range<double>{0, 1, true, true});
      if (!block.sparsities.empty() && within(block.sparsities, value)) {
        m_at.refuse(where + ".sparsities", fmt::format("{} is there twice", value));
      }
      block.sparsities.push_back(value);
    }
    block.only = only(json, where, 2);
    if (block.name == "dense") m_at.refuse(where + ".name", "\"dense\" is the name of the network that is not pruned");
    declare(m_pruning, block.name, where);
    m_spec.pruning.push_back(std::move(block));
  }

  void add_solve(const Json& json, const std::string& where) {
    const std::initializer_list<std::string_view> ours{std::string_view("seed"), std::string_view("threads"),
                                                       std::string_view("solutions"), std::string_view("solution-gap"),
                                                       std::string_view("solution-distance")};
    SolveBlock block;
    block_keys<model::SolveSettings>(json, where, ours, {"name"}, {"solver_options", "only"});
    block.name = name_of(json, where + ".name");
    read_settings(json, block.settings, m_at, where, ours);
    if (json.contains("solver_options")) {
      const Json& options = json["solver_options"];
      const std::string place = where + ".solver_options";
      if (!options.is_object()) m_at.refuse(place, "has to be an object, found " + model::found(options));
      for (const auto& [key, value] : options.items()) {
        if (!value.is_primitive() || value.is_null()) {
          m_at.refuse(fmt::format("{}.{}", place, key),
                      "has to be a text, a number, true or false, found " + model::found(value));
        }
        block.options.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
      }
    }
    block.only = only(json, where, 3);
    declare(m_solve, block.name, where);
    m_spec.solve.push_back(std::move(block));
  }

  /// The switches mean something only where nothing else tightens the formulation: MATH.md's four runs differ in them
  /// alone, and a run with loose constants skips the tightening.
  void read_attribution(const Json& json) {
    m_at.keys(json, "attribution", {"solve"}, {"only"});
    AttributionBlock block;
    names_of(json, "solve", block.solve, m_solve, "attribution");
    for (const std::string& name : block.solve) {
      const auto found = std::find_if(m_spec.solve.begin(), m_spec.solve.end(),
                                      [&](const SolveBlock& solve) { return solve.name == name; });
      const model::SolveSettings& s = found->settings;
      if (s.engine != model::Engine::milp || s.tighten != model::Tighten::off || s.big_m != model::BigM::tight ||
          s.binaries != model::Binaries::unstable) {
        m_at.refuse("attribution.solve",
                    model::in_quotes(name) +
                        " has to have engine milp, tighten off, big_m tight and binaries unstable: "
                        "what is attributed is the difference that the last two make");
      }
    }
    block.only = only(json, "attribution", 3);
    m_spec.attribution = std::move(block);
  }

  model::JsonPlaces m_at;
  std::string m_folder;
  Spec m_spec;
  std::vector<std::string> m_sources, m_architectures, m_training, m_pruning{"dense"}, m_solve;
};

}  // namespace

bool Only::admits(const Axes& axes) const {
  return within(sources, axes.source) && within(architectures, axes.architecture) && within(training, axes.training) &&
         within(pruning, axes.pruning) && within(sparsities, axes.sparsity) && within(seeds, axes.seed);
}

std::string architecture_name(const std::vector<int>& hidden) {
  const bool even = std::all_of(hidden.begin(), hidden.end(), [&](int width) { return width == hidden.front(); });
  if (even) return fmt::format("{}x{}", hidden.size(), hidden.front());
  std::string name;
  for (const int width : hidden) name += fmt::format("{}{}", name.empty() ? "" : "-", width);
  return name;
}

Spec parse_spec(std::string_view bytes, const std::string& file, const std::string& folder) {
  Spec spec = Reader(file, folder).read(model::parse_json(bytes, file));
  spec.text = bytes;
  return spec;
}

Spec read_spec(const std::string& file) {
  return parse_spec(read_file(file), file, std::filesystem::path(file).parent_path().string());
}

}  // namespace secateur::study
