// Tables as text: cells separated by commas, quoted where they hold one (RFC 4180). Blanks around unquoted cells are dropped.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pare {

struct Table {
  std::vector<std::string> header;             // empty: the file has none
  std::vector<std::vector<std::string>> rows;  // all of the same length

  size_t columns() const { return rows.empty() ? header.size() : rows.front().size(); }
};

// Fails for rows of unequal length and for an open quote. Empty lines are skipped.
Expected<Table> parse_csv(std::span<const std::byte> text, bool has_header);

// A column by its name in the header or by its number, counted from 0.
Expected<size_t> find_column(const Table& table, const std::string& name_or_number);

// A cell as a finite number or as an integer, if it is one.
std::optional<float> parse_number(std::string_view cell);
std::optional<int64_t> parse_integer(std::string_view cell);

}  // namespace pare
