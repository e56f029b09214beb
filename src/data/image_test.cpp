#include "data/image.h"

#include <gmock/gmock.h>

#include <array>

#include "base/files.h"
#include "testing/assets.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A PNG of 3 x 2 pixels: red, green, blue; white, black, grey 128.
constexpr std::array<uint8_t, 83> kPng{
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x02, 0x08, 0x02, 0x00, 0x00, 0x00, 0x12, 0x16, 0xf1, 0x4d, 0x00,
    0x00, 0x00, 0x1a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x05, 0xc1, 0x81, 0x01, 0x00, 0x20, 0x08, 0xc0,
    0x20, 0xec, 0x72, 0xbd, 0x7c, 0x81, 0x10, 0x7a, 0xca, 0xd8, 0xbd, 0x0f, 0x3e, 0xf2, 0x06, 0x80, 0x1c,
    0xf8, 0xe7, 0xce, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

TEST(Image, ResizesBetweenPixelCentres) {
  const Tensor image = Tensor::of<uint8_t>({1, 2, 1}, {0, 100});
  const Tensor wide = resize_image(image, 1, 4, ResizeFilter::Bilinear);
  EXPECT_THAT(wide.values<float>(), ElementsAre(0, 25, 75, 100));
  const Tensor nearest = resize_image(image, 2, 4, ResizeFilter::Nearest);
  EXPECT_THAT(nearest.values<float>(), ElementsAre(0, 0, 100, 100, 0, 0, 100, 100));
  EXPECT_THAT(
      resize_image(Tensor::of<uint8_t>({1, 4, 1}, {0, 10, 20, 30}), 1, 2, ResizeFilter::Bilinear).values<float>(),
      ElementsAre(5, 25));
}

TEST(Image, CropsTheMiddleAndMirrors) {
  const Tensor image = Tensor::of<uint8_t>({3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_THAT(crop_centre(image, 1, 1)->values<uint8_t>(), ElementsAre(5));
  EXPECT_THAT(crop_centre(image, 2, 2)->values<uint8_t>(), ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(mirror_image(image).values<uint8_t>(), ElementsAre(3, 2, 1, 6, 5, 4, 9, 8, 7));
  EXPECT_THAT(crop_centre(image, 4, 2).error().message, HasSubstr("3 x 3 pixels, the cut needs 2 x 4"));
}

TEST(Image, ChannelsMoveToTheEnd) {
  const Tensor planes = Tensor::of<uint8_t>({2, 1, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor image = channels_last(planes);
  EXPECT_EQ(image.shape(), (Shape{1, 3, 2}));
  EXPECT_THAT(image.values<uint8_t>(), ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(Image, DecodesPng) {
  const auto bytes = std::as_bytes(std::span(kPng));
  const auto rgb = decode_image(bytes, ColorMode::Rgb);
  ASSERT_TRUE(rgb) << rgb.error().to_string();
  EXPECT_EQ(rgb->shape(), (Shape{2, 3, 3}));
  EXPECT_THAT(rgb->values<uint8_t>(),
              ElementsAre(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 128, 128, 128));
  const auto grey = decode_image(bytes, ColorMode::Grey);
  ASSERT_TRUE(grey);
  EXPECT_THAT(grey->values<uint8_t>(), ElementsAre(76, 150, 29, 255, 0, 128));
}

TEST(Image, DecodesJpeg) {
  PARE_REQUIRE_ASSET("data/imagenet_256/n01443537_goldfish.JPEG");
  const auto bytes = read_file(testing::assets() / "data/imagenet_256/n01443537_goldfish.JPEG");
  const auto image = decode_image(*bytes, ColorMode::Rgb);
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(image->shape(), (Shape{256, 256, 3}));
  const auto pixels = image->values<uint8_t>();
  EXPECT_THAT(std::vector<int>(pixels.begin(), pixels.begin() + 6), ElementsAre(3, 5, 4, 2, 4, 3));
  EXPECT_EQ(decode_image(*bytes, ColorMode::Grey)->shape(), (Shape{256, 256, 1}));
  const auto cut = decode_image(std::span(*bytes).first(bytes->size() / 2), ColorMode::Rgb);
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().message, HasSubstr("damaged or cut off"));
}

TEST(ImageErrors, RejectsWhatIsNoPicture) {
  const auto message = [](std::span<const std::byte> bytes) {
    return decode_image(bytes, ColorMode::Rgb).error().message;
  };
  EXPECT_THAT(message({}), HasSubstr("neither a JPEG nor a PNG"));
  EXPECT_THAT(message(std::as_bytes(std::span("\xFF\xD8\xFF junk"))), HasSubstr("JPEG image cannot be decoded"));
  EXPECT_THAT(message(std::as_bytes(std::span(kPng)).first(50)), HasSubstr("PNG image cannot be decoded"));
  std::array<uint8_t, kPng.size()> huge = kPng;
  huge[16] = 0x7F;  // the width
  EXPECT_THAT(message(std::as_bytes(std::span(huge))), HasSubstr("PNG image"));
}

}  // namespace
}  // namespace pare
