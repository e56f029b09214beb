// The file that a command read beside the one that it wrote.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/error.h"
#include "eval/file_size.h"
#include "report/structure_in_file.h"

namespace pare {

struct FileSizes {
  std::string model, output;
  FileSize before, after;
  std::vector<KeptWeights> kept;  // in the output
};

// `network` is what was written, with its masks and codebooks.
Expected<FileSizes> measure_files(const std::string& model, const Graph& network, const std::string& output);

// Members of a JSON document: size_bytes and gzip_bytes, before and after each, and what is kept.
void add_sizes(const FileSizes& sizes, nlohmann::ordered_json& json);
// One line for the sizes, and what is kept.
std::string describe(const FileSizes& sizes);

}  // namespace pare
