// Model files that tests make for themselves.
#pragma once

#include <gtest/gtest.h>
#include <hdf5.h>
#include <zip.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"

namespace pare::keras::testing {

// A file in the temporary folder, removed at the end of its scope.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& ending)
      : path_(std::filesystem::temp_directory_path() /
              (std::string("pare_") + ::testing::UnitTest::GetInstance()->current_test_info()->name() + ending)) {
    std::filesystem::remove(path_);
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Writes HDF5 step by step; groups on the way to a path are made as needed.
class Hdf5Writer {
 public:
  explicit Hdf5Writer(const std::filesystem::path& path)
      : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {}
  ~Hdf5Writer() { H5Fclose(file_); }
  Hdf5Writer(const Hdf5Writer&) = delete;

  hid_t id() const { return file_; }

  void group(const std::string& path) const {
    for (size_t end = path.find('/');; end = path.find('/', end + 1)) {
      const std::string part = path.substr(0, end);
      if (H5Lexists(file_, part.c_str(), H5P_DEFAULT) <= 0)
        H5Gclose(H5Gcreate2(file_, part.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
      if (end == std::string::npos) return;
    }
  }

  void text(const std::string& path, const std::string& attribute, const std::string& value) const {
    texts(path, attribute, {value}, /*is_list=*/false);
  }

  // Texts of fixed length, as Keras 2 wrote them.
  void texts(const std::string& path, const std::string& attribute, const std::vector<std::string>& values,
             bool is_list = true) const {
    size_t width = 1;
    for (const std::string& value : values) width = std::max(width, value.size());
    std::string bytes(width * values.size(), '\0');
    for (size_t i = 0; i < values.size(); ++i) values[i].copy(bytes.data() + i * width, values[i].size());
    const hsize_t count = values.size();
    const hid_t type = H5Tcopy(H5T_C_S1),
                space = is_list ? H5Screate_simple(1, &count, nullptr) : H5Screate(H5S_SCALAR);
    H5Tset_size(type, width);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    const hid_t at = H5Acreate_by_name(file_, path.empty() ? "/" : path.c_str(), attribute.c_str(), type, space,
                                       H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(at, type, bytes.data());
    H5Aclose(at);
    H5Sclose(space);
    H5Tclose(type);
  }

  void floats(const std::string& path, const std::vector<hsize_t>& dims, const std::vector<float>& values) const {
    data(path, dims, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values.data());
  }

  void data(const std::string& path, const std::vector<hsize_t>& dims, hid_t stored, hid_t given,
            const void* values) const {
    if (const size_t slash = path.rfind('/'); slash != std::string::npos) group(path.substr(0, slash));
    const hid_t space =
        dims.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
    const hid_t dataset = H5Dcreate2(file_, path.c_str(), stored, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (values != nullptr) H5Dwrite(dataset, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(dataset);
    H5Sclose(space);
  }

 private:
  hid_t file_;
};

struct Weight {
  std::string name;
  std::vector<hsize_t> dims;
  std::vector<float> values;
};

// The configuration of a Sequential model of these layers over an input "x".
inline std::string sequential(const std::string& layers, const std::string& shape = "[null, 3]") {
  return R"({"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "InputLayer", "config": {"name": "x", "batch_input_shape": )" +
         shape + R"(}}, )" + layers + "]}}";
}
// `settings` are lines of JSON such as "units": 2.
inline std::string layer(const std::string& class_name, const std::string& settings = "",
                         const std::string& name = "l") {
  return R"({"class_name": ")" + class_name + R"(", "config": {"name": ")" + name + "\"" +
         (settings.empty() ? "" : ", " + settings) + "}}";
}

// An .h5 file as Keras 2 writes it: configuration, and for each top-level layer a list of weights.
inline void write_h5(const std::filesystem::path& path, const std::string& config,
                     const std::map<std::string, std::vector<Weight>>& layers, const std::string& version = "2.15.0") {
  const Hdf5Writer file(path);
  file.text("", "model_config", config);
  file.text("", "keras_version", version);
  for (const auto& [layer, weights] : layers) {
    file.group("model_weights/" + layer);
    std::vector<std::string> names;
    for (const Weight& weight : weights) {
      names.push_back(weight.name);
      file.floats("model_weights/" + layer + "/" + weight.name, weight.dims, weight.values);
    }
    file.texts("model_weights/" + layer, "weight_names", names);
  }
}

inline void write_zip(const std::filesystem::path& path, const std::map<std::string, std::string>& entries) {
  int error = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
  for (const auto& [name, content] : entries)
    zip_file_add(archive, name.c_str(), zip_source_buffer(archive, content.data(), content.size(), 0),
                 ZIP_FL_OVERWRITE);
  zip_close(archive);
}

inline std::string bytes_of(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return bytes ? std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()) : std::string();
}

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  ASSERT_TRUE(write_file(path, std::string_view(bytes)));
}

}  // namespace pare::keras::testing
