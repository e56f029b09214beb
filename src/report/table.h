// Tables for terminals: columns as wide as their widest cell, numbers to the right, long names shortened.
#pragma once

#include <string>
#include <vector>

namespace pare {

class Table {
 public:
  // A heading that begins with '>' makes its column right-aligned, one with '~' lets its cells lose their middle where the lines get
  // too long: Table({"~name", ">size"}).
  explicit Table(std::vector<std::string> headings);

  void row(std::vector<std::string> cells);  // as many cells as headings
  bool empty() const { return rows_.empty(); }

  // With a rule below the headings; each line ends in a newline. Cells that differ still do where they are shortened.
  std::string text(size_t most_columns = 120) const;
  std::string markdown() const;

 private:
  std::vector<size_t> widths(size_t most_columns) const;
  std::string line(const std::vector<std::string>& cells, const std::vector<size_t>& widths) const;

  std::vector<std::string> headings_;
  std::vector<bool> right_, shortened_;
  std::vector<std::vector<std::string>> rows_;
};

// Numbers as people read them.
std::string human_bytes(int64_t bytes);                  // "96.5 kB" (1 kB = 1,000 bytes)
std::string human_count(int64_t count);                  // "12.5 M"
std::string with_commas(int64_t count);                  // "1,234,567"
std::string percent(double fraction, int decimals = 2);  // "98.75 %"

}  // namespace pare
