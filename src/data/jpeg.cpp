#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

#include "data/image_codecs.h"

namespace pare {
namespace {

// libjpeg reports a failure by a function that must not return.
struct JpegFailure {
  jpeg_error_mgr manager;
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

void fail_jpeg(j_common_ptr codec) {
  auto* failure = reinterpret_cast<JpegFailure*>(codec->err);
  (*codec->err->format_message)(codec, failure->message);
  std::longjmp(failure->jump, 1);
}

// A warning (level -1) means that something is missing, which libjpeg would make up, over the whole of an image that claims to be large.
void fail_jpeg_at_warning(j_common_ptr codec, int level) {
  if (level < 0) fail_jpeg(codec);
}

// A few bytes can be a scan over the whole image; encoders write about ten of them.
constexpr int kMostScans = 100;

void limit_scans(j_common_ptr codec) {
  if (codec->is_decompressor != 0 && reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number <= kMostScans) return;
  auto* failure = reinterpret_cast<JpegFailure*>(codec->err);
  std::snprintf(failure->message, sizeof failure->message, "more than %d scans", kMostScans);
  std::longjmp(failure->jump, 1);
}

struct Decoder {
  jpeg_decompress_struct codec{};
  JpegFailure failure{};
  jpeg_progress_mgr progress{};
  ~Decoder() { jpeg_destroy_decompress(&codec); }
};

// The two halves keep no object with a destructor in the frame that longjmp leaves.
bool read_header(Decoder& decoder, std::span<const std::byte> bytes, ColorMode mode) {
  if (setjmp(decoder.failure.jump) != 0) return false;
  jpeg_create_decompress(&decoder.codec);
  decoder.codec.progress = &decoder.progress;
  jpeg_mem_src(&decoder.codec, reinterpret_cast<const unsigned char*>(bytes.data()),
               static_cast<unsigned long>(bytes.size()));
  jpeg_read_header(&decoder.codec, TRUE);
  decoder.codec.out_color_space = mode == ColorMode::Rgb ? JCS_RGB : JCS_GRAYSCALE;
  return true;
}

bool read_pixels(Decoder& decoder, uint8_t* pixels) {
  if (setjmp(decoder.failure.jump) != 0) return false;
  jpeg_start_decompress(&decoder.codec);
  const size_t row_bytes =
      static_cast<size_t>(decoder.codec.output_width) * static_cast<size_t>(decoder.codec.output_components);
  while (decoder.codec.output_scanline < decoder.codec.output_height) {
    JSAMPROW row = pixels + decoder.codec.output_scanline * row_bytes;
    jpeg_read_scanlines(&decoder.codec, &row, 1);
  }
  jpeg_finish_decompress(&decoder.codec);
  return true;
}

}  // namespace

Expected<Tensor> decode_jpeg(std::span<const std::byte> bytes, ColorMode mode) {
  Decoder decoder;
  decoder.codec.err = jpeg_std_error(&decoder.failure.manager);
  decoder.failure.manager.error_exit = fail_jpeg;
  decoder.failure.manager.emit_message = fail_jpeg_at_warning;
  decoder.progress.progress_monitor = limit_scans;
  const auto damaged = [&] {
    return bad_input("the JPEG image cannot be decoded, it is damaged or cut off ({})", decoder.failure.message);
  };
  if (!read_header(decoder, bytes, mode)) return damaged();
  const int64_t height = decoder.codec.image_height, width = decoder.codec.image_width;
  if (height * width > kMostPixels)
    return bad_input("the JPEG image claims {} x {} pixels, more than are decoded", width, height);
  if (decoder.codec.jpeg_color_space == JCS_CMYK || decoder.codec.jpeg_color_space == JCS_YCCK)
    return unsupported("the JPEG image has CMYK colours; save it as RGB");
  Tensor image(DType::UInt8, {height, width, mode == ColorMode::Rgb ? 3 : 1});
  if (!read_pixels(decoder, image.mutable_values<uint8_t>().data())) return damaged();
  return image;
}

}  // namespace pare
