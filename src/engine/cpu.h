// What this processor can do.
#pragma once

#include <string>

namespace pare {

// Empty if the processor has the AVX-512 instructions that our kernels use (F, BW, DQ, VL), else why not.
std::string missing_avx512();
// The same for 8-bit dot products (AVX-512 VNNI).
std::string missing_avx512_vnni();
// The same for dot products of bfloat16 (AVX-512 BF16).
std::string missing_avx512_bf16();

// The oneDNN that is linked, for reports: "2.6.3".
std::string onednn_version();
// Whether oneDNN's products of u8 and s8 add pairs in 16 bits and may saturate there: so without 8-bit dot products.
bool onednn_saturates();

}  // namespace pare
