#include "formats/keras/reader.h"

#include <fstream>

#include "formats/keras/network_builder.h"
#include "formats/keras/settings.h"
#include "formats/keras/zip_file.h"
#include "ir/verify.h"

namespace pare {
namespace keras {
namespace {

constexpr uint64_t kLargestText = uint64_t{1} << 28;
constexpr uint64_t kLargestWeights = uint64_t{1} << 34;

// Files of Keras 1 are laid out otherwise.
Expected<void> check_version(const std::string& version) {
  if (version.starts_with('2') || version.starts_with('3')) return {};
  return unsupported(
      "the file was saved by Keras '{}'; files of Keras 2 and 3 are supported: load it there and save it again",
      version);
}

Expected<ModelFile> open_h5(const std::filesystem::path& path) {
  PARE_ASSIGN(Hdf5File file, Hdf5File::open(path));
  PARE_ASSIGN(const auto architecture, file.text("", "model_config"));
  if (!architecture)
    return bad_input(
        "the file holds no model configuration, only weights perhaps; save the whole model with model.save");
  PARE_ASSIGN(auto version, file.text("", "keras_version"));
  if (!version) { PARE_ASSIGN(version, file.text("model_weights", "keras_version")); }
  PARE_ASSIGN(const auto training, file.text("", "training_config"));
  return ModelFile{{.config = *architecture, .version = version.value_or("2"), .training = training.value_or("")},
                   std::move(file)};
}

Expected<std::string> text_entry(const ZipFile& archive, const std::string& name) {
  PARE_ASSIGN(const auto bytes, archive.read(name, kLargestText));
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Expected<ModelFile> open_archive(const std::filesystem::path& path) {
  PARE_ASSIGN(const ZipFile archive, ZipFile::open(path));
  KerasOrigin origin{.archive = true};
  PARE_ASSIGN(origin.config, text_entry(archive, "config.json"));
  PARE_ASSIGN(const std::string text, text_entry(archive, "metadata.json"));
  PARE_ASSIGN_IN(const Json metadata, parse_json(text), "metadata.json");
  Settings settings(metadata);
  origin.version = settings.text("keras_version");
  PARE_TRY(settings.status());
  PARE_ASSIGN(const auto bytes, archive.read("model.weights.h5", kLargestWeights));
  PARE_ASSIGN_IN(Hdf5File weights, Hdf5File::from_bytes(bytes), "model.weights.h5");
  origin.container = archive_container(weights);
  return ModelFile{std::move(origin), std::move(weights)};
}

bool is_zip(const std::filesystem::path& path) {
  char magic[2] = {};
  std::ifstream(path, std::ios::binary).read(magic, sizeof magic);
  return magic[0] == 'P' && magic[1] == 'K';
}

}  // namespace

Expected<Model> build_model(const ModelFile& file) {
  const KerasOrigin& origin = file.origin;
  PARE_TRY(check_version(origin.version));
  const auto architecture = parse_json(origin.config);
  if (!architecture)
    return origin.archive ? Failure(architecture.error().within("config.json")) : Failure(architecture.error());
  PARE_ASSIGN(const Network network, parse_network(*architecture));
  PARE_TRY(check_supported(network));
  WeightIndex weights = WeightIndex::of_archive(origin.container, network);
  if (!origin.archive) { PARE_ASSIGN(weights, WeightIndex::of_h5(file.weights, "model_weights", network)); }
  PARE_ASSIGN(Model model, build_network(network, file.weights, weights, origin));
  PARE_TRY(verify(model.main()));
  model.source_format = "keras";
  return model;
}

}  // namespace keras

Expected<Model> read_keras(const std::filesystem::path& path) {
  PARE_ASSIGN_IN(const keras::ModelFile file, keras::is_zip(path) ? keras::open_archive(path) : keras::open_h5(path),
                 path.string());
  PARE_ASSIGN_IN(Model model, keras::build_model(file), path.string());
  model.source_path = path.string();
  return model;
}

}  // namespace pare
