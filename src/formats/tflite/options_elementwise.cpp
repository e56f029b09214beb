// Arithmetic of two tensors and parametrised activations.
#include "formats/tflite/options.h"
#include "ops/activations.h"
#include "ops/elementwise_binary.h"

namespace pare::tflite {
namespace {

template <class Table>
Expected<Attributes> read_add(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<Table>(view));
  PARE_ASSIGN(const Activation activation, activation_of(options->fused_activation_function()));
  return AddAttributes{.activation = activation, .pot_scale_int16 = options->pot_scale_int16()};
}

template <class Table, auto create>
Expected<WrittenOptions> write_add(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<AddAttributes>();
  return written<Table>(create(builder, activation_type(attributes.activation), attributes.pot_scale_int16));
}

template <class Table>
Expected<Attributes> read_mul(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<Table>(view));
  PARE_ASSIGN(const Activation activation, activation_of(options->fused_activation_function()));
  return MulAttributes{.activation = activation};
}

template <class Table, auto create>
Expected<WrittenOptions> write_mul(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  return written<Table>(create(builder, activation_type(node.attrs<MulAttributes>().activation)));
}

Expected<Attributes> read_leaky_relu(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::LeakyReluOptions>(view));
  return LeakyReluAttributes{.alpha = options->alpha()};
}

Expected<WrittenOptions> write_leaky_relu(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  return written(schema::CreateLeakyReluOptions(builder, node.attrs<LeakyReluAttributes>().alpha));
}

Expected<Attributes> read_gelu(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::GeluOptions>(view));
  return GeluAttributes{.approximate = options->approximate()};
}

Expected<WrittenOptions> write_gelu(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  return written(schema::CreateGeluOptions(builder, node.attrs<GeluAttributes>().approximate));
}

}  // namespace

std::span<const OptionsMapping> elementwise_options() {
  static constexpr OptionsMapping kMappings[] = {
      {"add", read_add<schema::AddOptions>, write_add<schema::AddOptions, schema::CreateAddOptions>},
      {"sub", read_add<schema::SubOptions>, write_add<schema::SubOptions, schema::CreateSubOptions>},
      {"mul", read_mul<schema::MulOptions>, write_mul<schema::MulOptions, schema::CreateMulOptions>},
      {"div", read_mul<schema::DivOptions>, write_mul<schema::DivOptions, schema::CreateDivOptions>},
      {"leaky_relu", read_leaky_relu, write_leaky_relu},
      {"gelu", read_gelu, write_gelu},
  };
  return kMappings;
}

}  // namespace pare::tflite
