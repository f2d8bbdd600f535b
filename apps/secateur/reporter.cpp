// SPDX-License-Identifier: Apache-2.0
#include "reporter.hpp"

#include <sys/ioctl.h>
#include <unistd.h>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include "output.hpp"

namespace secateur::app {

namespace {

constexpr double redraw_seconds = 0.1;
constexpr double line_seconds = 5;

bool draws_in_place() {
  const char* const terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

/// What a search knows, "incumbent -6.55, bound -6.9, gap 5.3 %, 1203 nodes"; what other work says of itself.
std::string describe(const Progress& progress) {
  std::string text;
  const auto append = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (progress.incumbent) append(fmt::format("incumbent {:.6g}", *progress.incumbent));
  if (progress.bound) append(fmt::format("bound {:.6g}", *progress.bound));
  if (progress.gap) append("gap " + percent(*progress.gap));
  if (progress.nodes) append(fmt::format("{} nodes", *progress.nodes));
  if (!progress.note.empty()) append(std::string(progress.note));
  append(fmt::format("{:.1f} s", progress.seconds));
  return text;
}

std::string bar(double fraction) {
  constexpr int cells = 24;
  const int full = std::clamp(static_cast<int>(fraction * cells), 0, cells);
  return fmt::format("[{}{}] {:3.0f} %", std::string(static_cast<std::size_t>(full), '#'),
                     std::string(static_cast<std::size_t>(cells - full), '.'), 100 * fraction);
}

/// The first `width` columns of UTF-8 text, no character cut in two.
std::string shortened(const std::string& text, std::size_t width) {
  std::size_t end = 0;
  for (std::size_t used = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0) != 0x80 && used++ == width) break;
  }
  return text.substr(0, end);
}

void write_stderr(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

Reporter::Reporter() : m_terminal(draws_in_place()) {
  m_log = std::make_shared<spdlog::logger>("secateur", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  m_log->set_pattern("%^%l%$: %v");
}

Reporter::~Reporter() { clear(); }

void Reporter::announce(std::string run) {
  const std::lock_guard lock(m_mutex);
  m_announced = std::move(run);
}

void Reporter::warn(const std::string& message) {
  const std::lock_guard lock(m_mutex);
  clear();
  m_log->warn(message);
}

ProgressSink Reporter::sink() {
  return [this](const Progress& progress) { report(progress); };
}

void Reporter::finish() {
  const std::lock_guard lock(m_mutex);
  clear();
  say_announced();
}

void Reporter::report(const Progress& progress) {
  const std::lock_guard lock(m_mutex);
  say_announced();
  if (m_terminal) {
    draw(progress);
  } else if (line_is_due(progress)) {
    const std::string fraction = progress.fraction ? fmt::format("{:.0f} %, ", 100 * *progress.fraction) : "";
    write_stderr(fmt::format("{}: {}{}\n", progress.stage, fraction, describe(progress)));
  }
}

void Reporter::draw(const Progress& progress) {
  const double now = m_watch.seconds();
  if (m_last && now - *m_last < redraw_seconds && progress.stage == m_stage) return;
  m_last = now;
  m_stage = progress.stage;
  const std::string text =
      fmt::format("{:<8} {}{}", progress.stage, progress.fraction ? bar(*progress.fraction) + "  " : std::string(),
                  describe(progress));
  write_stderr("\r\033[K" + shortened(text, terminal_width() - 1));
  m_drawn = true;
}

bool Reporter::line_is_due(const Progress& progress) {
  const double now = m_watch.seconds();
  if (!m_last || progress.stage != m_stage) {
    // A new stage speaks up only once it has taken its time.
    m_last = now;
    m_stage = progress.stage;
    m_tenth = 0;
    return false;
  }
  const int tenth = progress.fraction ? static_cast<int>(10 * *progress.fraction) : 0;
  const bool due = now - *m_last >= line_seconds || (tenth > m_tenth && now - *m_last >= 1);
  if (!due) return false;
  m_last = now;
  m_tenth = tenth;
  return true;
}

void Reporter::say_announced() {
  if (m_announced.empty()) return;
  m_log->info(m_announced);
  m_announced.clear();
}

void Reporter::clear() {
  if (!m_drawn) return;
  write_stderr("\r\033[K");
  m_drawn = false;
}

}  // namespace secateur::app
