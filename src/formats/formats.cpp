#include "formats/formats.h"

#include <cstring>

#include "base/files.h"
#include "formats/keras/reader.h"
#include "formats/keras/writer.h"
#include "formats/pare/reader.h"
#include "formats/pare/writer.h"
#include "formats/tflite/reader.h"
#include "formats/tflite/writer.h"

namespace pare {
namespace {

constexpr const char* kRead = ".tflite, .h5, .keras and .pare";
constexpr const char* kWritten = ".tflite, .h5, .keras and .pare";

bool starts_with(std::span<const std::byte> bytes, size_t at, std::string_view magic) {
  return bytes.size() >= at + magic.size() && std::memcmp(bytes.data() + at, magic.data(), magic.size()) == 0;
}

template <class... Args>
Failure refuse(ErrorCode code, const std::filesystem::path& path, fmt::format_string<Args...> format, Args&&... args) {
  return Failure(Error{code, fmt::format(format, std::forward<Args>(args)...), path.string(), nullptr});
}

KerasFile keras_file(FileFormat format) { return format == FileFormat::KerasH5 ? KerasFile::H5 : KerasFile::Archive; }

Expected<std::vector<std::byte>> bytes_of(const Model& model, FileFormat format, const WriteOptions& options) {
  if (format == FileFormat::Tflite) return write_tflite(model, options.sparse_encoding);
  if (format == FileFormat::Pare) return write_pare(model);
  return write_keras(model, keras_file(format));
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
  if (is_pare(bytes)) {
    PARE_ASSIGN_IN(Model model, read_pare(bytes), path.string());
    return model;
  }
  if (path.extension() == ".onnx")
    return refuse(ErrorCode::Unsupported, path, "an ONNX file, which Pare does not read; {} are read", kRead);
  return refuse(ErrorCode::BadInput, path, "not a model file that Pare knows; {} are read", kRead);
}

Expected<FileFormat> format_of(const std::filesystem::path& path) {
  const std::string ending = path.extension().string();
  if (ending == ".tflite") return FileFormat::Tflite;
  if (ending == ".h5") return FileFormat::KerasH5;
  if (ending == ".keras") return FileFormat::KerasArchive;
  if (ending == ".pare") return FileFormat::Pare;
  return refuse(ErrorCode::Usage, path, "the ending '{}' names no format that Pare writes; {} are written", ending,
                kWritten);
}

Expected<void> check_writable(const std::filesystem::path& path) {
  PARE_TRY(format_of(path));
  return check_folder_of(path);
}

Expected<void> check_writable(const Model& model, const std::filesystem::path& path) {
  PARE_TRY(check_writable(path));
  PARE_ASSIGN(const FileFormat format, format_of(path));
  if (format == FileFormat::Tflite || format == FileFormat::Pare) return {};
  if (auto fits = check_writable_as_keras(model, keras_file(format)); !fits)
    return Failure(fits.error().within(path.string()));
  return {};
}

Expected<void> write_model(const Model& model, const std::filesystem::path& path, const WriteOptions& options) {
  PARE_TRY(check_writable(path));
  PARE_ASSIGN(const FileFormat format, format_of(path));
  PARE_ASSIGN_IN(const std::vector<std::byte> bytes, bytes_of(model, format, options), path.string());
  return write_file(path, bytes);
}

}  // namespace pare
