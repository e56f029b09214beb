#include <png.h>

#include "data/image_codecs.h"

namespace pare {

Expected<Tensor> decode_png(std::span<const std::byte> bytes, ColorMode mode) {
  struct Image : png_image {
    Image() : png_image{} { version = PNG_IMAGE_VERSION; }
    ~Image() { png_image_free(this); }
  } file;
  if (png_image_begin_read_from_memory(&file, bytes.data(), bytes.size()) == 0)
    return bad_input("the PNG image cannot be decoded ({})", file.message);
  const int64_t height = file.height, width = file.width;
  if (height * width > kMostPixels)
    return bad_input("the PNG image claims {} x {} pixels, more than are decoded", width, height);
  file.format = PNG_FORMAT_RGB;
  Tensor color(DType::UInt8, {height, width, 3});
  const png_color black{0, 0, 0};
  if (png_image_finish_read(&file, &black, color.mutable_values<uint8_t>().data(), 0, nullptr) == 0)
    return bad_input("the PNG image cannot be decoded ({})", file.message);
  if (mode == ColorMode::Rgb) return color;
  Tensor grey(DType::UInt8, {height, width, 1});
  const std::span<const uint8_t> from = std::as_const(color).values<uint8_t>();
  const std::span<uint8_t> to = grey.mutable_values<uint8_t>();
  for (size_t i = 0; i < to.size(); ++i) {  // luma in 16-bit fixed point, the weights add up to 1
    const uint32_t luma = 19595u * from[3 * i] + 38470u * from[3 * i + 1] + 7471u * from[3 * i + 2];
    to[i] = static_cast<uint8_t>((luma + 0x8000u) >> 16);
  }
  return grey;
}

}  // namespace pare
