#include "data/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace pare {
namespace {

std::string trimmed(std::string_view cell) {
  const size_t begin = cell.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return std::string(cell.substr(begin, cell.find_last_not_of(" \t\r") + 1 - begin));
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  size_t line() const { return line_; }

  // The cells of the next line; a quoted cell may span lines.
  Expected<std::vector<std::string>> row() {
    std::vector<std::string> cells;
    ++line_;
    for (;;) {
      PARE_ASSIGN(std::string next, cell());
      cells.push_back(std::move(next));
      if (at_end()) return cells;
      if (text_[at_++] == '\n') return cells;
    }
  }

 private:
  // Stops in front of a comma or line end.
  Expected<std::string> cell() {
    const size_t first = text_.find_first_not_of(" \t", at_);
    if (first == std::string_view::npos || text_[first] != '"') {
      const size_t end = std::min(text_.find_first_of(",\n", at_), text_.size());
      std::string plain = trimmed(text_.substr(at_, end - at_));
      at_ = end;
      return plain;
    }
    std::string quoted;
    for (at_ = first + 1;; ++at_) {
      if (at_end()) return bad_input("line {}: a quote is opened and never closed", line_);
      if (text_[at_] == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
        ++at_;
      }
      line_ += text_[at_] == '\n' ? 1 : 0;
      quoted += text_[at_];
    }
    at_ = std::min(text_.find_first_of(",\n", at_), text_.size());
    return quoted;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 0;
};

}  // namespace

Expected<Table> parse_csv(std::span<const std::byte> text, bool has_header) {
  Parser parser({reinterpret_cast<const char*>(text.data()), text.size()});
  Table table;
  size_t wanted = 0;
  while (!parser.at_end()) {
    PARE_ASSIGN(std::vector<std::string> cells, parser.row());
    if (cells.size() == 1 && cells.front().empty()) continue;
    if (wanted == 0) wanted = cells.size();
    if (cells.size() != wanted)
      return bad_input("line {} has {} cells, the lines before have {}", parser.line(), cells.size(), wanted);
    if (has_header && table.header.empty())
      table.header = std::move(cells);
    else
      table.rows.push_back(std::move(cells));
  }
  return table;
}

Expected<size_t> find_column(const Table& table, const std::string& name_or_number) {
  const auto found = std::find(table.header.begin(), table.header.end(), name_or_number);
  if (found != table.header.end()) return static_cast<size_t>(found - table.header.begin());
  const std::optional<int64_t> number = parse_integer(name_or_number);
  if (number && *number >= 0 && static_cast<size_t>(*number) < table.columns()) return static_cast<size_t>(*number);
  if (table.header.empty())
    return bad_input("there is no column {}; the table has {} columns, counted from 0, and no header", name_or_number,
                     table.columns());
  return bad_input("there is no column '{}'; the table has: {}", name_or_number, fmt::join(table.header, ", "));
}

std::optional<float> parse_number(std::string_view cell) {
  float value = 0;
  const auto [end, status] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (status != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<int64_t> parse_integer(std::string_view cell) {
  int64_t value = 0;
  const auto [end, status] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (status != std::errc() || end != cell.data() + cell.size()) return std::nullopt;
  return value;
}

}  // namespace pare
