// Any bytes as an image: pixels or an error.
#include "data/image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const pare::ColorMode mode : {pare::ColorMode::Rgb, pare::ColorMode::Grey})
    (void)pare::decode_image(std::as_bytes(std::span(data, size)), mode);
  return 0;
}
