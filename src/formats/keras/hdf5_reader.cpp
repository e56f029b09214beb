#include "formats/keras/hdf5_reader.h"

#include "formats/keras/hdf5_handle.h"

namespace pare {
namespace {

// Deflate cannot do better than about 1030 to 1; a data set that claims more than this of its stored bytes is forged.
constexpr uint64_t kLargestRatio = 1100;
// Weights of networks hardly shrink; a file that claims far more than it has is not believed, however many data sets share its bytes.
constexpr uint64_t kPlausibleRatio = 64;
constexpr uint64_t kAlwaysPlausible = uint64_t{256} << 20;

using Handle = Hdf5Handle;

// Walks a path link by link, so that no missing part is an error and no link leads out of the file.
bool exists(hid_t file, const std::string& path) {
  for (size_t end = path.find('/');; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (!part.empty()) {
      H5L_info_t link;
      if (H5Lexists(file, part.c_str(), H5P_DEFAULT) <= 0 || H5Lget_info(file, part.c_str(), &link, H5P_DEFAULT) < 0)
        return false;
      if (link.type != H5L_TYPE_HARD) return false;
    }
    if (end == std::string::npos) return true;
  }
}

Expected<std::vector<std::string>> read_variable_length(hid_t attribute, hid_t space, size_t count) {
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, H5T_VARIABLE);
  const Handle stored(H5Aget_type(attribute), H5Tclose);
  H5Tset_cset(type, H5Tget_cset(stored));
  std::vector<char*> pointers(count, nullptr);
  if (H5Aread(attribute, type, pointers.data()) < 0) return bad_input("the text cannot be read; the file is damaged");
  std::vector<std::string> values;
  for (const char* pointer : pointers) values.emplace_back(pointer == nullptr ? "" : pointer);
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
  return values;
}

Expected<std::vector<std::string>> read_fixed_length(hid_t attribute, hid_t type, size_t count) {
  const size_t width = H5Tget_size(type);
  std::string bytes(width * count, '\0');
  if (H5Aread(attribute, type, bytes.data()) < 0) return bad_input("the text cannot be read; the file is damaged");
  std::vector<std::string> values;
  for (size_t i = 0; i < count; ++i) {
    std::string value = bytes.substr(i * width, width);
    value.resize(std::min(value.find('\0'), value.size()));
    values.push_back(std::move(value));
  }
  return values;
}

// The elements of a text attribute; nothing where it does not exist.
Expected<std::optional<std::vector<std::string>>> read_texts(hid_t file, const std::string& path,
                                                             const std::string& name) {
  using Texts = std::optional<std::vector<std::string>>;
  if (!exists(file, path)) return Texts{};
  const std::string object = path.empty() ? "/" : path;
  if (H5Aexists_by_name(file, object.c_str(), name.c_str(), H5P_DEFAULT) <= 0) return Texts{};
  const Handle attribute(H5Aopen_by_name(file, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!attribute.valid())
    return bad_input("attribute '{}' of '{}' cannot be opened; the file is damaged", name, object);
  const Handle space(H5Aget_space(attribute), H5Sclose);
  const Handle type(H5Aget_type(attribute), H5Tclose);
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (count == 0) return Texts{std::vector<std::string>{}};  // h5py writes an empty list as zero floats
  if (count < 0 || H5Tget_class(type) != H5T_STRING)
    return bad_input("attribute '{}' of '{}' is not text", name, object);
  // Texts lie in the file as they are.
  hsize_t file_bytes = 0;
  H5Fget_filesize(file, &file_bytes);
  const auto elements = static_cast<uint64_t>(count);
  if (elements > file_bytes || elements * H5Tget_size(type) > file_bytes)
    return bad_input("attribute '{}' of '{}' claims {} texts; the file is damaged", name, object, elements);
  auto values = H5Tis_variable_str(type) > 0 ? read_variable_length(attribute, space, elements)
                                             : read_fixed_length(attribute, type, elements);
  if (!values) return Failure(values.error().within(fmt::format("attribute '{}' of '{}'", name, object)));
  uint64_t total = 0;
  for (const std::string& value : *values) total += value.size();
  if (total > file_bytes)
    return bad_input("attribute '{}' of '{}' claims {} bytes of text; the file is damaged", name, object, total);
  return Texts{std::move(*values)};
}

Expected<Shape> extents(hid_t dataset, const std::string& path) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0) return bad_input("data set '{}' has no extents; the file is damaged", path);
  std::vector<hsize_t> dims(static_cast<size_t>(rank));
  H5Sget_simple_extent_dims(space, dims.data(), nullptr);
  Shape shape;
  for (const hsize_t extent : dims) shape.push_back(static_cast<int64_t>(extent));
  if (!shape.checked_elements()) return bad_input("data set '{}' claims an impossible size; the file is damaged", path);
  return shape;
}

// Data must lie in this file, and there must be enough of it for what is claimed.
Expected<void> check_storage(hid_t dataset, hid_t type, const Shape& shape, const std::string& path) {
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  if (H5Pget_layout(properties) == H5D_VIRTUAL || H5Pget_external_count(properties) > 0)
    return unsupported("data set '{}' keeps its data in another file; save the model as one file", path);
  const uint64_t claimed = static_cast<uint64_t>(*shape.checked_elements()) * H5Tget_size(type);
  const uint64_t stored = H5Dget_storage_size(dataset);
  if (claimed / kLargestRatio > stored || (H5Pget_nfilters(properties) == 0 && claimed > stored))
    return bad_input("data set '{}' claims {} bytes, the file holds {} of them; the file is damaged", path, claimed,
                     stored);
  return {};
}

Tensor widen_bfloat16(const std::vector<uint16_t>& codes, const Shape& shape) {
  Tensor tensor(DType::Float32, shape);
  auto out = tensor.mutable_values<float>();
  for (size_t i = 0; i < codes.size(); ++i) {
    const uint32_t bits = static_cast<uint32_t>(codes[i]) << 16;  // the upper half of a float32
    std::memcpy(&out[i], &bits, sizeof bits);
  }
  return tensor;
}

}  // namespace

struct Hdf5Reader::State {
  explicit State(hid_t id) : file(id) {
    hsize_t bytes = 0;
    H5Fget_filesize(file, &bytes);
    left = kAlwaysPlausible + kPlausibleRatio * bytes;
  }
  ~State() { H5Fclose(file); }
  State(const State&) = delete;
  hid_t file;
  uint64_t left;  // bytes of data that are still believed
};

Expected<Hdf5Reader> Hdf5Reader::open(const std::filesystem::path& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // errors are ours to report
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) return bad_input("this is not an HDF5 file, or it is cut short");
  return Hdf5Reader(std::make_shared<State>(file));
}

Expected<Hdf5Reader> Hdf5Reader::from_bytes(std::span<const std::byte> bytes) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const Handle properties(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  constexpr size_t kGrowth = 1 << 16;
  hid_t file = -1;
  // The library copies the image; it is never written back.
  if (!bytes.empty() && H5Pset_fapl_core(properties, kGrowth, false) >= 0 &&
      H5Pset_file_image(properties, const_cast<std::byte*>(bytes.data()), bytes.size()) >= 0)
    file = H5Fopen("in memory", H5F_ACC_RDONLY, properties);
  if (file < 0) return bad_input("this is not an HDF5 file, or it is cut short");
  return Hdf5Reader(std::make_shared<State>(file));
}

bool Hdf5Reader::has(const std::string& path) const { return exists(state_->file, path); }

Expected<std::optional<std::vector<std::string>>> Hdf5Reader::texts(const std::string& path,
                                                                    const std::string& attribute) const {
  return read_texts(state_->file, path, attribute);
}

Expected<Shape> Hdf5Reader::shape(const std::string& path) const {
  if (!exists(state_->file, path)) return bad_input("there is no data set '{}'", path);
  const Handle dataset(H5Dopen2(state_->file, path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset.valid()) return bad_input("'{}' is not a data set", path);
  return extents(dataset, path);
}

Expected<Tensor> Hdf5Reader::floats(const std::string& path) const {
  PARE_ASSIGN(const Shape dims, shape(path));
  const Handle dataset(H5Dopen2(state_->file, path.c_str(), H5P_DEFAULT), H5Dclose);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  PARE_TRY(check_storage(dataset, type, dims, path));
  const H5T_class_t kind = H5Tget_class(type);
  const bool bfloat16 = kind == H5T_OPAQUE && H5Tget_size(type) == 2;
  if (!bfloat16 && kind != H5T_FLOAT && kind != H5T_INTEGER)
    return bad_input("data set '{}' does not hold numbers", path);
  const uint64_t wanted = storage_bytes(DType::Float32, dims.elements());
  if (wanted > state_->left)
    return bad_input("data set '{}' asks for {} bytes, all data sets together for far more than the file holds", path,
                     wanted);
  state_->left -= wanted;
  if (bfloat16) {
    std::vector<uint16_t> codes(static_cast<size_t>(dims.elements()));
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, codes.data()) < 0)
      return bad_input("data set '{}' cannot be read; the file is damaged", path);
    return widen_bfloat16(codes, dims);
  }
  Tensor tensor(DType::Float32, dims);
  if (H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.mutable_bytes().data()) < 0)
    return bad_input("data set '{}' cannot be read; the file is damaged", path);
  return tensor;
}

}  // namespace pare
