#include <array>
#include <string>
#include <unordered_map>

#include "ir/op_def.h"

namespace pare {

#define PARE_OP(name) const OpDef& op_##name();
#include "ops/all_ops.inc"
#undef PARE_OP

std::span<const OpDef* const> all_ops() {
  static const std::array ops = {
#define PARE_OP(name) &op_##name(),
#include "ops/all_ops.inc"
#undef PARE_OP
  };
  return ops;
}

const OpDef* find_op(std::string_view name) {
  static const std::unordered_map<std::string_view, const OpDef*> by_name = [] {
    std::unordered_map<std::string_view, const OpDef*> table;
    for (const OpDef* op : all_ops()) table.emplace(op->name, op);
    return table;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

}  // namespace pare
