// Any bytes, checksums aside: the reader gives a model or an error. A model can be written, and reading that gives the same model.
#include <cstdio>
#include <cstdlib>

#include "formats/pare/reader.h"
#include "formats/pare/writer.h"
#include "ir/diff.h"

namespace {

void require(bool condition, const std::string& message) {
  if (condition) return;
  std::fprintf(stderr, "round trip: %s\n", message.c_str());
  std::abort();
}

void round_trip(const pare::Model& model) {
  const auto bytes = pare::write_pare(model);
  require(bytes.has_value(), bytes ? "" : bytes.error().to_string());
  const auto again = pare::read_pare(*bytes);
  require(again.has_value(), again ? "" : again.error().to_string());
  require(again->graphs.size() == model.graphs.size(), "another number of graphs");
  for (size_t i = 0; i < model.graphs.size(); ++i) {
    const std::string changed = pare::diff(model.graphs[i], again->graphs[i]);
    require(changed.empty(), changed);
  }
  require(again->extras == model.extras && again->metadata == model.metadata, "other attachments");
  const auto twice = pare::write_pare(*again);
  require(twice && *twice == *bytes, "other bytes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = pare::read_pare(std::as_bytes(std::span(data, size)), pare::Checksums::Ignore);
  if (model) round_trip(*model);
  return 0;
}
