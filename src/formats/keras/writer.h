// Writes Keras models: a network that was read from a Keras file, with the weights that its graph has now.
#pragma once

#include <cstddef>
#include <vector>

#include "base/error.h"
#include "ir/model.h"

namespace pare {

enum class KerasFile { H5, Archive };  // .h5 and .keras

// The layout is that of the Keras that wrote the file it was read from; its optimiser's state is not in it. The arguments of compile()
// are kept where the kind of file stays.
// Unsupported, with what to do: a model that did not come from a Keras file; one whose graph is no longer the one that was read (the
// weights may have changed, and the batch normalisation must still be there); an .h5 file as .keras.
Expected<std::vector<std::byte>> write_keras(const Model& model, KerasFile kind);

// The same refusals as far as they can be told without the weights.
Expected<void> check_writable_as_keras(const Model& model, KerasFile kind);

}  // namespace pare
