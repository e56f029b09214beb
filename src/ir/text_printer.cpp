#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "ir/text.h"

namespace pare {
namespace {

bool is_plain(std::string_view name) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '/' || c == ':' || c == '-';
  };
  // A trailing colon would run into the one that follows the name of an input.
  return !name.empty() && std::all_of(name.begin(), name.end(), plain) && name.back() != ':';
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

std::string name_of(const Value* value) {
  if (value == nullptr) return "none";
  return "%" + (is_plain(value->name) ? value->name : quoted(value->name));
}

std::string names_of(const std::vector<Value*>& values) {
  std::vector<std::string> names;
  std::transform(values.begin(), values.end(), std::back_inserter(names), name_of);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string elements_of(const Tensor& tensor, const PrintOptions& options) {
  if (tensor.elements() > options.max_elements || tensor.dtype() == DType::String) return "...";
  if (is_float(tensor.dtype())) return fmt::format("{}", fmt::join(to_floats(tensor), ", "));
  return fmt::format("{}", fmt::join(to_int64(tensor), ", "));
}

// Text values that could be taken for something else are quoted.
std::string attribute_text(const AttributeValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return to_string(value);
  const bool word = is_plain(*text) && std::isalpha(static_cast<unsigned char>(text->front())) != 0 &&
                    *text != "true" && *text != "false" && *text != "inf" && *text != "nan";
  return word ? *text : quoted(*text);
}

// Attributes that differ from the operator's defaults.
std::string attributes_of(const Node& node) {
  const auto defaults = node.op().attributes.fields();
  const auto fields = node.attributes.fields();
  std::vector<std::string> parts;
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto& [field, value] = fields[i];
    if (value == defaults.at(i).second) continue;
    parts.push_back(fmt::format("{} = {}", field, attribute_text(value)));
  }
  return parts.empty() ? "" : fmt::format(" {{{}}}", fmt::join(parts, ", "));
}

std::string line_of(const Node& node) {
  std::vector<std::string> types;
  for (const Value* result : node.results) types.push_back(to_string(result->type));
  return fmt::format("  {} = {}({}){} : {}\n", names_of(node.results), node.op().name, names_of(node.operands),
                     attributes_of(node), fmt::join(types, ", "));
}

}  // namespace

std::string print(const Graph& graph, const PrintOptions& options) {
  std::vector<std::string> inputs;
  for (const Value* input : graph.inputs)
    inputs.push_back(fmt::format("{}: {}", name_of(input), to_string(input->type)));
  std::string text = fmt::format("graph {} ({}) {{\n", quoted(graph.name), fmt::join(inputs, ", "));
  for (const auto& value : graph.values()) {
    if (value->is_variable && !value->is_constant())
      text += fmt::format("  {} = variable {}\n", name_of(value.get()), to_string(value->type));
    else if (value->is_constant())
      text += fmt::format("  {} = {} {} ({})\n", name_of(value.get()), value->is_variable ? "variable" : "constant",
                          to_string(value->type), elements_of(*value->data, options));
  }
  for (const auto& node : graph.nodes()) text += line_of(*node);
  return text + fmt::format("  return {}\n}}\n", names_of(graph.outputs));
}

}  // namespace pare
