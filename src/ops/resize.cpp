#include "ops/resize.h"

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

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
  def.quantization = same_scales({0});
  return def;
}

}  // namespace

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
