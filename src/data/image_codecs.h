// The decoders behind decode_image; each library is known to one file alone.
#pragma once

#include "data/image.h"

namespace pare {

Expected<Tensor> decode_jpeg(std::span<const std::byte> bytes, ColorMode mode);  // libjpeg-turbo
Expected<Tensor> decode_png(std::span<const std::byte> bytes, ColorMode mode);   // libpng

}  // namespace pare
