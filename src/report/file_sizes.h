// The file that a command read beside the one that it wrote.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/error.h"
#include "eval/file_size.h"

namespace pare {

struct FileSizes {
  std::string model, output;
  FileSize before, after;
};

Expected<FileSizes> measure_sizes(const std::string& model, const std::string& output);

// Members of a JSON document: size_bytes and gzip_bytes, before and after each.
void add_sizes(const FileSizes& sizes, nlohmann::ordered_json& json);
// One line.
std::string describe(const FileSizes& sizes);

}  // namespace pare
