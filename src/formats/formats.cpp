#include "formats/formats.h"

#include <cstring>

#include "base/files.h"
#include "formats/keras/reader.h"
#include "formats/tflite/reader.h"
#include "formats/tflite/writer.h"

namespace pare {
namespace {

constexpr const char* kRead = ".tflite, .h5 and .keras";

bool starts_with(std::span<const std::byte> bytes, size_t at, std::string_view magic) {
  return bytes.size() >= at + magic.size() && std::memcmp(bytes.data() + at, magic.data(), magic.size()) == 0;
}

template <class... Args>
Failure refuse(ErrorCode code, const std::filesystem::path& path, fmt::format_string<Args...> format, Args&&... args) {
  return Failure(Error{code, fmt::format(format, std::forward<Args>(args)...), path.string(), nullptr});
}

}  // namespace

Expected<Model> read_model(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    if (std::filesystem::exists(path / "saved_model.pb", ignored))
      return refuse(ErrorCode::Unsupported, path, "a TensorFlow SavedModel, which Pare does not read; {} are read",
                    kRead);
    return refuse(ErrorCode::BadInput, path, "a folder; a model file was expected ({})", kRead);
  }
  PARE_ASSIGN(const std::vector<std::byte> bytes, read_file(path));
  if (starts_with(bytes, 4, "TFL3")) return read_tflite(bytes, path.string());
  if (starts_with(bytes, 0, "\x89HDF") || starts_with(bytes, 0, "PK\x03\x04")) return read_keras(path);
  if (path.extension() == ".onnx")
    return refuse(ErrorCode::Unsupported, path, "an ONNX file, which Pare does not read; {} are read", kRead);
  return refuse(ErrorCode::BadInput, path, "not a model file that Pare knows; {} are read", kRead);
}

Expected<void> check_writable(const std::filesystem::path& path) {
  if (path.extension() == ".tflite") return check_folder_of(path);
  return refuse(ErrorCode::Usage, path, "the ending '{}' names no format that Pare writes; .tflite is written",
                path.extension().string());
}

Expected<void> write_model(const Model& model, const std::filesystem::path& path) {
  PARE_TRY(check_writable(path));
  PARE_ASSIGN_IN(const std::vector<std::byte> bytes, write_tflite(model), path.string());
  return write_file(path, bytes);
}

}  // namespace pare
