// Operators that join tensors, take them apart, or read at indices; composites.
#include <algorithm>

#include "formats/tflite/options.h"
#include "ops/composite.h"
#include "ops/gather.h"
#include "ops/join_split.h"
#include "ops/slice.h"

namespace pare::tflite {
namespace {

Expected<Attributes> read_concatenation(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::ConcatenationOptions>(view));
  PARE_ASSIGN(const Activation activation, activation_of(options->fused_activation_function()));
  return ConcatenationAttributes{.axis = options->axis(), .activation = activation};
}

Expected<WrittenOptions> write_concatenation(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<ConcatenationAttributes>();
  return written(schema::CreateConcatenationOptions(builder, attributes.axis, activation_type(attributes.activation)));
}

Expected<Attributes> read_pack(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::PackOptions>(view));
  return PackAttributes{.values_count = options->values_count(), .axis = options->axis()};
}

Expected<WrittenOptions> write_pack(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<PackAttributes>();
  return written(schema::CreatePackOptions(builder, attributes.values_count, attributes.axis));
}

Expected<Attributes> read_unpack(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::UnpackOptions>(view));
  return UnpackAttributes{.num = options->num(), .axis = options->axis()};
}

Expected<WrittenOptions> write_unpack(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<UnpackAttributes>();
  return written(schema::CreateUnpackOptions(builder, attributes.num, attributes.axis));
}

template <class Table>
Expected<Attributes> read_split(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<Table>(view));
  return SplitAttributes{.num_splits = options->num_splits()};
}

template <class Table, auto create>
Expected<WrittenOptions> write_split(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  return written<Table>(create(builder, node.attrs<SplitAttributes>().num_splits));
}

Expected<Attributes> read_strided_slice(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::StridedSliceOptions>(view));
  return StridedSliceAttributes{.begin_mask = options->begin_mask(),
                                .end_mask = options->end_mask(),
                                .ellipsis_mask = options->ellipsis_mask(),
                                .new_axis_mask = options->new_axis_mask(),
                                .shrink_axis_mask = options->shrink_axis_mask(),
                                .offset = options->offset()};
}

Expected<WrittenOptions> write_strided_slice(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<StridedSliceAttributes>();
  return written(schema::CreateStridedSliceOptions(builder, attributes.begin_mask, attributes.end_mask,
                                                   attributes.ellipsis_mask, attributes.new_axis_mask,
                                                   attributes.shrink_axis_mask, attributes.offset));
}

Expected<Attributes> read_gather(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::GatherOptions>(view));
  return GatherAttributes{.axis = options->axis(), .batch_dims = options->batch_dims()};
}

Expected<WrittenOptions> write_gather(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<GatherAttributes>();
  return written(schema::CreateGatherOptions(builder, attributes.axis, attributes.batch_dims));
}

Expected<Attributes> read_one_hot(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::OneHotOptions>(view));
  return OneHotAttributes{.axis = options->axis()};
}

Expected<WrittenOptions> write_one_hot(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  return written(schema::CreateOneHotOptions(builder, node.attrs<OneHotAttributes>().axis));
}

Expected<Attributes> read_composite(const OperatorView& view) {
  const auto* options = view.record.builtin_options_2_as_StableHLOCompositeOptions();
  if (options == nullptr) return bad_input("StableHLOCompositeOptions were expected beside it");
  if (options->composite_attributes_format() != schema::CustomOptionsFormat::FLEXBUFFERS)
    return bad_input("attributes in format number {}", static_cast<int>(options->composite_attributes_format()));
  CompositeAttributes attributes{.decomposition = options->decomposition_subgraph_index(),
                                 .version = options->version()};
  if (options->name() != nullptr) attributes.name = options->name()->str();
  if (const auto* bytes = options->composite_attributes(); bytes != nullptr)
    attributes.composite_attributes.assign(bytes->begin(), bytes->end());
  return attributes;
}

Expected<WrittenOptions> write_composite(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<CompositeAttributes>();
  if (std::any_of(attributes.composite_attributes.begin(), attributes.composite_attributes.end(),
                  [](int64_t b) { return b < 0 || b > 255; }))
    return bad_input("its attached bytes are not bytes");
  const std::vector<uint8_t> bytes(attributes.composite_attributes.begin(), attributes.composite_attributes.end());
  const auto name = builder.CreateString(attributes.name);
  const auto attached = builder.CreateVector(bytes);
  const auto table = schema::CreateStableHLOCompositeOptions(
      builder, name, attributes.decomposition, attached, schema::CustomOptionsFormat::FLEXBUFFERS, attributes.version);
  return WrittenOptions{.table = table.Union(), .type_2 = schema::BuiltinOptions2::StableHLOCompositeOptions};
}

}  // namespace

std::span<const OptionsMapping> selection_options() {
  static constexpr OptionsMapping kMappings[] = {
      {"concatenation", read_concatenation, write_concatenation},
      {"pack", read_pack, write_pack},
      {"unpack", read_unpack, write_unpack},
      {"split", read_split<schema::SplitOptions>, write_split<schema::SplitOptions, schema::CreateSplitOptions>},
      {"split_v", read_split<schema::SplitVOptions>, write_split<schema::SplitVOptions, schema::CreateSplitVOptions>},
      {"strided_slice", read_strided_slice, write_strided_slice},
      {"gather", read_gather, write_gather},
      {"one_hot", read_one_hot, write_one_hot},
      {"composite", read_composite, write_composite},
  };
  return kMappings;
}

}  // namespace pare::tflite
