#include "ops/resize.h"

#include <algorithm>
#include <cmath>

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer(const InferContext& context) {
  PARE_TRY(check_rank(context, 0, "src", 4));
  PARE_TRY(check_index_type(context, 1, "size"));
  if (!context.shape(1).compatible_with(Shape{2}))
    return bad_input("'size' has the shape {}, height and width were expected", context.shape(1).to_string());
  const auto& attributes = context.attributes.as<ResizeAttributes>();
  if (attributes.align_corners && attributes.half_pixel_centers)
    return bad_input("align_corners and half_pixel_centers exclude each other");
  const Shape& src = context.shape(0);
  Shape dst{src[0], kDynamic, kDynamic, src[3]};
  if (context.constant(1) != nullptr) {
    const std::vector<int64_t> size = index_values(*context.constant(1));
    PARE_TRY(check_positive({{"the height", size[0]}, {"the width", size[1]}}));
    dst = Shape{src[0], size[0], size[1], src[3]};
  }
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

OpDef resize(OpDef def) {
  def.operands = {{"src", "N,H,W,C"}, {"size", "int32, height and width of dst"}};
  def.results = {{"dst", "N,H',W',C"}};
  def.attributes = ResizeAttributes{};
  def.infer = infer;
  def.cost = cost_per_element;
  def.channels = channels_last;
  def.quantization = same_scales({0});
  return def;
}

}  // namespace

std::vector<int64_t> nearest_pixels(const ResizeAttributes& attributes, int64_t src, int64_t dst) {
  const bool corners = attributes.align_corners && dst > 1;
  const float scale = corners ? static_cast<float>(src - 1) / static_cast<float>(dst - 1)
                              : static_cast<float>(src) / static_cast<float>(dst);
  const float offset = attributes.half_pixel_centers ? 0.5f : 0.f;
  std::vector<int64_t> positions;
  for (int64_t i = 0; i < dst; ++i) {
    const float place = (static_cast<float>(i) + offset) * scale;
    positions.push_back(std::clamp<int64_t>(
        static_cast<int64_t>(attributes.align_corners ? std::round(place) : std::floor(place)), 0, src - 1));
  }
  return positions;
}

std::vector<Neighbours<float>> linear_neighbours(const ResizeAttributes& attributes, int64_t src, int64_t dst) {
  const bool corners = attributes.align_corners && dst > 1;
  const float scale = corners ? static_cast<float>(src - 1) / static_cast<float>(dst - 1)
                              : static_cast<float>(src) / static_cast<float>(dst);
  std::vector<Neighbours<float>> found;
  for (int64_t i = 0; i < dst; ++i) {
    const auto at = static_cast<float>(i);
    const float place = attributes.half_pixel_centers ? (at + 0.5f) * scale - 0.5f : at * scale;
    const int64_t first = std::max<int64_t>(static_cast<int64_t>(std::floor(place)), 0);
    found.push_back(
        {first, std::min<int64_t>(static_cast<int64_t>(std::ceil(place)), src - 1), place - static_cast<float>(first)});
  }
  return found;
}

const OpDef& op_resize_bilinear() {
  static const OpDef def = resize({
      .name = "resize_bilinear",
      .summary = "Another resolution, by linear interpolation.",
      .details =
          "Pixel y of dst lies at y * s in src, with half_pixel_centers at (y + 0.5) * s - 0.5; s = H / H', with align_corners (H - 1) / (H' - 1). "
          "The four neighbours are weighted by distance; those outside count as the border.",
      .traits = {.positively_homogeneous = true},
  });
  return def;
}

const OpDef& op_resize_nearest_neighbor() {
  static const OpDef def = resize({
      .name = "resize_nearest_neighbor",
      .summary = "Another resolution, by the nearest pixel.",
      .details =
          "Pixel y of dst is pixel floor(y * s) of src, with half_pixel_centers floor((y + 0.5) * s); s = H / H'. With align_corners it is "
          "round(y * s), s = (H - 1) / (H' - 1).",
      .traits = {.moves_data = true},
  });
  return def;
}

}  // namespace pare
