#include "base/dtype.h"

#include <array>
#include <limits>

#include "base/check.h"

namespace pare {
namespace {

struct DTypeInfo {
  DType dtype;
  std::string_view name;
  int bits;
};

constexpr std::array kDTypes = {
    DTypeInfo{DType::Float32, "f32", 32}, DTypeInfo{DType::Float16, "f16", 16}, DTypeInfo{DType::BFloat16, "bf16", 16},
    DTypeInfo{DType::Float64, "f64", 64}, DTypeInfo{DType::Int4, "i4", 4},      DTypeInfo{DType::Int8, "i8", 8},
    DTypeInfo{DType::UInt8, "u8", 8},     DTypeInfo{DType::Int16, "i16", 16},   DTypeInfo{DType::UInt16, "u16", 16},
    DTypeInfo{DType::Int32, "i32", 32},   DTypeInfo{DType::UInt32, "u32", 32},  DTypeInfo{DType::Int64, "i64", 64},
    DTypeInfo{DType::UInt64, "u64", 64},  DTypeInfo{DType::Bool, "bool", 8},    DTypeInfo{DType::String, "string", 0},
};

const DTypeInfo& info(DType dtype) { return kDTypes[static_cast<size_t>(dtype)]; }

}  // namespace

std::string_view to_string(DType dtype) { return info(dtype).name; }

std::optional<DType> parse_dtype(std::string_view name) {
  for (const DTypeInfo& entry : kDTypes)
    if (entry.name == name) return entry.dtype;
  return std::nullopt;
}

int bit_width(DType dtype) { return info(dtype).bits; }

bool is_float(DType dtype) { return dtype <= DType::Float64; }
bool is_integer(DType dtype) { return dtype >= DType::Int4 && dtype <= DType::UInt64; }

size_t storage_bytes(DType dtype, int64_t count) {
  return (static_cast<size_t>(count) * static_cast<size_t>(bit_width(dtype)) + 7) / 8;
}

IntegerRange integer_range(DType dtype) {
  PARE_CHECK(is_integer(dtype), "{} is not an integer type", to_string(dtype));
  const int bits = bit_width(dtype);
  const bool is_unsigned =
      dtype == DType::UInt8 || dtype == DType::UInt16 || dtype == DType::UInt32 || dtype == DType::UInt64;
  if (bits == 64) return {is_unsigned ? 0 : std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  if (is_unsigned) return {0, (int64_t{1} << bits) - 1};
  return {-(int64_t{1} << (bits - 1)), (int64_t{1} << (bits - 1)) - 1};
}

}  // namespace pare
