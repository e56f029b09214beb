// Sources of equal-sized samples in one file: npz, npy, idx, CIFAR, raw.
#include <algorithm>
#include <array>

#include "data/archive.h"
#include "data/npy.h"
#include "data/raw_samples.h"

namespace pare {
namespace {

using Field = RecordSamples::Field;

Shape without_batch(const Shape& shape) { return Shape(std::vector<int64_t>(shape.begin() + 1, shape.end())); }

Field field_of(std::shared_ptr<const ByteSource> bytes, uint64_t offset, DType dtype, const Shape& all) {
  Field field{std::move(bytes), offset, 0, dtype, without_batch(all), false};
  field.stride = storage_bytes(dtype, field.shape.elements());
  return field;
}

// An array of an npz, still as the bytes of its file.
struct StoredArray {
  std::string name;
  NpyHeader header;
  std::shared_ptr<const ByteSource> bytes;
};

Expected<NpyHeader> npy_header_of(const ByteSource& bytes) {
  std::vector<std::byte> prefix(std::min<uint64_t>(bytes.size(), kNpyHeaderBytes));
  PARE_TRY(bytes.read(0, prefix));
  return parse_npy_header(prefix);
}

// NumPy stores arrays as they are unless it is told to compress them; those stay on the disk until a sample is read.
Expected<std::vector<StoredArray>> stored_arrays(const std::string& path) {
  std::vector<StoredArray> arrays;
  if (const auto entries = stored_entries(path)) {
    PARE_ASSIGN(const std::shared_ptr<const ByteSource> file, open_bytes(path));
    for (const StoredEntry& entry : *entries) {
      PARE_ASSIGN(auto bytes, bytes_within(file, entry.offset, entry.size));
      arrays.push_back({array_name(entry.name), {}, std::move(bytes)});
    }
  } else {
    PARE_ASSIGN(std::vector<ArchiveEntry> unpacked, unpack_file(path));
    for (ArchiveEntry& entry : unpacked)
      arrays.push_back({array_name(entry.name), {}, bytes_in_memory(std::move(entry.bytes))});
  }
  for (StoredArray& array : arrays) {
    PARE_ASSIGN_IN(array.header, npy_header_of(*array.bytes), fmt::format("array '{}'", array.name));
  }
  return arrays;
}

std::vector<std::string> names_of(const std::vector<StoredArray>& arrays) {
  std::vector<std::string> names;
  for (const StoredArray& array : arrays) names.push_back(array.name);
  return names;
}

// The first of this name whose bytes nobody has taken yet.
template <class Arrays>
auto find_array(Arrays& arrays, const std::string& name) {
  const auto found = std::find_if(arrays.begin(), arrays.end(),
                                  [&](const StoredArray& each) { return each.bytes != nullptr && each.name == name; });
  return found == arrays.end() ? nullptr : &*found;
}

// Which arrays are inputs where the description names none: x, or else all but the targets.
std::vector<std::string> input_names(const std::vector<StoredArray>& arrays, const SourceDescription& source) {
  if (!source.x.empty()) return source.x;
  if (find_array(arrays, "x") != nullptr) return {"x"};
  std::vector<std::string> names = names_of(arrays);
  std::erase(names, source.y);
  return names;
}

Failure scalar_array() { return bad_input("the array is a single number; samples lie along its first dimension"); }

// Samples of an array that lies in `bytes`. Where they do not lie in one piece each, or the bytes need a look, the array is read whole.
Expected<Field> field_of_array(const NpyHeader& header, std::shared_ptr<const ByteSource> bytes) {
  if (header.shape.rank() == 0) return scalar_array();
  if (header.shape.elements() == 0)
    return bad_input("the array has the shape {} and so no elements", header.shape.to_string());
  if (header.fortran_order || header.dtype == DType::Bool) {
    std::vector<std::byte> whole(bytes->size());
    PARE_TRY(bytes->read(0, whole));
    PARE_ASSIGN(Tensor tensor, read_npy(whole));
    return field_of(bytes_in_memory(std::move(tensor)), 0, header.dtype, header.shape);
  }
  const uint64_t wanted = storage_bytes(header.dtype, header.shape.elements()),
                 held = bytes->size() - header.data_offset;
  if (held < wanted)
    return bad_input("the array {}{} needs {} bytes, the file holds {}", to_string(header.dtype),
                     header.shape.to_string(), wanted, held);
  Field field = field_of(std::move(bytes), header.data_offset, header.dtype, header.shape);
  field.big_endian = header.big_endian;
  return field;
}

Expected<std::shared_ptr<RawSamples>> open_npz(const SourceDescription& source) {
  PARE_ASSIGN(std::vector<StoredArray> arrays, stored_arrays(source.path));
  if (arrays.empty()) return bad_input("there are no arrays in it");
  const std::vector<std::string> inputs = input_names(arrays, source), present = names_of(arrays);
  std::optional<Tensor> targets;
  if (const StoredArray* y = find_array(arrays, source.y)) {
    std::vector<std::byte> whole(y->bytes->size());
    PARE_TRY(y->bytes->read(0, whole));
    PARE_ASSIGN_IN(targets, read_npy(whole), fmt::format("array '{}'", source.y));
  }
  std::vector<Field> fields;
  int64_t count = -1;
  for (const std::string& name : inputs) {
    StoredArray* array = find_array(arrays, name);
    if (array == nullptr) return bad_input("there is no array '{}'; the file has: {}", name, fmt::join(present, ", "));
    PARE_ASSIGN_IN(Field field, field_of_array(array->header, std::move(array->bytes)),
                   fmt::format("array '{}'", name));
    const int64_t samples = array->header.shape[0];
    if (count >= 0 && samples != count)
      return bad_input("array '{}' has {} samples, those before have {}", name, samples, count);
    count = samples;
    fields.push_back(std::move(field));
  }
  auto samples = std::make_shared<RecordSamples>(std::max<int64_t>(count, 0), std::move(fields));
  samples->inputs = inputs;
  if (targets) PARE_TRY(take_targets(*targets, *samples));
  return samples;
}

Expected<std::shared_ptr<RawSamples>> open_npy(const SourceDescription& source) {
  PARE_ASSIGN(const std::shared_ptr<const ByteSource> bytes, open_bytes(source.path));
  PARE_ASSIGN(const NpyHeader header, npy_header_of(*bytes));
  PARE_ASSIGN(Field field, field_of_array(header, bytes));
  auto samples = std::make_shared<RecordSamples>(header.shape[0], std::vector<Field>{std::move(field)});
  if (source.labels.empty()) return samples;
  PARE_ASSIGN(const std::vector<NamedTensor> labels, read_arrays(source.labels));
  if (labels.empty()) return bad_input("'{}' holds no array of labels", source.labels);
  PARE_TRY(take_targets(labels.front().tensor, *samples));
  return samples;
}

struct IdxHeader {
  DType dtype;
  Shape shape;
  uint64_t offset;
};

// Source: the description of the format on the MNIST page: two zero bytes, a type, the rank, big-endian extents.
Expected<IdxHeader> parse_idx_header(const ByteSource& bytes) {
  std::array<uint8_t, 4> magic{};
  if (bytes.size() < magic.size()) return bad_input("the idx file is empty");
  PARE_TRY(bytes.read(0, std::as_writable_bytes(std::span(magic))));
  constexpr std::array<std::pair<uint8_t, DType>, 6> kTypes{{{0x08, DType::UInt8},
                                                             {0x09, DType::Int8},
                                                             {0x0B, DType::Int16},
                                                             {0x0C, DType::Int32},
                                                             {0x0D, DType::Float32},
                                                             {0x0E, DType::Float64}}};
  const auto type =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& each) { return each.first == magic[2]; });
  if (magic[0] != 0 || magic[1] != 0 || type == kTypes.end() || magic[3] == 0)
    return bad_input("not an idx file: it begins with {:02x} {:02x} {:02x} {:02x}", magic[0], magic[1], magic[2],
                     magic[3]);
  IdxHeader header{type->second, {}, 4 + uint64_t{4} * magic[3]};
  if (bytes.size() < header.offset) return bad_input("the idx file ends within its header");
  std::vector<uint8_t> extents(size_t{4} * magic[3]);
  PARE_TRY(bytes.read(4, std::as_writable_bytes(std::span(extents))));
  for (size_t i = 0; i < extents.size(); i += 4)
    header.shape.push_back(int64_t{extents[i]} << 24 | int64_t{extents[i + 1]} << 16 | int64_t{extents[i + 2]} << 8 |
                           extents[i + 3]);
  const std::optional<int64_t> elements = header.shape.checked_elements();
  const uint64_t held = bytes.size() - header.offset;
  // An extent of 0 would let a few bytes claim billions of empty samples.
  if (elements && *elements == 0)
    return bad_input("the idx file has the shape {} and so no elements", header.shape.to_string());
  if (!elements || storage_bytes(header.dtype, *elements) != held)
    return bad_input("the idx file claims {}{}, {} bytes follow its header", to_string(header.dtype),
                     header.shape.to_string(), held);
  return header;
}

// The byte `label_at` of every record; read in pieces.
Expected<std::vector<int64_t>> labels_of_records(const ByteSource& bytes, int64_t count, uint64_t record,
                                                 uint64_t label_at) {
  constexpr int64_t kRecordsAtOnce = 256;
  std::vector<int64_t> labels;
  labels.reserve(static_cast<size_t>(count));
  std::vector<std::byte> piece;
  for (int64_t first = 0; first < count; first += kRecordsAtOnce) {
    const int64_t size = std::min(kRecordsAtOnce, count - first);
    piece.resize(static_cast<size_t>(size) * record);
    PARE_TRY(bytes.read(static_cast<uint64_t>(first) * record, piece));
    for (int64_t i = 0; i < size; ++i)
      labels.push_back(static_cast<int64_t>(piece[static_cast<size_t>(i) * record + label_at]));
  }
  return labels;
}

}  // namespace

Expected<std::shared_ptr<RawSamples>> open_arrays(const SourceDescription& source) {
  return source.kind == SourceKind::Npz ? open_npz(source) : open_npy(source);
}

Expected<std::shared_ptr<RawSamples>> open_idx(const SourceDescription& source) {
  PARE_ASSIGN(const std::shared_ptr<const ByteSource> bytes, open_bytes(source.path));
  PARE_ASSIGN(const IdxHeader header, parse_idx_header(*bytes));
  Field field = field_of(bytes, header.offset, header.dtype, header.shape);
  field.big_endian = true;
  // Images without a channel dimension get one.
  if (field.shape.rank() == 2) field.shape.push_back(1);
  auto samples = std::make_shared<RecordSamples>(header.shape[0], std::vector<Field>{std::move(field)});
  if (source.labels.empty()) return samples;
  PARE_ASSIGN(const std::shared_ptr<const ByteSource> label_bytes, open_bytes(source.labels));
  PARE_ASSIGN_IN(const IdxHeader label_header, parse_idx_header(*label_bytes), source.labels);
  if (label_header.shape.rank() != 1 || label_header.dtype != DType::UInt8)
    return bad_input("'{}' holds {}{}; one byte for each sample was expected", source.labels,
                     to_string(label_header.dtype), label_header.shape.to_string());
  std::vector<std::byte> labels(static_cast<size_t>(label_header.shape[0]));
  PARE_TRY(label_bytes->read(label_header.offset, labels));
  std::vector<int64_t>& numbers = samples->labels.emplace();
  for (const std::byte label : labels) numbers.push_back(static_cast<int64_t>(label));
  return samples;
}

Expected<std::shared_ptr<RawSamples>> open_cifar(const SourceDescription& source) {
  PARE_ASSIGN(const std::shared_ptr<const ByteSource> bytes, open_bytes(source.path));
  const uint64_t label_bytes = source.kind == SourceKind::Cifar10 ? 1 : 2, record = label_bytes + 3 * 32 * 32;
  if (bytes->size() % record != 0)
    return bad_input("{} bytes are no multiple of the {} of a {} record", bytes->size(), record,
                     to_string(source.kind));
  const auto count = static_cast<int64_t>(bytes->size() / record);
  Field pixels{bytes, label_bytes, record, DType::UInt8, {3, 32, 32}, false};
  auto samples = std::make_shared<RecordSamples>(count, std::vector<Field>{std::move(pixels)});
  samples->channels_first = true;
  PARE_ASSIGN(samples->labels, labels_of_records(*bytes, count, record, label_bytes - 1));
  return samples;
}

Expected<std::shared_ptr<RawSamples>> open_raw(const SourceDescription& source) {
  if (source.shape.empty()) return bad_input("raw samples need their 'shape' in [source]");
  PARE_ASSIGN(const std::shared_ptr<const ByteSource> bytes, open_bytes(source.path));
  const Shape shape(source.shape);
  const uint64_t width = storage_bytes(source.dtype, 1), sample = storage_bytes(source.dtype, shape.elements());
  const uint64_t stride = source.step > 0 ? width * static_cast<uint64_t>(source.step) : sample;
  if (bytes->size() < sample)
    return bad_input("{} bytes are fewer than one sample {}{} has", bytes->size(), to_string(source.dtype),
                     shape.to_string());
  if ((bytes->size() - sample) % stride != 0)
    return bad_input("{} bytes are no whole number of samples {}{}", bytes->size(), to_string(source.dtype),
                     shape.to_string());
  const auto count = static_cast<int64_t>((bytes->size() - sample) / stride + 1);
  return std::make_shared<RecordSamples>(count, std::vector<Field>{{bytes, 0, stride, source.dtype, shape, false}});
}

}  // namespace pare
