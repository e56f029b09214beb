// Reads the tables of a TOML file key by key, with types checked and unknown keys reported.
#pragma once

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/dtype.h"
#include "base/error.h"
#include "ir/attributes.h"

namespace pare {

// Reads the keys of one table; what nobody asked for is reported at the end.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  bool has(std::string_view key) const { return table_.contains(key); }

  template <class T>
  Expected<void> read(std::string_view key, T& out) {
    known_.emplace_back(key);
    const toml::node* node = table_.get(key);
    return node == nullptr ? Expected<void>{} : convert(*node, key, out);
  }

  // A table inside; null when it is missing.
  Expected<const toml::table*> table(std::string_view key) {
    known_.emplace_back(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) return wrong(key, "a table");
    return node->as_table();
  }

  Expected<void> finish() const {
    for (const auto& [key, node] : table_)
      if (std::find(known_.begin(), known_.end(), key.str()) == known_.end())
        return bad_input("unknown key '{}' in {}; known are: {}", key.str(), where_, fmt::join(known_, ", "));
    return {};
  }

 private:
  Failure wrong(std::string_view key, std::string_view wanted) const {
    return bad_input("'{}' in {} must be {}", key, where_, wanted);
  }

  Expected<void> convert(const toml::node& node, std::string_view key, bool& out) const {
    if (!node.is_boolean()) return wrong(key, "true or false");
    out = node.as_boolean()->get();
    return {};
  }
  Expected<void> convert(const toml::node& node, std::string_view key, int64_t& out) const {
    if (!node.is_integer()) return wrong(key, "an integer");
    out = node.as_integer()->get();
    return {};
  }
  Expected<void> convert(const toml::node& node, std::string_view key, double& out) const {
    const std::optional<double> number = node.value<double>();
    if (!node.is_number() || !number || !std::isfinite(*number)) return wrong(key, "a number");
    out = *number;
    return {};
  }
  Expected<void> convert(const toml::node& node, std::string_view key, float& out) const {
    double wide = 0;
    PARE_TRY(convert(node, key, wide));
    if (std::abs(wide) > std::numeric_limits<float>::max()) return wrong(key, "a number of 32 bits");
    out = static_cast<float>(wide);
    return {};
  }
  // Columns may be given by number.
  Expected<void> convert(const toml::node& node, std::string_view key, std::string& out) const {
    if (node.is_integer())
      out = std::to_string(node.as_integer()->get());
    else if (node.is_string())
      out = node.as_string()->get();
    else
      return wrong(key, "a text");
    return {};
  }
  template <NamedEnum E>
  Expected<void> convert(const toml::node& node, std::string_view key, E& out) const {
    const std::optional<E> value = node.is_string() ? parse_enum<E>(node.as_string()->get()) : std::nullopt;
    if (!value) return wrong(key, fmt::format("one of: {}", fmt::join(EnumNames<E>::names, ", ")));
    out = *value;
    return {};
  }
  Expected<void> convert(const toml::node& node, std::string_view key, DType& out) const {
    const std::optional<DType> value = node.is_string() ? parse_dtype(node.as_string()->get()) : std::nullopt;
    if (!value || bit_width(*value) < 8) return wrong(key, "an element type such as u8, i8, i16, i32, f32");
    out = *value;
    return {};
  }
  template <class T>
  Expected<void> convert(const toml::node& node, std::string_view key, std::optional<T>& out) const {
    return convert(node, key, out.emplace());
  }
  // A single value stands for a list of one.
  template <class T>
  Expected<void> convert(const toml::node& node, std::string_view key, std::vector<T>& out) const {
    out.clear();
    const toml::array* array = node.as_array();
    if (array == nullptr) return convert(node, key, out.emplace_back());
    for (const toml::node& each : *array) PARE_TRY(convert(each, key, out.emplace_back()));
    return {};
  }
  Expected<void> convert(const toml::node& node, std::string_view key, std::pair<int64_t, int64_t>& out) const {
    std::vector<int64_t> ends;
    if (!node.is_array() || !convert(node, key, ends) || ends.size() != 2)
      return wrong(key, "[first, one past the last]");
    out = {ends[0], ends[1]};
    return {};
  }

  const toml::table& table_;
  std::string where_;
  std::vector<std::string> known_;
};

}  // namespace pare
