#include <string>
#include <unordered_map>

#include "engine/kernel.h"

namespace pare {

#define PARE_OP(name) ImplementationList exec_##name();
#include "ops/all_ops.inc"
#undef PARE_OP

#ifdef PARE_AVX512
#define PARE_AVX512_KERNEL(op, name) Implementation name();
#include "engine/avx512/kernels.inc"
#undef PARE_AVX512_KERNEL
#endif

namespace {

using Table = std::unordered_map<std::string, ImplementationList>;

// Kernels for one instruction set come before all others.
void add_avx512([[maybe_unused]] Table& table) {
#ifdef PARE_AVX512
  const auto prepend = [&table](const char* op, Implementation implementation) {
    ImplementationList& list = table.at(op);
    list.insert(list.begin(), implementation);
  };
#define PARE_AVX512_KERNEL(op, name) prepend(#op, name());
#include "engine/avx512/kernels.inc"
#undef PARE_AVX512_KERNEL
#endif
}

}  // namespace

const ImplementationList& implementations(std::string_view op_name) {
  static const Table table = [] {
    Table all = {
#define PARE_OP(name) {#name, exec_##name()},
#include "ops/all_ops.inc"
#undef PARE_OP
    };
    add_avx512(all);
    return all;
  }();
  static const ImplementationList none;
  const auto found = table.find(std::string(op_name));
  return found == table.end() ? none : found->second;
}

}  // namespace pare
