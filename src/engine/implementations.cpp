#include <string>
#include <unordered_map>

#include "engine/kernel.h"

namespace pare {

#define PARE_OP(name) ImplementationList exec_##name();
#include "ops/all_ops.inc"
#undef PARE_OP

const ImplementationList& implementations(std::string_view op_name) {
  static const std::unordered_map<std::string, ImplementationList> table = {
#define PARE_OP(name) {#name, exec_##name()},
#include "ops/all_ops.inc"
#undef PARE_OP
  };
  static const ImplementationList none;
  const auto found = table.find(std::string(op_name));
  return found == table.end() ? none : found->second;
}

}  // namespace pare
