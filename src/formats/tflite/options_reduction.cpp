// Reductions, places of extremes, running sums.
#include "formats/tflite/element_types.h"
#include "formats/tflite/options.h"
#include "ops/reductions.h"

namespace pare::tflite {
namespace {

Expected<Attributes> read_reduce(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::ReducerOptions>(view));
  return ReduceAttributes{.keep_dims = options->keep_dims()};
}

Expected<WrittenOptions> write_reduce(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  return written(schema::CreateReducerOptions(builder, node.attrs<ReduceAttributes>().keep_dims));
}

template <class Table>
Expected<Attributes> read_arg(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<Table>(view));
  PARE_ASSIGN(const DType output_type, dtype_of(options->output_type()));
  return ArgMinMaxAttributes{.output_type = output_type};
}

template <class Table, auto create>
Expected<WrittenOptions> write_arg(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  PARE_ASSIGN(const schema::TensorType output_type, tensor_type_of(node.attrs<ArgMinMaxAttributes>().output_type));
  return written<Table>(create(builder, output_type));
}

Expected<Attributes> read_cumsum(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::CumsumOptions>(view));
  return CumsumAttributes{.exclusive = options->exclusive(), .reverse = options->reverse()};
}

Expected<WrittenOptions> write_cumsum(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<CumsumAttributes>();
  return written(schema::CreateCumsumOptions(builder, attributes.exclusive, attributes.reverse));
}

}  // namespace

std::span<const OptionsMapping> reduction_options() {
  static constexpr OptionsMapping kMappings[] = {
      {"mean", read_reduce, write_reduce},
      {"sum", read_reduce, write_reduce},
      {"reduce_max", read_reduce, write_reduce},
      {"reduce_min", read_reduce, write_reduce},
      {"reduce_prod", read_reduce, write_reduce},
      {"reduce_any", read_reduce, write_reduce},
      {"reduce_all", read_reduce, write_reduce},
      {"arg_max", read_arg<schema::ArgMaxOptions>, write_arg<schema::ArgMaxOptions, schema::CreateArgMaxOptions>},
      {"arg_min", read_arg<schema::ArgMinOptions>, write_arg<schema::ArgMinOptions, schema::CreateArgMinOptions>},
      {"cumsum", read_cumsum, write_cumsum},
  };
  return kMappings;
}

}  // namespace pare::tflite
