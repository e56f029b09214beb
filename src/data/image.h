// Pictures: decoding JPEG and PNG, resizing, cutting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"
#include "base/tensor.h"
#include "ir/attributes.h"

namespace pare {

enum class ColorMode { Rgb, Grey };
enum class ResizeFilter { Bilinear, Nearest };
template <>
struct EnumNames<ColorMode> {
  static constexpr std::array<std::string_view, 2> names{"rgb", "grey"};
};
template <>
struct EnumNames<ResizeFilter> {
  static constexpr std::array<std::string_view, 2> names{"bilinear", "nearest"};
};

// Pixels of the largest image that is decoded; a few bytes can claim more than any memory holds.
inline constexpr int64_t kMostPixels = int64_t{1} << 27;

// u8 [height, width, 3 or 1]. The kind is told by the first bytes. Grey is the luma of ITU-R BT.601. Transparent parts are black.
Expected<Tensor> decode_image(std::span<const std::byte> bytes, ColorMode mode);

// f32 or u8 [height, width, channels] to f32 of another size. Pixel centres lie at half coordinates, borders repeat, nothing is
// smoothed before shrinking: the convention of TensorFlow's image resizing without antialiasing.
Tensor resize_image(const Tensor& image, int64_t height, int64_t width, ResizeFilter filter);

// The middle [height, width] of an image, the odd row and column more at the end. Fails where the image is smaller.
Expected<Tensor> crop_centre(const Tensor& image, int64_t height, int64_t width);

// Left and right exchanged.
Tensor mirror_image(const Tensor& image);

// [channels, height, width] to [height, width, channels].
Tensor channels_last(const Tensor& image);

}  // namespace pare
