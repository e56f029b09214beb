#include "formats/tflite/reader.h"

#include <algorithm>
#include <memory>

#include "formats/tflite/composites.h"
#include "formats/tflite/constants.h"
#include "formats/tflite/expansion.h"
#include "formats/tflite/graph_reader.h"

namespace pare {
namespace tflite {
namespace {

constexpr uint32_t kVersion = 3;
// Of the flatbuffers verifier: nested tables, and all of them together.
constexpr flatbuffers::uoffset_t kMaxDepth = 64, kMaxTables = 1u << 20;

std::string text_of(const flatbuffers::String* text) { return text == nullptr ? std::string() : text->str(); }

Expected<const schema::Model*> verified(std::span<const std::byte> bytes) {
  if (bytes.size() < 8 || !schema::ModelBufferHasIdentifier(bytes.data()))
    return bad_input("not a .tflite file: 'TFL3' was expected at byte 4");
  // Data of large files may lie behind what flatbuffers can address.
  const size_t addressed = std::min<size_t>(bytes.size(), FLATBUFFERS_MAX_BUFFER_SIZE - 1);
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(bytes.data()), addressed, kMaxDepth, kMaxTables);
  if (!schema::VerifyModelBuffer(verifier))
    return bad_input("the .tflite file is damaged or cut off: its tables point outside of it");
  const schema::Model* model = schema::GetModel(bytes.data());
  if (model->version() != kVersion)
    return unsupported("schema version {}; version {} is read", model->version(), kVersion);
  if (model->subgraphs() == nullptr || model->subgraphs()->size() == 0) return bad_input("the file has no graph");
  PARE_TRY(check_expansion(*model, bytes.size()));
  return model;
}

using Ports = std::vector<std::pair<std::string, Value*>>;
Expected<Ports> read_ports(const flatbuffers::Vector<flatbuffers::Offset<schema::TensorMap>>* records,
                           const std::vector<Value*>& values) {
  Ports ports;
  if (records == nullptr) return ports;
  for (const schema::TensorMap* record : *records) {
    if (record->tensor_index() >= values.size() || values[record->tensor_index()] == nullptr)
      return bad_input("'{}' is tensor {} of a graph with {} tensors", text_of(record->name()), record->tensor_index(),
                       values.size());
    ports.emplace_back(text_of(record->name()), values[record->tensor_index()]);
  }
  return ports;
}

Expected<void> read_signatures(const schema::Model& record, const std::vector<std::vector<Value*>>& values,
                               Model& model) {
  if (record.signature_defs() == nullptr) return {};
  for (const schema::SignatureDef* each : *record.signature_defs()) {
    Signature signature{text_of(each->signature_key()), each->subgraph_index(), {}, {}};
    const std::string where = fmt::format("signature '{}'", signature.key);
    if (signature.graph >= values.size())
      return Failure(Error{ErrorCode::BadInput,
                           fmt::format("graph {} of a file with {}", signature.graph, values.size()), where, nullptr});
    PARE_ASSIGN_IN(signature.inputs, read_ports(each->inputs(), values[signature.graph]), where);
    PARE_ASSIGN_IN(signature.outputs, read_ports(each->outputs(), values[signature.graph]), where);
    model.signatures.push_back(std::move(signature));
  }
  return {};
}

// Of entries with one name the first counts, as for runtimes.
Expected<void> read_metadata(const schema::Model& record, const Constants& constants, Model& model) {
  if (record.metadata() == nullptr) return {};
  for (const schema::Metadata* each : *record.metadata()) {
    PARE_ASSIGN_IN(const auto bytes, constants.bytes(each->buffer()),
                   fmt::format("metadata '{}'", text_of(each->name())));
    model.metadata.try_emplace(text_of(each->name()), bytes.begin(), bytes.end());
  }
  return {};
}

Expected<Model> read(std::span<const std::byte> bytes) {
  PARE_ASSIGN(const schema::Model* record, verified(bytes));
  Constants constants(*record, bytes);
  Model model;
  model.source_format = "tflite";
  model.description = text_of(record->description());
  std::vector<std::vector<Value*>> values;
  for (const schema::SubGraph* each : *record->subgraphs()) {
    PARE_ASSIGN_IN(ReadGraph read, read_graph(*record, *each, constants), fmt::format("graph {}", values.size()));
    model.graphs.push_back(std::move(read.graph));
    values.push_back(std::move(read.values));
  }
  PARE_TRY(check_composites(model));
  PARE_TRY(read_signatures(*record, values, model));
  PARE_TRY(read_metadata(*record, constants, model));
  return model;
}

}  // namespace
}  // namespace tflite

Expected<Model> read_tflite(std::span<const std::byte> bytes, std::string source) {
  std::unique_ptr<AlignedBytes> copy;  // flatbuffers reads in place and wants aligned memory
  if (reinterpret_cast<uintptr_t>(bytes.data()) % 16 != 0) {
    copy = std::make_unique<AlignedBytes>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), copy->data());
    bytes = {copy->data(), copy->size()};
  }
  PARE_ASSIGN_IN(Model model, tflite::read(bytes), source);
  model.source_path = std::move(source);
  return model;
}

}  // namespace pare
