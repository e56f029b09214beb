#include "formats/tflite/writer.h"

#include <algorithm>
#include <array>
#include <map>

#include "formats/tflite/graph_writer.h"
#include "formats/tflite/runtime_version.h"

namespace pare {
namespace tflite {
namespace {

constexpr uint32_t kVersion = 3;

using Ports = std::vector<std::pair<std::string, Value*>>;

class ModelWriter {
 public:
  ModelWriter(const Model& model, bool sparse) : model_(model), builder_(file_.builder) { file_.sparse = sparse; }

  Expected<std::vector<std::byte>> write() {
    PARE_ASSIGN(const auto graphs, write_graphs());
    PARE_ASSIGN(const auto signatures, write_signatures());
    const auto metadata = write_metadata();
    PARE_TRY(check_file_size(file_.buffers.total_bytes()));
    const auto codes = file_.codes.create(builder_);
    const auto subgraphs = builder_.CreateVector(graphs);
    const auto description = builder_.CreateString(model_.description);
    const auto metadata_list = builder_.CreateVector(metadata);
    const auto signature_list = builder_.CreateVector(signatures);
    const auto buffers = file_.buffers.create(builder_);
    schema::FinishModelBuffer(builder_, schema::CreateModel(builder_, kVersion, codes, subgraphs, description, buffers,
                                                            0, metadata_list, signature_list));
    const auto bytes = std::as_bytes(std::span(builder_.GetBufferPointer(), builder_.GetSize()));
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  }

 private:
  Expected<std::vector<flatbuffers::Offset<schema::SubGraph>>> write_graphs() {
    std::vector<flatbuffers::Offset<schema::SubGraph>> tables;
    for (const Graph& graph : model_.graphs) {
      PARE_ASSIGN_IN(WrittenGraph written, write_graph(graph, file_), fmt::format("graph '{}'", graph.name));
      tables.push_back(written.table);
      numbers_.push_back(std::move(written.numbers));
    }
    return tables;
  }

  Expected<flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::TensorMap>>>> write_ports(
      const Ports& ports, size_t graph) {
    std::vector<flatbuffers::Offset<schema::TensorMap>> maps;
    for (const auto& [name, value] : ports) {
      const auto number = numbers_[graph].find(value);
      if (number == numbers_[graph].end()) return bad_input("'{}' names a tensor that is not in graph {}", name, graph);
      maps.push_back(
          schema::CreateTensorMap(builder_, builder_.CreateString(name), static_cast<uint32_t>(number->second)));
    }
    return builder_.CreateVector(maps);
  }

  Expected<std::vector<flatbuffers::Offset<schema::SignatureDef>>> write_signatures() {
    std::vector<flatbuffers::Offset<schema::SignatureDef>> records;
    for (const Signature& signature : model_.signatures) {
      const std::string where = fmt::format("signature '{}'", signature.key);
      if (signature.graph >= numbers_.size())
        return Failure(Error{ErrorCode::BadInput,
                             fmt::format("graph {} of a model with {}", signature.graph, numbers_.size()), where,
                             nullptr});
      PARE_ASSIGN_IN(const auto inputs, write_ports(signature.inputs, signature.graph), where);
      PARE_ASSIGN_IN(const auto outputs, write_ports(signature.outputs, signature.graph), where);
      const auto key = builder_.CreateString(signature.key);
      records.push_back(
          schema::CreateSignatureDef(builder_, inputs, outputs, key, static_cast<uint32_t>(signature.graph)));
    }
    return records;
  }

  // All entries as they are, and the runtime that these operators need.
  std::vector<flatbuffers::Offset<schema::Metadata>> write_metadata() {
    const std::string version = std::max(minimum_runtime_version(model_), file_.sparse_runtime).to_string();
    std::transform(version.begin(), version.end(), runtime_version_.begin(),
                   [](char c) { return static_cast<std::byte>(c); });
    std::map<std::string_view, std::span<const std::byte>> entries(model_.metadata.begin(), model_.metadata.end());
    entries[kRuntimeVersionName] = runtime_version_;
    std::vector<flatbuffers::Offset<schema::Metadata>> records;
    for (const auto& [name, bytes] : entries)
      records.push_back(
          schema::CreateMetadata(builder_, builder_.CreateString(name.data(), name.size()), file_.buffers.add(bytes)));
    return records;
  }

  const Model& model_;
  FileParts file_;
  flatbuffers::FlatBufferBuilder& builder_;
  std::vector<std::unordered_map<const Value*, int32_t>> numbers_;  // by graph
  std::array<std::byte, kRuntimeVersionBytes> runtime_version_{};
};

}  // namespace
}  // namespace tflite

Expected<std::vector<std::byte>> write_tflite(const Model& model, bool sparse) {
  PARE_CHECK(!model.graphs.empty());
  return tflite::ModelWriter(model, sparse).write();
}

}  // namespace pare
