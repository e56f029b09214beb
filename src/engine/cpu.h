// What this processor can do.
#pragma once

#include <string>

namespace pare {

// Empty if the processor has the AVX-512 instructions that our kernels use (F, BW, DQ, VL), else why not.
std::string missing_avx512();
// The same for 8-bit dot products (AVX-512 VNNI).
std::string missing_avx512_vnni();

}  // namespace pare
