#include "ir/diff.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace pare {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

// Lengths of the longest common subsequences of all suffixes: entry (i, j) for before[i..] and after[j..].
class CommonLengths {
 public:
  CommonLengths(const std::vector<std::string_view>& before, const std::vector<std::string_view>& after)
      : width_(after.size() + 1), lengths_((before.size() + 1) * width_, 0) {
    for (size_t i = before.size(); i-- > 0;)
      for (size_t j = after.size(); j-- > 0;)
        lengths_[i * width_ + j] = before[i] == after[j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
  }
  int at(size_t i, size_t j) const { return lengths_[i * width_ + j]; }

 private:
  size_t width_;
  std::vector<int> lengths_;
};

std::string constants_with_other_data(const Graph& before, const Graph& after, const PrintOptions& options) {
  std::string text;
  for (const auto& value : before.values()) {
    if (!value->is_constant() || value->data->elements() <= options.max_elements) continue;
    const Value* twin = after.find_value(value->name);
    if (twin != nullptr && twin->is_constant() && twin->type == value->type && !(*twin->data == *value->data))
      text += fmt::format("~ constant '{}' has other data\n", value->name);
  }
  return text;
}

}  // namespace

std::string diff(const Graph& before, const Graph& after, const PrintOptions& options) {
  const std::string before_text = print(before, options), after_text = print(after, options);
  if (before_text == after_text) return constants_with_other_data(before, after, options);
  const auto old_lines = lines_of(before_text), new_lines = lines_of(after_text);
  const CommonLengths common(old_lines, new_lines);
  std::string text;
  size_t i = 0, j = 0;
  while (i < old_lines.size() || j < new_lines.size()) {
    if (i < old_lines.size() && j < new_lines.size() && old_lines[i] == new_lines[j]) {
      ++i;
      ++j;
    } else if (j == new_lines.size() || (i < old_lines.size() && common.at(i + 1, j) >= common.at(i, j + 1))) {
      text += fmt::format("- {}\n", old_lines[i++]);
    } else {
      text += fmt::format("+ {}\n", new_lines[j++]);
    }
  }
  return text + constants_with_other_data(before, after, options);
}

}  // namespace pare
