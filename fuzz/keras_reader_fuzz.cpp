// Any bytes as a Keras file, or, where they begin like JSON, as the architecture of one that holds no weights: the reader gives a
// model or an error.
#include <hdf5.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "formats/keras/reader.h"

namespace {

// The HDF5 library wants a file with a name; TMPDIR=/dev/shm keeps it in memory.
const std::filesystem::path& file_path() {
  static const std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("pare_fuzz_{}", ::getpid());
  return path;
}

pare::Hdf5File file_without_weights() {
  const hid_t id = H5Fcreate(file_path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(H5Gcreate2(id, "model_weights", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Fclose(id);
  return pare::Hdf5File::open(file_path()).value();
}

void read_architecture(std::string_view text) {
  static pare::Hdf5File weights = file_without_weights();
  if (!weights.has("model_weights")) weights = file_without_weights();  // what answers has used up its time
  for (const char* version : {"2", "3"})
    (void)pare::keras::build_model({{.config = std::string(text), .version = version}, weights});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0 && data[0] == '{') {
    read_architecture({reinterpret_cast<const char*>(data), size});
    return 0;
  }
  std::ofstream(file_path(), std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  (void)pare::read_keras(file_path());
  return 0;
}
