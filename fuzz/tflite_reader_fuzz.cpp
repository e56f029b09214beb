// Any bytes: the reader gives a model or an error. A model can be written, and reading that gives the same model.
#include <cstdio>
#include <cstdlib>

#include "formats/tflite/reader.h"
#include "formats/tflite/writer.h"
#include "ir/diff.h"

namespace {

void require(bool condition, const std::string& message) {
  if (condition) return;
  std::fprintf(stderr, "round trip: %s\n", message.c_str());
  std::abort();
}

void round_trip(const pare::Model& model) {
  const auto bytes = pare::write_tflite(model);
  require(bytes.has_value(), bytes ? "" : bytes.error().to_string());
  const auto again = pare::read_tflite(*bytes, "again");
  require(again.has_value(), again ? "" : again.error().to_string());
  require(again->graphs.size() == model.graphs.size(), "another number of graphs");
  require(again->signatures.size() == model.signatures.size(), "another number of signatures");
  for (const auto& [name, data] : model.metadata)
    require(name == "min_runtime_version" || again->metadata.at(name) == data, "metadata " + name);
  require(again->description == model.description, "another description");
  for (size_t i = 0; i < model.graphs.size(); ++i) {
    const std::string changed = pare::diff(model.graphs[i], again->graphs[i]);
    require(changed.empty(), changed);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = pare::read_tflite(std::as_bytes(std::span(data, size)), "fuzz");
  if (model) round_trip(*model);
  return 0;
}
