// Matrix products, softmax, normalisation to unit length, quantize.
#include "formats/tflite/options.h"
#include "ops/batch_matmul.h"
#include "ops/fully_connected.h"
#include "ops/normalization.h"
#include "ops/quantize.h"
#include "ops/softmax.h"

namespace pare::tflite {
namespace {

Expected<Attributes> read_fully_connected(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::FullyConnectedOptions>(view));
  if (options->weights_format() != schema::FullyConnectedOptionsWeightsFormat::DEFAULT)
    return unsupported("shuffled weights; convert the network again without them");
  if (options->quant_spec() != nullptr && options->quant_spec()->size() > 0)
    return unsupported("a quantisation specification beside it; convert the network again without one");
  PARE_TRY(check_bias_type(view, 2, options->quantized_bias_type()));
  PARE_ASSIGN(const Activation activation, activation_of(options->fused_activation_function()));
  return FullyConnectedAttributes{.activation = activation,
                                  .keep_num_dims = options->keep_num_dims(),
                                  .asymmetric_quantize_inputs = options->asymmetric_quantize_inputs()};
}

Expected<WrittenOptions> write_fully_connected(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<FullyConnectedAttributes>();
  PARE_ASSIGN(const schema::TensorType bias, bias_type(node, 0, 2));
  return written(schema::CreateFullyConnectedOptions(
      builder, activation_type(attributes.activation), schema::FullyConnectedOptionsWeightsFormat::DEFAULT,
      attributes.keep_num_dims, attributes.asymmetric_quantize_inputs, bias));
}

Expected<Attributes> read_batch_matmul(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::BatchMatMulOptions>(view));
  return BatchMatmulAttributes{.adj_x = options->adj_x(),
                               .adj_y = options->adj_y(),
                               .asymmetric_quantize_inputs = options->asymmetric_quantize_inputs()};
}

Expected<WrittenOptions> write_batch_matmul(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<BatchMatmulAttributes>();
  return written(schema::CreateBatchMatMulOptions(builder, attributes.adj_x, attributes.adj_y,
                                                  attributes.asymmetric_quantize_inputs));
}

Expected<Attributes> read_softmax(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::SoftmaxOptions>(view));
  return SoftmaxAttributes{.beta = options->beta()};
}

Expected<WrittenOptions> write_softmax(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  return written(schema::CreateSoftmaxOptions(builder, node.attrs<SoftmaxAttributes>().beta));
}

Expected<Attributes> read_l2_normalization(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::L2NormOptions>(view));
  PARE_ASSIGN(const Activation activation, activation_of(options->fused_activation_function()));
  return L2NormalizationAttributes{.activation = activation};
}

Expected<WrittenOptions> write_l2_normalization(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  return written(
      schema::CreateL2NormOptions(builder, activation_type(node.attrs<L2NormalizationAttributes>().activation)));
}

// The type of the result says it all.
Expected<Attributes> read_quantize(const OperatorView& view) {
  if (view.results.size() != 1) return bad_input("{} results, 1 was expected", view.results.size());
  return QuantizeAttributes{.dtype = view.results[0]->type.dtype};
}

Expected<WrittenOptions> write_quantize(flatbuffers::FlatBufferBuilder& builder, const Node&) {
  return written(schema::CreateQuantizeOptions(builder));
}

}  // namespace

std::span<const OptionsMapping> product_options() {
  static constexpr OptionsMapping kMappings[] = {
      {"fully_connected", read_fully_connected, write_fully_connected},
      {"batch_matmul", read_batch_matmul, write_batch_matmul},
      {"softmax", read_softmax, write_softmax},
      {"l2_normalization", read_l2_normalization, write_l2_normalization},
      {"quantize", read_quantize, write_quantize},
  };
  return kMappings;
}

}  // namespace pare::tflite
