// NumPy's array files: `.npy` (one array) and `.npz` (a zip of them by name).
// Source: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays", and numpy.lib.format.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"

namespace pare {

struct NpyHeader {
  DType dtype;
  Shape shape;
  bool fortran_order = false;
  bool big_endian = false;
  size_t data_offset = 0;  // bytes in front of the first element
};

// Enough bytes for the header of any array that this reader takes.
inline constexpr size_t kNpyHeaderBytes = 64 * 1024;

// Reads the header at the beginning of a `.npy`; `prefix` may end behind it. Fails for element types that a Tensor cannot hold
// (complex, text, objects, records).
Expected<NpyHeader> parse_npy_header(std::span<const std::byte> prefix);

// A whole `.npy`. Column-major and big-endian arrays are brought into row-major, native order.
Expected<Tensor> read_npy(std::span<const std::byte> bytes);

// bfloat16 is written as float32 and int4 as int8, for NumPy knows neither; the values are the same. Text is not supported.
Expected<std::vector<std::byte>> write_npy(const Tensor& tensor);

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

// The name of an array from that of its entry in the zip: without the ending .npy.
std::string array_name(std::string entry);

Expected<std::vector<NamedTensor>> read_npz(std::span<const std::byte> bytes);
Expected<std::vector<std::byte>> write_npz(std::span<const NamedTensor> arrays);

// Files of either kind, told apart by content when read and by ending when written. The array of a `.npy` has no name; several
// arrays need a `.npz`.
Expected<std::vector<NamedTensor>> read_arrays(const std::filesystem::path& path);
// check_arrays_writable() looks at the ending and the folder alone, for those who have long work before they write.
Expected<void> check_arrays_writable(const std::filesystem::path& path);
Expected<void> write_arrays(const std::filesystem::path& path, std::span<const NamedTensor> arrays);

}  // namespace pare
