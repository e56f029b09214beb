// Activation functions: as a setting of a layer, and as layers of their own.
#pragma once

#include "formats/keras/layer_builder.h"

namespace pare::keras {

// Appends the function that the layer's setting `activation` names: a name, a serialised function or a serialised layer. Nothing is
// appended where there is none or it is linear.
Expected<Value*> apply_activation(LayerBuilder& builder, Value* value);

// The function of this name, as keras.activations has it. Some differ between Keras 2 and 3.
Expected<Value*> apply_function(LayerBuilder& builder, Value* value, const std::string& function);

// Softmax or its logarithm (`op`) along one axis; negative axes count from the back.
Expected<Value*> append_softmax(LayerBuilder& builder, Value* value, std::string_view op, int64_t axis);

}  // namespace pare::keras
