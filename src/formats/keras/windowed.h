// What convolutions and pools share: the window's settings, and one-dimensional layers seen as two-dimensional ones of height 1.
#pragma once

#include "formats/keras/layer_builder.h"

namespace pare::keras {

struct WindowSettings {
  size_t spatial_rank = 2;  // 1 or 2, from the layer's class
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  Padding padding = Padding::Valid;
  bool causal = false;  // padded in front by the layer itself; `padding` is then Valid

  bool one_dimensional() const { return spatial_rank == 1; }
};

// Reads the window and its strides from these settings; absent strides are the kernel's extents, as pools have it.
Expected<WindowSettings> read_window(LayerBuilder& builder, const char* kernel_key, const char* stride_key);

// The layer's input as N,H,W,C, and a result of that form in the layer's own rank.
Expected<Value*> spatial_input(LayerBuilder& builder, const WindowSettings& window);
Expected<Value*> spatial_output(LayerBuilder& builder, const WindowSettings& window, Value* value);

// 1, 2 or 3, from a class name such as "Conv1D" or "Conv2DTranspose".
size_t spatial_rank(const std::string& class_name);

}  // namespace pare::keras
