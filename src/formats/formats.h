// Model files of every format.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "ir/model.h"

namespace pare {

// Reads a model file. The format is recognised by the content, not by the name. Unsupported for formats that Pare knows but does not
// read, BadInput for anything else; both say what is read.
Expected<Model> read_model(const std::filesystem::path& path);

enum class FileFormat { Tflite, KerasH5, KerasArchive, Pare };
// The format that the ending of a name stands for; another ending is a Usage error that lists what is written.
Expected<FileFormat> format_of(const std::filesystem::path& path);

// Writes a model file, whole or not at all. The ending of the name picks the format. Unsupported where the format has no place for
// something in the model.
// check_writable() looks at the ending and the folder alone, for commands that have long work before they write; with a model also at
// what can be told of it before any work.
Expected<void> check_writable(const std::filesystem::path& path);
Expected<void> check_writable(const Model& model, const std::filesystem::path& path);
struct WriteOptions {
  bool sparse_encoding = false;  // .tflite: weights without their zeros, where that makes the file smaller
};
Expected<void> write_model(const Model& model, const std::filesystem::path& path, const WriteOptions& options = {});

}  // namespace pare
