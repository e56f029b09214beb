#include "formats/keras/windowed.h"

#include <algorithm>

namespace pare::keras {

size_t spatial_rank(const std::string& class_name) {
  for (const size_t rank : {1, 2, 3})
    if (class_name.find(fmt::format("{}D", rank)) != std::string::npos) return rank;
  PARE_CHECK(false, "class '{}' does not tell its rank", class_name);
  return 0;
}

Expected<WindowSettings> read_window(LayerBuilder& builder, const char* kernel_key, const char* stride_key) {
  PARE_TRY(builder.require_channels_last());
  WindowSettings window;
  window.spatial_rank = spatial_rank(builder.layer.class_name);
  const auto kernel = builder.settings.integers(kernel_key, window.spatial_rank);
  const auto strides = builder.settings.find(stride_key) == nullptr
                           ? kernel
                           : builder.settings.integers(stride_key, window.spatial_rank);
  const std::string padding = builder.settings.text("padding", "valid");
  PARE_TRY(builder.settings.status());
  for (const int64_t extent : kernel)
    if (extent < 1) return bad_input("the window extent {} is not positive", extent);
  for (const int64_t stride : strides)
    if (stride < 1) return bad_input("the stride {} is not positive", stride);
  window.kernel_w = kernel.back();
  window.stride_w = strides.back();
  if (!window.one_dimensional()) {
    window.kernel_h = kernel.front();
    window.stride_h = strides.front();
  }
  window.causal = padding == "causal" && window.one_dimensional();
  if (padding == "same")
    window.padding = Padding::Same;
  else if (padding != "valid" && !window.causal)
    return bad_input("the padding '{}' is unknown; same, valid or (in one dimension) causal was expected", padding);
  return window;
}

Expected<Value*> spatial_input(LayerBuilder& builder, const WindowSettings& window) {
  const int rank = static_cast<int>(window.spatial_rank) + 2;
  PARE_ASSIGN(Value * src, builder.only_input(rank, rank));
  const Shape& shape = src->type.shape;
  return window.one_dimensional() ? builder.reshape(src, {shape[0], 1, shape[1], shape[2]}) : src;
}

Expected<Value*> spatial_output(LayerBuilder& builder, const WindowSettings& window, Value* value) {
  const Shape& shape = value->type.shape;
  return window.one_dimensional() ? builder.reshape(value, {shape[0], shape[2], shape[3]}) : Expected<Value*>(value);
}

}  // namespace pare::keras
