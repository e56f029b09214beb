#include "report/file_sizes.h"

#include <nlohmann/json.hpp>

#include "report/table.h"

namespace pare {

Expected<FileSizes> measure_sizes(const std::string& model, const std::string& output) {
  FileSizes sizes{.model = model, .output = output};
  PARE_ASSIGN(sizes.before, measure_file_size(model));
  PARE_ASSIGN(sizes.after, measure_file_size(output));
  return sizes;
}

void add_sizes(const FileSizes& sizes, nlohmann::ordered_json& json) {
  json["size_bytes"] = {{"before", sizes.before.bytes}, {"after", sizes.after.bytes}};
  json["gzip_bytes"] = {{"before", sizes.before.gzip_bytes}, {"after", sizes.after.gzip_bytes}};
}

std::string describe(const FileSizes& sizes) {
  return fmt::format("Size: {}, {} under gzip; {} was {}, {} under gzip\n", human_bytes(sizes.after.bytes),
                     human_bytes(sizes.after.gzip_bytes), sizes.model, human_bytes(sizes.before.bytes),
                     human_bytes(sizes.before.gzip_bytes));
}

}  // namespace pare
