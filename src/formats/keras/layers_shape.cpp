// Layers that move, repeat or resample elements.
#include <algorithm>

#include "formats/keras/layers.h"
#include "formats/keras/windowed.h"
#include "ops/resize.h"
#include "ops/window.h"

namespace pare::keras {
namespace {

// Elements added or removed at both ends of each spatial dimension. The setting is a number for all, a pair for one dimension, or a
// number or pair for each.
Expected<std::vector<PaddingExtents>> read_ends(LayerBuilder& builder, const char* key) {
  const size_t rank = spatial_rank(builder.layer.class_name);
  const Json* given = builder.settings.find(key);
  const auto wrong = [&] {
    return bad_input("setting '{}' is {}, numbers or pairs for {} dimensions were expected", key,
                     given == nullptr ? "missing" : excerpt(*given), rank);
  };
  const auto number = [](const Json& json) {
    return json.is_number_integer() && json.get<int64_t>() >= 0 && json.get<int64_t>() < (1 << 20);
  };
  const auto parse = [&](const Json& json) -> std::optional<PaddingExtents> {
    if (number(json)) return PaddingExtents{json.get<int64_t>(), json.get<int64_t>()};
    if (json.is_array() && json.size() == 2 && number(json[0]) && number(json[1]))
      return PaddingExtents{json[0].get<int64_t>(), json[1].get<int64_t>()};
    return std::nullopt;
  };
  std::vector<PaddingExtents> ends;
  if (given == nullptr) return wrong();
  const bool one_for_each = given->is_array() && given->size() == rank && rank > 1;
  for (size_t i = 0; i < rank; ++i) {
    const auto parsed = parse(one_for_each ? (*given)[i] : *given);
    if (!parsed || (rank > 1 && given->is_array() && !one_for_each)) return wrong();
    ends.push_back(*parsed);
  }
  return ends;
}

Expected<Value*> spatial_source(LayerBuilder& builder) {
  PARE_TRY(builder.require_channels_last());
  const int rank = static_cast<int>(spatial_rank(builder.layer.class_name)) + 2;
  return builder.only_input(rank, rank);
}

// Resamples N,H,W,C; half-pixel centres, as tf.image.resize has them.
Expected<Value*> resize(LayerBuilder& builder, Value* src, int64_t height, int64_t width,
                        const std::string& interpolation) {
  if (interpolation != "nearest" && interpolation != "bilinear")
    return unsupported("interpolation '{}' is not supported; use nearest or bilinear", interpolation);
  if (height < 1 || width < 1) return bad_input("the size {} x {} is not positive", height, width);
  PARE_TRY(check_size({height, width}));
  return builder.append(interpolation == "nearest" ? "resize_nearest_neighbor" : "resize_bilinear",
                        ResizeAttributes{.half_pixel_centers = true}, {src, builder.int32s("size", {height, width})});
}

}  // namespace

Expected<Value*> build_flatten(LayerBuilder& builder) {
  PARE_TRY(builder.require_channels_last());
  PARE_ASSIGN(Value * src, builder.only_input(1, 6));
  const Shape& shape = src->type.shape;
  if (shape.rank() == 2) return src;
  return builder.reshape(src, {shape[0], shape.elements(1, shape.rank())});
}

Expected<Value*> build_reshape(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(1, 6));
  std::vector<int64_t> target = builder.settings.integers("target_shape", 0);
  PARE_TRY(builder.settings.status());
  const Shape& shape = src->type.shape;
  const int64_t elements = shape.elements(1, shape.rank());
  int64_t known = 1;
  for (const int64_t extent : target) {
    if (extent < -1 || extent == 0 || (extent > 0 && known > elements))
      return bad_input("its target shape does not hold {} elements", elements);
    known *= extent == -1 ? 1 : extent;
  }
  const auto open = std::find(target.begin(), target.end(), -1);
  if (std::count(target.begin(), target.end(), -1) > 1)
    return bad_input("its target shape leaves more than one extent open");
  if (elements % known != 0 || (open == target.end() && known != elements))
    return bad_input("its target shape does not hold {} elements", elements);
  if (open != target.end()) *open = elements / known;
  target.insert(target.begin(), shape[0]);
  return builder.reshape(src, target);
}

Expected<Value*> build_permute(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(2, 6));
  std::vector<int64_t> permutation = builder.settings.integers("dims", static_cast<size_t>(src->type.shape.rank()) - 1);
  PARE_TRY(builder.settings.status());
  permutation.insert(permutation.begin(), 0);
  return builder.append("transpose", {src, builder.int32s("permutation", permutation)});
}

Expected<Value*> build_repeat_vector(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(2, 2));
  const int64_t times = builder.settings.integer("n");
  PARE_TRY(builder.settings.status());
  if (times < 1) return bad_input("n is {}, at least 1 was expected", times);
  PARE_ASSIGN(Value * row, builder.reshape(src, {src->type.shape[0], 1, src->type.shape[1]}));
  return builder.append("tile", {row, builder.int32s("multiples", {1, times, 1})});
}

Expected<Value*> build_zero_padding(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, spatial_source(builder));
  PARE_ASSIGN(const auto ends, read_ends(builder, "padding"));
  std::vector<int32_t> paddings{0, 0};
  for (const PaddingExtents& each : ends) {
    paddings.push_back(static_cast<int32_t>(each.before));
    paddings.push_back(static_cast<int32_t>(each.after));
  }
  paddings.insert(paddings.end(), {0, 0});
  return builder.append("pad",
                        {src, builder.constant("paddings", Tensor::of(Shape{src->type.shape.rank(), 2}, paddings))});
}

Expected<Value*> build_cropping(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, spatial_source(builder));
  PARE_ASSIGN(const auto ends, read_ends(builder, "cropping"));
  const Shape& shape = src->type.shape;
  std::vector<int64_t> begin(static_cast<size_t>(shape.rank()), 0), size(begin.size(), -1);
  for (size_t i = 0; i < ends.size(); ++i) {
    const int64_t extent = shape[static_cast<int>(i) + 1];
    begin[i + 1] = ends[i].before;
    size[i + 1] = extent - ends[i].before - ends[i].after;
    if (size[i + 1] < 1)
      return bad_input("it crops {} and {} of {} elements; nothing is left", ends[i].before, ends[i].after, extent);
  }
  return builder.append("slice", {src, builder.int32s("begin", begin), builder.int32s("size", size)});
}

Expected<Value*> build_up_sampling(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, spatial_source(builder));
  const size_t rank = spatial_rank(builder.layer.class_name);
  const auto factors = builder.settings.integers("size", rank, 2);
  const std::string interpolation = builder.settings.text("interpolation", "nearest");
  PARE_TRY(builder.settings.status());
  const Shape& shape = src->type.shape;
  if (rank == 2) return resize(builder, src, shape[1] * factors[0], shape[2] * factors[1], interpolation);
  PARE_ASSIGN(Value * column, builder.reshape(src, {shape[0], shape[1], 1, shape[2]}));
  PARE_ASSIGN(Value * longer, resize(builder, column, shape[1] * factors[0], 1, interpolation));
  return builder.reshape(longer, {shape[0], shape[1] * factors[0], shape[2]});
}

Expected<Value*> build_resizing(LayerBuilder& builder) {
  PARE_TRY(builder.require_channels_last());
  PARE_ASSIGN(Value * src, builder.only_input(4, 4));
  const int64_t height = builder.settings.integer("height"), width = builder.settings.integer("width");
  const std::string interpolation = builder.settings.text("interpolation", "bilinear");
  for (const char* key : {"crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"})
    if (builder.settings.flag(key, false)) return unsupported("{} is not supported; resize without it", key);
  PARE_TRY(builder.settings.status());
  return resize(builder, src, height, width, interpolation);
}

}  // namespace pare::keras
