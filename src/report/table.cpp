#include "report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <numeric>

#include "base/check.h"

namespace pare {
namespace {

// Columns that a text takes: bytes that do not continue a UTF-8 sequence.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// The beginning and the end of a text, `mark` between them: `width` columns in all.
std::string without_middle(const std::string& text, size_t width, const std::string& mark) {
  std::vector<size_t> begins;  // of the characters
  for (size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) begins.push_back(i);
  const size_t kept = width - width_of(mark), back = kept / 2, front = kept - back;
  return text.substr(0, begins[front]) + mark + text.substr(begins[begins.size() - back]);
}

// Cells that are wider lose their middle; where two that differ would then be alike, a number in the gap tells them apart.
void shorten(std::vector<std::vector<std::string>>& rows, size_t column, size_t width) {
  std::map<std::string, std::string> whole;  // by the shortened form
  for (auto& cells : rows) {
    const std::string cell = cells[column];
    if (width_of(cell) <= width) continue;
    std::string mark = "\u2026";
    for (int twin = 2;; ++twin) {
      cells[column] = without_middle(cell, width, mark);
      if (const auto [place, fresh] = whole.try_emplace(cells[column], cell); fresh || place->second == cell) break;
      mark = fmt::format("\u2026{}\u2026", twin);
    }
  }
}

std::string scaled(double value, const char* unit) {
  static constexpr std::array<const char*, 5> prefixes{"", "k", "M", "G", "T"};
  size_t prefix = 0;
  for (; value >= 999.95 && prefix + 1 < prefixes.size(); ++prefix) value /= 1000;
  const std::string suffix = fmt::format("{}{}", prefixes[prefix], unit);
  const std::string number = prefix == 0 ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value);
  return suffix.empty() ? number : number + " " + suffix;
}

}  // namespace

Table::Table(std::vector<std::string> headings) : headings_(std::move(headings)) {
  for (std::string& heading : headings_) {
    right_.push_back(heading.starts_with('>'));
    shortened_.push_back(heading.starts_with('~'));
    if (right_.back() || shortened_.back()) heading.erase(0, 1);
  }
}

void Table::row(std::vector<std::string> cells) {
  PARE_CHECK(cells.size() == headings_.size(), "{} cells for {} columns", cells.size(), headings_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::line(const std::vector<std::string>& cells, const std::vector<size_t>& widths) const {
  std::string text;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string blanks(widths[i] - width_of(cells[i]), ' ');
    text += (i > 0 ? "  " : "") + (right_[i] ? blanks + cells[i] : cells[i] + blanks);
  }
  while (text.ends_with(' ')) text.pop_back();
  return text + "\n";
}

// The widest of the columns that may be shortened give way, down to a width at which names still say something.
std::vector<size_t> Table::widths(size_t most_columns) const {
  constexpr size_t kNarrowest = 24, kGap = 2;
  std::vector<size_t> widths;
  size_t total = 0;
  for (size_t i = 0; i < headings_.size(); ++i) {
    widths.push_back(width_of(headings_[i]));
    for (const auto& cells : rows_) widths.back() = std::max(widths.back(), width_of(cells[i]));
    total += widths.back() + (i > 0 ? kGap : 0);
  }
  for (; total > most_columns; --total) {
    size_t* widest = nullptr;
    for (size_t i = 0; i < widths.size(); ++i)
      if (shortened_[i] && widths[i] > kNarrowest && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
    if (widest == nullptr) break;
    --*widest;
  }
  return widths;
}

std::string Table::text(size_t most_columns) const {
  const std::vector<size_t> columns = widths(most_columns);
  std::vector<std::vector<std::string>> rows = rows_;
  for (size_t i = 0; i < columns.size(); ++i) shorten(rows, i, columns[i]);
  const size_t gaps = 2 * (columns.size() - 1);
  std::string text =
      line(headings_, columns) + std::string(std::accumulate(columns.begin(), columns.end(), gaps), '-') + "\n";
  for (const auto& cells : rows) text += line(cells, columns);
  return text;
}

std::string Table::markdown() const {
  std::string text = "|", rule = "|";
  for (size_t i = 0; i < headings_.size(); ++i) {
    text += " " + headings_[i] + " |";
    rule += right_[i] ? " ---: |" : " --- |";
  }
  text += "\n" + rule + "\n";
  for (const auto& cells : rows_) {
    text += "|";
    for (std::string cell : cells) {
      for (size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2) cell.insert(at, 1, '\\');
      text += " " + cell + " |";
    }
    text += "\n";
  }
  return text;
}

std::string human_bytes(int64_t bytes) { return scaled(static_cast<double>(bytes), "B"); }
std::string human_count(int64_t count) { return scaled(static_cast<double>(count), ""); }

std::string with_commas(int64_t count) {
  std::string digits = std::to_string(count);
  const size_t sign = digits.starts_with('-') ? 1 : 0;
  for (size_t at = digits.size(); at > sign + 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string percent(double fraction, int decimals) { return fmt::format("{:.{}f} %", fraction * 100, decimals); }

}  // namespace pare
