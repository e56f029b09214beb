#include "formats/tflite/operator_names.h"

#include <algorithm>
#include <unordered_map>

namespace pare::tflite {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string our_name(const std::string& tflite) {
  return tflite == "STABLEHLO_COMPOSITE" ? "composite" : lower(tflite);
}

}  // namespace

Expected<OperatorName> operator_name(const schema::Model& model, uint32_t code) {
  const auto* codes = model.operator_codes();
  if (codes == nullptr || code >= codes->size())
    return bad_input("operator code {} of a file with {}", code, codes == nullptr ? 0 : codes->size());
  const schema::OperatorCode& record = *codes->Get(code);
  // Older files have only the 8-bit field; newer ones put 127 there for operators that do not fit.
  const int number = std::max<int>(static_cast<int>(record.builtin_code()), record.deprecated_builtin_code());
  const auto builtin = static_cast<schema::BuiltinOperator>(number);
  if (builtin == schema::BuiltinOperator::CUSTOM)
    return unsupported("the custom operator '{}'; Pare reads built-in operators only",
                       record.custom_code() == nullptr ? "" : record.custom_code()->str());
  std::string name = schema::EnumNameBuiltinOperator(builtin);
  if (name.empty()) return unsupported("operator number {} is newer than Pare", number);
  std::string ours = our_name(name);
  return OperatorName{std::move(name), std::move(ours)};
}

Expected<schema::BuiltinOperator> builtin_operator(const OpDef& op) {
  static const std::unordered_map<std::string, schema::BuiltinOperator> by_name = [] {
    std::unordered_map<std::string, schema::BuiltinOperator> table;
    for (const schema::BuiltinOperator builtin : schema::EnumValuesBuiltinOperator())
      table.emplace(our_name(schema::EnumNameBuiltinOperator(builtin)), builtin);
    return table;
  }();
  const auto found = by_name.find(std::string(op.name));
  if (found == by_name.end())
    return unsupported("TFLite has no operator {}; it must be expressed by others first", op.name);
  return found->second;
}

}  // namespace pare::tflite
