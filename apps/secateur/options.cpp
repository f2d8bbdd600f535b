// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

namespace secateur::app {

Options::Entry& Options::Entry::required() {
  m_required = true;
  m_option->group(required_group);
  return *this;
}

Options::Entry& Options::Entry::metavar(std::string name) {
  m_option->type_name(std::move(name));
  return *this;
}

Options::Entry& Options::declare(std::string_view name, std::string_view metavar, std::string_view description,
                                 std::function<void(const std::string&)> set) {
  auto& added = *m_entries.emplace_back(std::make_unique<Entry>());
  added.m_name = name;
  added.m_set = std::move(set);
  const auto accept = [](const CLI::results_t&) { return true; };
  // One value an occurrence, every occurrence kept: read() judges how many there may be.
  added.m_option = m_app.add_option("--" + added.m_name, CLI::callback_t(accept), std::string(description))
                       ->expected(1)
                       ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
                       ->type_name(std::string(metavar));
  return added;
}

void Options::positional(const std::string& name, std::string& target, const std::string& description) {
  auto& added = *m_entries.emplace_back(std::make_unique<Entry>());
  added.m_name = name;
  added.m_positional = added.m_required = true;
  added.m_set = [&target, name](const std::string& text) { target = parse_value<std::string>(text, name); };
  const auto accept = [](const CLI::results_t&) { return true; };
  added.m_option = m_app.add_option(name, CLI::callback_t(accept), description)->expected(1)->type_name("");
}

Options::Entry& Options::add(std::string_view name, bool& target, std::string_view description) {
  auto& added = *m_entries.emplace_back(std::make_unique<Entry>());
  const bool initial = target;
  added.m_name = initial ? "no-" + std::string(name) : std::string(name);
  added.m_flag = true;
  added.m_set = [&target, where = "--" + added.m_name, initial](const std::string& text) {
    if (text != "true" && text != "false") {
      throw InputError(fmt::format("takes no value, or true or false; found \"{}\"", text), {}, where);
    }
    target = (text == "true") != initial;
  };
  added.m_deviation = [&target, where = "--" + added.m_name, initial] { return target == initial ? "" : where; };
  const auto accept = [](const CLI::results_t&) { return true; };
  const std::string text = initial ? "switch off: " + std::string(description) : std::string(description);
  added.m_option = m_app.add_option("--" + added.m_name, CLI::callback_t(accept), text)
                       ->expected(0)
                       ->type_size(0)
                       ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return added;
}

Options::Entry& Options::add(std::string_view name, std::vector<std::string>& target, std::string_view description) {
  return declare(name, "LIST", description, [&target, where = "--" + std::string(name)](const std::string& text) {
    target = split_list(text, where);
  });
}

Options::Entry& Options::add(std::string_view name, std::vector<double>& target, std::string_view description) {
  return declare(name, "LIST", description, [&target, where = "--" + std::string(name)](const std::string& text) {
    target.clear();
    for (const std::string& part : split_list(text, where)) target.push_back(parse_double(part, where));
  });
}

Options::Entry& Options::add(std::string_view name, std::vector<int>& target, std::string_view description,
                             const Range<int>& range) {
  const std::string text = fmt::format("{} (each {})", description, to_text(range));
  return declare(name, "LIST", text, [&target, range, where = "--" + std::string(name)](const std::string& list) {
    target.clear();
    for (const std::string& part : split_list(list, where)) {
      target.push_back(parse_value<int>(part, where));
      check_range(target.back(), range, where);
    }
  });
}

Options::Entry& Options::add(std::string_view name, std::vector<std::pair<std::string, std::string>>& target,
                             std::string_view description) {
  auto& added =
      declare(name, "KEY=VALUE", description, [&target, where = "--" + std::string(name)](const std::string& text) {
        const auto equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
          throw InputError(fmt::format("expected name=value, found \"{}\"", text), {}, where);
        }
        target.emplace_back(text.substr(0, equals), text.substr(equals + 1));
      });
  added.m_repeats = added.m_setting = true;
  added.m_deviation = [&target, where = "--" + std::string(name)] {
    std::vector<std::string> texts;
    for (const auto& [key, value] : target) texts.push_back(fmt::format("{} {}={}", where, key, value));
    return fmt::format("{}", fmt::join(texts, " "));
  };
  return added;
}

const Options::Entry& Options::entry(std::string_view name) const {
  const auto found = std::find_if(m_entries.begin(), m_entries.end(), [&](const auto& e) { return e->m_name == name; });
  if (found == m_entries.end()) throw std::logic_error("no option " + std::string(name));
  return **found;
}

std::string Options::spelled(const std::string& name) const {
  const auto named = [&](const auto& e) { return !e->m_positional && e->m_name == name; };
  return std::any_of(m_entries.begin(), m_entries.end(), named) ? "--" + name : name;
}

bool Options::given(std::string_view name) const { return entry(name).m_option->count() > 0; }

void Options::refuse_unknown() const {
  const std::vector<std::string> extras = m_app.remaining();
  if (extras.empty()) return;
  const auto dashed =
      std::find_if(extras.begin(), extras.end(), [](const std::string& e) { return e.starts_with('-'); });
  if (dashed == extras.end()) {
    throw InputError(fmt::format(
        "unexpected argument \"{}\"; lists are one comma-separated value, options begin with --", extras.front()));
  }
  const std::string name = dashed->substr(0, dashed->find('='));
  std::vector<std::string> names{"help"};
  for (const auto& e : m_entries) {
    if (!e->m_positional) names.push_back(e->m_name);
  }
  const auto guess = closest(name.substr(std::min(name.find_first_not_of('-'), name.size())), names);
  throw InputError(fmt::format("unknown option{}; secateur {} --help lists all",
                               guess ? " (did you mean --" + *guess + "?)" : std::string(), m_app.get_name()),
                   {}, name);
}

void Options::refuse_swallowed() const {
  for (const auto& e : m_entries) {
    if (e->m_flag || e->m_positional) continue;
    for (const std::string& text : e->m_option->results()) {
      if (!text.starts_with("--")) continue;
      throw InputError(fmt::format("needs a value, found the option {}", text), {}, e->spelled());
    }
  }
}

void Options::read() {
  refuse_swallowed();
  refuse_unknown();
  for (const auto& e : m_entries) {
    const CLI::results_t& results = e->m_option->results();
    if (results.size() > 1 && !e->m_repeats) {
      throw InputError(fmt::format("is given {} times; allowed: once", results.size()), {}, e->spelled());
    }
    for (const std::string& text : results) {
      e->m_set(text);
    }
  }
  for (const auto& e : m_entries) {
    if (e->m_option->count() == 0) continue;
    for (const std::string& other : e->m_excludes) {
      if (given(other)) throw InputError(fmt::format("cannot be given together with --{}", other), {}, e->spelled());
    }
  }
  for (const auto& e : m_entries) {
    if (e->m_required && e->m_option->count() == 0) {
      throw InputError(fmt::format("is missing; secateur {} --help shows an example", m_app.get_name()), {},
                       e->spelled());
    }
  }
}

std::string Options::deviations() const {
  std::vector<std::string> texts;
  for (const auto& e : m_entries) {
    if (!e->m_setting || !e->m_deviation) continue;
    if (std::string text = e->m_deviation(); !text.empty()) texts.push_back(std::move(text));
  }
  return texts.empty() ? "default options" : fmt::format("{}", fmt::join(texts, " "));
}

}  // namespace secateur::app
