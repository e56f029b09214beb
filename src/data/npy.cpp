#include "data/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/files.h"
#include "data/archive.h"
#include "data/bytes.h"

namespace pare {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

struct TypeCode {
  std::string_view code;
  DType dtype;
};
constexpr std::array<TypeCode, 12> kTypes{{{"f2", DType::Float16},
                                           {"f4", DType::Float32},
                                           {"f8", DType::Float64},
                                           {"i1", DType::Int8},
                                           {"u1", DType::UInt8},
                                           {"i2", DType::Int16},
                                           {"u2", DType::UInt16},
                                           {"i4", DType::Int32},
                                           {"u4", DType::UInt32},
                                           {"i8", DType::Int64},
                                           {"u8", DType::UInt64},
                                           {"b1", DType::Bool}}};

// The header is the text of a Python dictionary with the keys 'descr', 'fortran_order' and 'shape'.
class HeaderText {
 public:
  explicit HeaderText(std::string_view text) : text_(text) {}

  // What stands behind a key, blanks skipped; nothing where the key is missing.
  std::optional<std::string_view> value(std::string_view key) const {
    for (const char quote : {'\'', '"'}) {
      const size_t at = text_.find(fmt::format("{}{}{}", quote, key, quote));
      if (at == std::string_view::npos) continue;
      std::string_view rest = text_.substr(at + key.size() + 2);
      rest = skip_blanks(rest);
      if (rest.empty() || rest.front() != ':') return std::nullopt;
      return skip_blanks(rest.substr(1));
    }
    return std::nullopt;
  }

  static std::string_view skip_blanks(std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t\n");
    return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
  }

 private:
  std::string_view text_;
};

Expected<void> parse_type(std::string_view text, NpyHeader& header) {
  if (text.empty() || (text.front() != '\'' && text.front() != '"'))
    return unsupported("the array has a record type; arrays of one number type each are read");
  const std::string_view quoted = text.substr(1, text.find(text.front(), 1) - 1);
  const auto type = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeCode& each) {
    return quoted.size() > 1 && quoted.substr(1) == each.code;
  });
  if (type == kTypes.end() || std::string_view("<>|=").find(quoted.front()) == std::string_view::npos)
    return unsupported("the array has the element type '{}'; integers, floats of 2, 4 or 8 bytes and booleans are read",
                       quoted);
  header.dtype = type->dtype;
  header.big_endian = quoted.front() == '>';
  return {};
}

Expected<void> parse_shape(std::string_view text, NpyHeader& header) {
  const auto malformed = [] { return bad_input("the array header has no valid shape"); };
  if (text.empty() || text.front() != '(') return malformed();
  text = HeaderText::skip_blanks(text.substr(1));
  while (!text.empty() && text.front() != ')') {
    int64_t extent = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), extent);
    if (status != std::errc() || extent < 0) return malformed();
    header.shape.push_back(extent);
    text = HeaderText::skip_blanks(text.substr(static_cast<size_t>(end - text.data())));
    if (!text.empty() && text.front() == ',') text = HeaderText::skip_blanks(text.substr(1));
  }
  if (text.empty()) return malformed();
  if (header.shape.rank() > 32 || !header.shape.checked_elements())
    return bad_input("the array claims the shape {}, more than can be read", header.shape.to_string());
  return {};
}

void swap_bytes(std::span<std::byte> bytes, size_t width) {
  for (size_t at = 0; at + width <= bytes.size(); at += width)
    std::reverse(bytes.begin() + static_cast<ptrdiff_t>(at), bytes.begin() + static_cast<ptrdiff_t>(at + width));
}

// From column-major (first index fastest) to row-major.
Tensor to_row_major(const Tensor& columns, const Shape& shape) {
  Tensor rows(columns.dtype(), shape);
  const size_t width = storage_bytes(columns.dtype(), 1);
  std::vector<int64_t> index(static_cast<size_t>(shape.rank()), 0);
  const std::vector<int64_t> strides = row_major_strides(shape);
  const std::span<std::byte> out = rows.mutable_bytes();
  const int64_t count = shape.elements();
  for (int64_t i = 0; i < count; ++i) {
    int64_t at = 0;
    for (size_t d = 0; d < index.size(); ++d) at += index[d] * strides[d];
    std::memcpy(out.data() + static_cast<size_t>(at) * width, columns.bytes().data() + static_cast<size_t>(i) * width,
                width);
    for (size_t d = 0; d < index.size() && ++index[d] == shape[static_cast<int>(d)]; ++d) index[d] = 0;
  }
  return rows;
}

std::string_view type_code(DType dtype) {
  const auto type =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeCode& each) { return each.dtype == dtype; });
  return type == kTypes.end() ? std::string_view{} : type->code;
}

}  // namespace

Expected<NpyHeader> parse_npy_header(std::span<const std::byte> prefix) {
  const auto byte = [&](size_t i) { return static_cast<size_t>(prefix[i]); };
  if (prefix.size() < 12 || std::memcmp(prefix.data(), kMagic.data(), kMagic.size()) != 0)
    return bad_input("not a NumPy array: the first bytes are not \\x93NUMPY");
  const size_t major = byte(6);
  if (major < 1 || major > 3) return unsupported("NumPy file format {}.{}; versions 1 to 3 are read", major, byte(7));
  const size_t length = major == 1 ? byte(8) | byte(9) << 8 : byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24;
  NpyHeader header;
  header.data_offset = (major == 1 ? 10 : 12) + length;
  if (header.data_offset > prefix.size())
    return bad_input("the array header claims {} bytes, the file ends before", length);
  const HeaderText text({reinterpret_cast<const char*>(prefix.data()) + header.data_offset - length, length});
  const auto type = text.value("descr"), order = text.value("fortran_order"), shape = text.value("shape");
  if (!type || !order || !shape) return bad_input("the array header lacks 'descr', 'fortran_order' or 'shape'");
  header.fortran_order = order->starts_with("True");
  PARE_TRY(parse_type(*type, header));
  PARE_TRY(parse_shape(*shape, header));
  return header;
}

Expected<Tensor> read_npy(std::span<const std::byte> bytes) {
  PARE_ASSIGN(const NpyHeader header, parse_npy_header(bytes));
  const size_t size = storage_bytes(header.dtype, header.shape.elements());
  const std::span<const std::byte> data = bytes.subspan(header.data_offset);
  if (data.size() < size)
    return bad_input("the array {}{} needs {} bytes, the file holds {}", to_string(header.dtype),
                     header.shape.to_string(), size, data.size());
  Tensor tensor(header.dtype, header.shape, data.first(size));
  if (header.dtype == DType::Bool)  // any other byte than 0 and 1 would be no bool at all
    for (std::byte& each : tensor.mutable_bytes()) each = each == std::byte{0} ? std::byte{0} : std::byte{1};
  if (header.big_endian) swap_bytes(tensor.mutable_bytes(), storage_bytes(header.dtype, 1));
  return header.fortran_order ? to_row_major(tensor, header.shape) : tensor;
}

Expected<std::vector<std::byte>> write_npy(const Tensor& tensor) {
  if (tensor.dtype() == DType::String) return unsupported("text cannot be written as a NumPy array");
  if (tensor.dtype() == DType::BFloat16) return write_npy(Tensor::of<float>(tensor.shape(), to_floats(tensor)));
  if (tensor.dtype() == DType::Int4)
    return write_npy(Tensor::of<int8_t>(tensor.shape(), unpack_int4(tensor.bytes(), tensor.elements())));
  const bool one_byte = storage_bytes(tensor.dtype(), 1) == 1;
  std::string shape;
  for (const int64_t extent : tensor.shape()) shape += fmt::format("{}, ", extent);
  if (tensor.shape().rank() > 1) shape.resize(shape.size() - 2);
  std::string header = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}", one_byte ? '|' : '<',
                                   type_code(tensor.dtype()), shape);
  constexpr size_t kPreamble = 10, kAlignment = 64;
  while ((kPreamble + header.size() + 1) % kAlignment != 0) header += ' ';
  header += '\n';
  std::string front(kMagic);
  front += '\x01';
  front += '\0';
  front += static_cast<char>(header.size() & 0xFF);
  front += static_cast<char>(header.size() >> 8);
  front += header;
  std::vector<std::byte> out(front.size() + tensor.bytes().size());
  std::memcpy(out.data(), front.data(), front.size());
  if (!tensor.bytes().empty()) std::memcpy(out.data() + front.size(), tensor.bytes().data(), tensor.bytes().size());
  return out;
}

std::string array_name(std::string entry) {
  if (entry.ends_with(".npy")) entry.resize(entry.size() - 4);
  return entry;
}

Expected<std::vector<NamedTensor>> read_npz(std::span<const std::byte> bytes) {
  PARE_ASSIGN(const std::vector<ArchiveEntry> entries, unpack(bytes));
  std::vector<NamedTensor> arrays;
  for (const ArchiveEntry& entry : entries) {
    std::string name = array_name(entry.name);
    PARE_ASSIGN_IN(Tensor tensor, read_npy(entry.bytes), fmt::format("array '{}'", name));
    arrays.push_back({std::move(name), std::move(tensor)});
  }
  return arrays;
}

Expected<std::vector<std::byte>> write_npz(std::span<const NamedTensor> arrays) {
  std::vector<ArchiveEntry> entries;
  for (const NamedTensor& array : arrays) {
    PARE_ASSIGN_IN(std::vector<std::byte> bytes, write_npy(array.tensor), fmt::format("array '{}'", array.name));
    entries.push_back({array.name + ".npy", std::move(bytes)});
  }
  return pack_zip(entries);
}

Expected<std::vector<NamedTensor>> read_arrays(const std::filesystem::path& path) {
  PARE_ASSIGN(const std::vector<std::byte> bytes, read_unpacked(path));
  if (bytes.size() >= 2 && std::memcmp(bytes.data(), "PK", 2) == 0) {
    PARE_ASSIGN_IN(std::vector<NamedTensor> arrays, read_npz(bytes), path.string());
    return arrays;
  }
  PARE_ASSIGN_IN(Tensor tensor, read_npy(bytes), path.string());
  return std::vector<NamedTensor>{{"", std::move(tensor)}};
}

Expected<void> check_arrays_writable(const std::filesystem::path& path) {
  if (path.extension() == ".npy" || path.extension() == ".npz") return check_folder_of(path);
  return usage_error("'{}' has the ending '{}'; arrays are written as .npy or .npz", path.string(),
                     path.extension().string());
}

Expected<void> write_arrays(const std::filesystem::path& path, std::span<const NamedTensor> arrays) {
  PARE_TRY(check_arrays_writable(path));
  if (path.extension() == ".npz") {
    PARE_ASSIGN_IN(const std::vector<std::byte> bytes, write_npz(arrays), path.string());
    return write_file(path, bytes);
  }
  if (arrays.size() != 1)
    return usage_error("'{}' holds one array, there are {}; use the ending .npz", path.string(), arrays.size());
  PARE_ASSIGN_IN(const std::vector<std::byte> bytes, write_npy(arrays.front().tensor), path.string());
  return write_file(path, bytes);
}

}  // namespace pare
