#include "engine/cpu.h"

namespace pare {

#if defined(__x86_64__)

std::string missing_avx512() {
  const bool all = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return all ? "" : "the processor has no AVX-512";
}

std::string missing_avx512_vnni() {
  if (std::string reason = missing_avx512(); !reason.empty()) return reason;
  return __builtin_cpu_supports("avx512vnni") ? "" : "the processor has no AVX-512 VNNI";
}

std::string missing_avx512_bf16() {
  if (std::string reason = missing_avx512(); !reason.empty()) return reason;
  return __builtin_cpu_supports("avx512bf16") ? "" : "the processor has no AVX-512 BF16";
}

#else

std::string missing_avx512() { return "not an x86 processor"; }
std::string missing_avx512_vnni() { return "not an x86 processor"; }
std::string missing_avx512_bf16() { return "not an x86 processor"; }

#endif

}  // namespace pare
