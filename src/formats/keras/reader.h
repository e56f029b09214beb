// Reads Keras models: .h5 of Keras 2 and 3, .keras of Keras 2.12 and later.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "formats/keras/hdf5_file.h"
#include "ir/model.h"

namespace pare {

// One graph, and one signature "serving_default" with the names of the input and output layers. Values are called after the layers
// that compute them (those of a nested model `model/layer`). Batch normalisation stays an operator of its own, dropout and
// augmentation vanish. Fails with the name of the layer where one is not supported or its weights do not fit.
Expected<Model> read_keras(const std::filesystem::path& path);

namespace keras {

// The parts of a model file, once unpacked.
struct ModelFile {
  KerasOrigin origin;  // without the weights
  Hdf5File weights;
};
Expected<Model> build_model(const ModelFile& file);

}  // namespace keras
}  // namespace pare
