// The Keras layers that Pare reads: which weights each has and how it is built from operators.
#pragma once

#include <vector>

#include "base/error.h"
#include "formats/keras/layer_builder.h"
#include "formats/keras/network.h"
#include "formats/keras/weight_index.h"

namespace pare::keras {

// The weights of a layer, in Keras' order. Empty for a nested model.
std::vector<WeightSpec> weight_specs(const Layer& layer);

// Fails, naming the layer and what to do, where a layer of the network or of its nested models is not supported.
Expected<void> check_supported(const Network& network);

// Appends the operators of one call of a layer; `builder` holds what it is applied to.
Expected<Value*> build_layer(LayerBuilder& builder);

// One function a class of layers or several alike; layers.cpp lists which class goes to which.
Expected<Value*> build_identity(LayerBuilder& builder);
Expected<Value*> build_dropout(LayerBuilder& builder);

Expected<Value*> build_dense(LayerBuilder& builder);
Expected<Value*> build_embedding(LayerBuilder& builder);

Expected<Value*> build_convolution(LayerBuilder& builder);
Expected<Value*> build_depthwise(LayerBuilder& builder);
Expected<Value*> build_separable(LayerBuilder& builder);
Expected<Value*> build_transposed_convolution(LayerBuilder& builder);

Expected<Value*> build_pooling(LayerBuilder& builder);
Expected<Value*> build_global_pooling(LayerBuilder& builder);

Expected<Value*> build_batch_normalization(LayerBuilder& builder);
Expected<Value*> build_layer_normalization(LayerBuilder& builder);
Expected<Value*> build_group_normalization(LayerBuilder& builder);
Expected<Value*> build_unit_normalization(LayerBuilder& builder);
Expected<Value*> build_normalization(LayerBuilder& builder);
Expected<Value*> build_rescaling(LayerBuilder& builder);

Expected<Value*> build_activation(LayerBuilder& builder);
Expected<Value*> build_relu(LayerBuilder& builder);
Expected<Value*> build_leaky_relu(LayerBuilder& builder);
Expected<Value*> build_prelu(LayerBuilder& builder);
Expected<Value*> build_elu(LayerBuilder& builder);
Expected<Value*> build_thresholded_relu(LayerBuilder& builder);
Expected<Value*> build_softmax(LayerBuilder& builder);

Expected<Value*> build_arithmetic(LayerBuilder& builder);
Expected<Value*> build_average(LayerBuilder& builder);
Expected<Value*> build_concatenate(LayerBuilder& builder);
Expected<Value*> build_dot(LayerBuilder& builder);

Expected<Value*> build_flatten(LayerBuilder& builder);
Expected<Value*> build_reshape(LayerBuilder& builder);
Expected<Value*> build_permute(LayerBuilder& builder);
Expected<Value*> build_repeat_vector(LayerBuilder& builder);
Expected<Value*> build_zero_padding(LayerBuilder& builder);
Expected<Value*> build_cropping(LayerBuilder& builder);
Expected<Value*> build_up_sampling(LayerBuilder& builder);
Expected<Value*> build_resizing(LayerBuilder& builder);

}  // namespace pare::keras
