#include "formats/keras/hdf5_image.h"

#include <algorithm>

#include "formats/keras/hdf5_handle.h"

namespace pare {
namespace {

using Handle = Hdf5Handle;

constexpr size_t kLargestAttribute = 64512;  // bytes; what h5py users keep to, the library takes 64 KiB with its header

Handle in_memory() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // errors are ours to report
  constexpr size_t kGrowth = 1 << 20;
  const Handle properties(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(properties, kGrowth, /*backing_store=*/false);
  return {H5Fcreate("in memory", H5F_ACC_TRUNC, H5P_DEFAULT, properties), H5Fclose};
}

// Without times: the same data are the same bytes.
Handle timeless(hid_t kind) {
  Handle properties(H5Pcreate(kind), H5Pclose);
  H5Pset_obj_track_times(properties, false);
  return properties;
}

}  // namespace

struct Hdf5Image::State {
  Handle file = in_memory();
  Handle group_properties = timeless(H5P_GROUP_CREATE), data_properties = timeless(H5P_DATASET_CREATE);
  std::string failure;

  void require(bool good, const std::string& what) {
    if (!good && failure.empty()) failure = what;
  }

  // An attribute of texts that are padded to one width.
  void write(const std::string& path, const std::string& attribute, const std::vector<std::string>& values,
             hid_t space) {
    size_t width = 1;
    for (const std::string& value : values) width = std::max(width, value.size());
    std::string padded(width * std::max<size_t>(values.size(), 1), '\0');
    for (size_t i = 0; i < values.size(); ++i) values[i].copy(padded.data() + i * width, values[i].size());
    const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type, width);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    create(path, attribute, type, space, padded.data());
  }

  void create(const std::string& path, const std::string& attribute, hid_t type, hid_t space, const void* value) {
    const Handle created(H5Acreate_by_name(file, path.empty() ? "/" : path.c_str(), attribute.c_str(), type, space,
                                           H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose);
    require(created.valid() && H5Awrite(created, type, value) >= 0,
            fmt::format("attribute '{}' of '{}'", attribute, path));
  }
};

Hdf5Image::Hdf5Image() : state_(std::make_shared<State>()) { state_->require(state_->file.valid(), "file"); }

void Hdf5Image::group(const std::string& path) {
  for (size_t end = path.find('/'); state_->failure.empty(); end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (H5Lexists(state_->file, part.c_str(), H5P_DEFAULT) <= 0) {
      const Handle created(H5Gcreate2(state_->file, part.c_str(), H5P_DEFAULT, state_->group_properties, H5P_DEFAULT),
                           H5Gclose);
      state_->require(created.valid(), fmt::format("group '{}'", part));
    }
    if (end == std::string::npos) return;
  }
}

// Of variable length, which has no upper limit: a configuration may be longer than an attribute.
void Hdf5Image::text(const std::string& path, const std::string& attribute, const std::string& value) {
  if (!state_->failure.empty()) return;
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose), space(H5Screate(H5S_SCALAR), H5Sclose);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const char* pointer = value.c_str();
  state_->create(path, attribute, type, space, &pointer);
}

void Hdf5Image::texts(const std::string& path, const std::string& attribute, const std::vector<std::string>& values) {
  if (!state_->failure.empty()) return;
  size_t width = 1;
  for (const std::string& value : values) width = std::max(width, value.size());
  state_->require(width <= kLargestAttribute, fmt::format("a text of {} bytes in '{}'", width, attribute));
  const size_t most = std::max<size_t>(kLargestAttribute / width, 1);
  for (size_t first = 0, part = 0; part == 0 || first < values.size(); first += most, ++part) {
    const std::vector<std::string> some(values.begin() + static_cast<ptrdiff_t>(first),
                                        values.begin() + static_cast<ptrdiff_t>(std::min(first + most, values.size())));
    const hsize_t count = some.size();
    const Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
    state_->write(path, values.size() > most ? fmt::format("{}{}", attribute, part) : attribute, some, space);
  }
}

void Hdf5Image::tensor(const std::string& path, const Tensor& data) {
  if (const size_t slash = path.rfind('/'); slash != std::string::npos) group(path.substr(0, slash));
  if (!state_->failure.empty()) return;
  PARE_CHECK(data.dtype() == DType::Float32 || data.dtype() == DType::Int64, "a weight of {}", to_string(data.dtype()));
  const bool real = data.dtype() == DType::Float32;
  const std::vector<hsize_t> dims(data.shape().begin(), data.shape().end());
  const Handle space(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), H5Sclose);
  const Handle created(H5Dcreate2(state_->file, path.c_str(), real ? H5T_IEEE_F32LE : H5T_STD_I64LE, space, H5P_DEFAULT,
                                  state_->data_properties, H5P_DEFAULT),
                       H5Dclose);
  state_->require(created.valid() && H5Dwrite(created, real ? H5T_NATIVE_FLOAT : H5T_NATIVE_INT64, H5S_ALL, H5S_ALL,
                                              H5P_DEFAULT, data.bytes().data()) >= 0,
                  fmt::format("data set '{}'", path));
}

Expected<std::vector<std::byte>> Hdf5Image::bytes() {
  std::vector<std::byte> image;
  if (state_->failure.empty()) {
    H5Fflush(state_->file, H5F_SCOPE_GLOBAL);
    const ssize_t size = H5Fget_file_image(state_->file, nullptr, 0);
    image.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
    state_->require(size > 0 && H5Fget_file_image(state_->file, image.data(), image.size()) == size, "bytes");
  }
  if (!state_->failure.empty())
    return fail(ErrorCode::Unsupported, "HDF5 cannot hold the {}; another name may do", state_->failure);
  return image;
}

}  // namespace pare
