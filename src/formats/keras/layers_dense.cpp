// Dense layers, embeddings, and layers that do nothing outside training.
#include "formats/keras/activations.h"
#include "formats/keras/layers.h"
#include "ops/dropout.h"
#include "ops/fully_connected.h"

namespace pare::keras {

Expected<Value*> build_identity(LayerBuilder& builder) {
  if (builder.inputs.size() != 1)
    return bad_input("it is applied to {} inputs, one was expected", builder.inputs.size());
  return builder.inputs[0];
}

Expected<Value*> build_dropout(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, build_identity(builder));
  const double rate = builder.settings.number("rate", 0);
  PARE_TRY(builder.settings.status());
  // Noise of a shape of its own is rare; without it the network trains, a little otherwise.
  if (rate <= 0 || rate >= 1 || builder.settings.find("noise_shape") != nullptr) return src;
  return builder.append("dropout",
                        DropoutAttributes{.rate = static_cast<float>(rate),
                                          .per_channel = builder.layer.class_name.starts_with("Spatial")},
                        {src});
}

Expected<Value*> build_dense(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(2, 6));
  const int64_t units = builder.settings.integer("units");
  const bool biased = builder.settings.flag("use_bias", true);
  PARE_TRY(builder.settings.status());
  if (units < 1) return bad_input("it has {} units, at least 1 was expected", units);
  PARE_ASSIGN(Value * kernel, builder.weight_constant("kernel", Shape{src->type.shape[-1], units}, {1, 0}));
  Value* bias = nullptr;
  if (biased) { PARE_ASSIGN(bias, builder.weight_constant("bias", Shape{units})); }
  FullyConnectedAttributes attributes;
  attributes.keep_num_dims = src->type.shape.rank() > 2;
  PARE_ASSIGN(Value * dst, builder.append("fully_connected", attributes, {src, kernel, bias}));
  return apply_activation(builder, dst);
}

// Rows of a table by their numbers.
Expected<Value*> build_embedding(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(1, 3));
  const int64_t rows = builder.settings.integer("input_dim"), width = builder.settings.integer("output_dim");
  PARE_TRY(builder.settings.status());
  if (rows < 1 || width < 1)
    return bad_input("its table is {} x {}, at least one row and column were expected", rows, width);
  PARE_ASSIGN(Value * table, builder.weight_constant("embeddings", Shape{rows, width}));
  if (src->type.dtype != DType::Int32) { PARE_ASSIGN(src, builder.cast(src, DType::Int32)); }
  return builder.append("gather", {table, src});
}

}  // namespace pare::keras
