#include "data/image.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "data/test_images.h"
#include "testing/assets.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
  const std::vector<std::byte> bytes = testing::png_of_six_pixels();
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
  const std::vector<std::byte> png = testing::png_of_six_pixels();
  EXPECT_THAT(message(std::span(png).first(50)), HasSubstr("PNG image cannot be decoded"));
}

// Files that are nothing but headers.
TEST(ImageErrors, RejectsWhatIsTooLargeOrOfOtherColours) {
  const auto error = [](std::string_view hex) { return decode_image(testing::from_hex(hex), ColorMode::Rgb).error(); };
  EXPECT_THAT(
      error("89504e470d0a1a0a0000000d494844520000ea600000ea600800000000a5b92a9e00000001494441540028387de8").message,
      HasSubstr("the PNG image claims 60000 x 60000 pixels, more than are decoded"));
  EXPECT_THAT(error("ffd8ffc0000b08fde8fde801011100ffda0008010100003f00").message,
              HasSubstr("the JPEG image claims 65000 x 65000 pixels, more than are decoded"));
  const Error cmyk = error("ffd8ffc00014080008000804011100021100031100041100ffda000e040100020003000400003f00");
  EXPECT_EQ(cmyk.code, ErrorCode::Unsupported);
  EXPECT_THAT(cmyk.message, HasSubstr("CMYK colours; save it as RGB"));
}

}  // namespace
}  // namespace pare
