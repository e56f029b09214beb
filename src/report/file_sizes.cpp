#include "report/file_sizes.h"

#include <nlohmann/json.hpp>

#include "report/table.h"

namespace pare {

Expected<FileSizes> measure_files(const std::string& model, const Graph& network, const std::string& output) {
  FileSizes sizes{.model = model, .output = output};
  PARE_ASSIGN(sizes.before, measure_file_size(model));
  PARE_ASSIGN(sizes.after, measure_file_size(output));
  PARE_ASSIGN(sizes.kept, structure_in_file(network, output));
  return sizes;
}

void add_sizes(const FileSizes& sizes, nlohmann::ordered_json& json) {
  json["size_bytes"] = {{"before", sizes.before.bytes}, {"after", sizes.after.bytes}};
  json["gzip_bytes"] = {{"before", sizes.before.gzip_bytes}, {"after", sizes.after.gzip_bytes}};
  add_kept(sizes.kept, json);
}

std::string describe(const FileSizes& sizes) {
  return describe(sizes.kept, sizes.output) +
         fmt::format("Size: {}, {} under gzip; {} was {}, {} under gzip\n", human_bytes(sizes.after.bytes),
                     human_bytes(sizes.after.gzip_bytes), sizes.model, human_bytes(sizes.before.bytes),
                     human_bytes(sizes.before.gzip_bytes));
}

}  // namespace pare
