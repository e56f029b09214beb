// Operators that change shape, type or resolution.
#include "formats/tflite/element_types.h"
#include "formats/tflite/options.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/shape_ops.h"
#include "ops/space_depth.h"

namespace pare::tflite {
namespace {

std::vector<int64_t> integers(const flatbuffers::Vector<int32_t>* vector) {
  return vector == nullptr ? std::vector<int64_t>{} : std::vector<int64_t>(vector->begin(), vector->end());
}

flatbuffers::Offset<flatbuffers::Vector<int32_t>> vector_of(flatbuffers::FlatBufferBuilder& builder,
                                                            const std::vector<int64_t>& values) {
  return builder.CreateVector(std::vector<int32_t>(values.begin(), values.end()));
}

// The shape stands beside the operator only where it has no operand for it; elsewhere it may be stale.
Expected<Attributes> read_reshape(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::ReshapeOptions>(view));
  if (view.operands.size() > 1 && view.operands[1] != nullptr) return ReshapeAttributes{};
  return ReshapeAttributes{.new_shape = integers(options->new_shape())};
}

Expected<WrittenOptions> write_reshape(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  if (node.operand(1) != nullptr) return WrittenOptions{};
  return written(schema::CreateReshapeOptions(builder, vector_of(builder, node.attrs<ReshapeAttributes>().new_shape)));
}

Expected<Attributes> read_squeeze(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::SqueezeOptions>(view));
  return SqueezeAttributes{.squeeze_dims = integers(options->squeeze_dims())};
}

Expected<WrittenOptions> write_squeeze(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  return written(
      schema::CreateSqueezeOptions(builder, vector_of(builder, node.attrs<SqueezeAttributes>().squeeze_dims)));
}

// Runtimes go by the types of operand and result; older files leave the options out.
Expected<Attributes> read_cast(const OperatorView& view) {
  if (view.results.size() != 1) return bad_input("{} results, 1 was expected", view.results.size());
  return CastAttributes{.out_data_type = view.results[0]->type.dtype};
}

Expected<WrittenOptions> write_cast(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  PARE_ASSIGN(const schema::TensorType from, tensor_type_of(node.operand(0)->type.dtype));
  PARE_ASSIGN(const schema::TensorType to, tensor_type_of(node.attrs<CastAttributes>().out_data_type));
  return written(schema::CreateCastOptions(builder, from, to));
}

Expected<Attributes> read_shape(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::ShapeOptions>(view));
  PARE_ASSIGN(const DType out_type, dtype_of(options->out_type()));
  return ShapeAttributes{.out_type = out_type};
}

Expected<WrittenOptions> write_shape(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  PARE_ASSIGN(const schema::TensorType out_type, tensor_type_of(node.attrs<ShapeAttributes>().out_type));
  return written(schema::CreateShapeOptions(builder, out_type));
}

template <class Table>
Expected<Attributes> read_resize(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<Table>(view));
  return ResizeAttributes{.align_corners = options->align_corners(),
                          .half_pixel_centers = options->half_pixel_centers()};
}

template <class Table, auto create>
Expected<WrittenOptions> write_resize(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<ResizeAttributes>();
  return written<Table>(create(builder, attributes.align_corners, attributes.half_pixel_centers));
}

template <class Table>
Expected<Attributes> read_block(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<Table>(view));
  return BlockAttributes{.block_size = options->block_size()};
}

template <class Table, auto create>
Expected<WrittenOptions> write_block(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  return written<Table>(create(builder, node.attrs<BlockAttributes>().block_size));
}

Expected<Attributes> read_mirror_pad(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::MirrorPadOptions>(view));
  switch (options->mode()) {
    case schema::MirrorPadMode::REFLECT: return MirrorPadAttributes{.mode = MirrorPadMode::Reflect};
    case schema::MirrorPadMode::SYMMETRIC: return MirrorPadAttributes{.mode = MirrorPadMode::Symmetric};
  }
  return bad_input("mirror padding mode number {}; 0 (REFLECT) or 1 (SYMMETRIC) was expected",
                   static_cast<int>(options->mode()));
}

Expected<WrittenOptions> write_mirror_pad(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const bool reflect = node.attrs<MirrorPadAttributes>().mode == MirrorPadMode::Reflect;
  return written(schema::CreateMirrorPadOptions(
      builder, reflect ? schema::MirrorPadMode::REFLECT : schema::MirrorPadMode::SYMMETRIC));
}

}  // namespace

std::span<const OptionsMapping> shape_options() {
  static constexpr OptionsMapping kMappings[] = {
      {"reshape", read_reshape, write_reshape},
      {"squeeze", read_squeeze, write_squeeze},
      {"cast", read_cast, write_cast},
      {"shape", read_shape, write_shape},
      {"resize_bilinear", read_resize<schema::ResizeBilinearOptions>,
       write_resize<schema::ResizeBilinearOptions, schema::CreateResizeBilinearOptions>},
      {"resize_nearest_neighbor", read_resize<schema::ResizeNearestNeighborOptions>,
       write_resize<schema::ResizeNearestNeighborOptions, schema::CreateResizeNearestNeighborOptions>},
      {"space_to_depth", read_block<schema::SpaceToDepthOptions>,
       write_block<schema::SpaceToDepthOptions, schema::CreateSpaceToDepthOptions>},
      {"depth_to_space", read_block<schema::DepthToSpaceOptions>,
       write_block<schema::DepthToSpaceOptions, schema::CreateDepthToSpaceOptions>},
      {"mirror_pad", read_mirror_pad, write_mirror_pad},
  };
  return kMappings;
}

}  // namespace pare::tflite
