// Pools over windows and over everything.
#include "formats/keras/layers.h"
#include "formats/keras/windowed.h"
#include "ops/pool_2d.h"

namespace pare::keras {
namespace {

bool is_maximum(const LayerBuilder& builder) { return builder.layer.class_name.find("Max") != std::string::npos; }

}  // namespace

// Padding never counts: an average with `same` divides by the elements it covers, in Keras as in TFLite.
Expected<Value*> build_pooling(LayerBuilder& builder) {
  PARE_ASSIGN(const WindowSettings window, read_window(builder, "pool_size", "strides"));
  PARE_ASSIGN(Value * src, spatial_input(builder, window));
  Pool2dAttributes attributes;
  attributes.padding = window.padding;
  attributes.window_h = window.kernel_h;
  attributes.window_w = window.kernel_w;
  attributes.stride_h = window.stride_h;
  attributes.stride_w = window.stride_w;
  PARE_ASSIGN(Value * dst, builder.append(is_maximum(builder) ? "max_pool_2d" : "average_pool_2d", attributes, {src}));
  return spatial_output(builder, window, dst);
}

Expected<Value*> build_global_pooling(LayerBuilder& builder) {
  PARE_TRY(builder.require_channels_last());
  const int rank = static_cast<int>(spatial_rank(builder.layer.class_name)) + 2;
  PARE_ASSIGN(Value * src, builder.only_input(rank, rank));
  const bool keep = builder.settings.flag("keepdims", false);
  PARE_TRY(builder.settings.status());
  std::vector<int64_t> axes;
  for (int i = 1; i < rank - 1; ++i) axes.push_back(i);
  return builder.reduce(is_maximum(builder) ? "reduce_max" : "mean", src, axes, keep);
}

}  // namespace pare::keras
