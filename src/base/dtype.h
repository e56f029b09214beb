// Element types of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/float16.h"

namespace pare {

enum class DType : uint8_t {
  Float32,
  Float16,
  BFloat16,
  Float64,
  Int4,  // two in a byte, the first in the low half, as in TFLite
  Int8,
  UInt8,
  Int16,
  UInt16,
  Int32,
  UInt32,
  Int64,
  UInt64,
  Bool,
  String,
};

// Short name used in text forms and messages: "f32", "i8", "u8", "bool"...
std::string_view to_string(DType dtype);
std::optional<DType> parse_dtype(std::string_view name);

// Bits of one element; 0 for String, whose elements have no fixed size.
int bit_width(DType dtype);
bool is_float(DType dtype);
bool is_integer(DType dtype);

// Bytes that `count` elements take in memory (sub-byte types are packed).
size_t storage_bytes(DType dtype, int64_t count);

// Smallest and largest value of an integer type.
struct IntegerRange {
  int64_t lowest, highest;
};
IntegerRange integer_range(DType dtype);

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::Float32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::Float64;
};
template <>
struct DTypeOf<Half> {
  static constexpr DType value = DType::Float16;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr DType value = DType::Int8;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::UInt8;
};
template <>
struct DTypeOf<int16_t> {
  static constexpr DType value = DType::Int16;
};
template <>
struct DTypeOf<uint16_t> {
  static constexpr DType value = DType::UInt16;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::Int32;
};
template <>
struct DTypeOf<uint32_t> {
  static constexpr DType value = DType::UInt32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::Int64;
};
template <>
struct DTypeOf<uint64_t> {
  static constexpr DType value = DType::UInt64;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::Bool;
};

template <class T>
inline constexpr DType dtype_of = DTypeOf<T>::value;

}  // namespace pare
