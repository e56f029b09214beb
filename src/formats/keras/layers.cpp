#include "formats/keras/layers.h"

#include <map>
#include <set>

#include "formats/keras/settings.h"

namespace pare::keras {
namespace {

using Build = Expected<Value*> (*)(LayerBuilder&);

bool flag_of(const Layer& layer, std::string_view key) {
  return Settings(layer.config).flag(key, true);  // a wrong kind is reported by the builder
}

using Specs = std::vector<WeightSpec>;

Specs no_weights(const Layer&) { return {}; }
Specs kernel_weights(const Layer& layer) {
  Specs specs{{"kernel"}};
  if (flag_of(layer, "use_bias")) specs.push_back({"bias"});
  return specs;
}
Specs depthwise_weights(const Layer& layer) {
  Specs specs{{"depthwise_kernel"}};
  if (flag_of(layer, "use_bias")) specs.push_back({"bias"});
  return specs;
}
Specs separable_weights(const Layer& layer) {
  Specs specs{{"depthwise_kernel"}, {"pointwise_kernel"}};
  if (flag_of(layer, "use_bias")) specs.push_back({"bias"});
  return specs;
}
Specs scale_weights(const Layer& layer) {
  Specs specs;
  if (flag_of(layer, "scale")) specs.push_back({"gamma"});
  if (flag_of(layer, "center")) specs.push_back({"beta"});
  return specs;
}
Specs batch_normalization_weights(const Layer& layer) {
  Specs specs = scale_weights(layer);
  specs.push_back({"moving_mean", false});
  specs.push_back({"moving_variance", false});
  return specs;
}
Specs statistics_weights(const Layer& layer) {
  if (Settings(layer.config).find("mean") != nullptr) return {};  // given as settings
  return {{"mean", false}, {"variance", false}, {"count", false}};
}
Specs embedding_weights(const Layer&) { return {{"embeddings"}}; }
Specs prelu_weights(const Layer&) { return {{"alpha"}}; }

struct LayerClass {
  Build build;
  Specs (*weights)(const Layer&) = no_weights;
};

const std::map<std::string, LayerClass, std::less<>>& classes() {
  static const std::map<std::string, LayerClass, std::less<>> table = [] {
    std::map<std::string, LayerClass, std::less<>> entries{
        {"Dense", {build_dense, kernel_weights}},
        {"Embedding", {build_embedding, embedding_weights}},
        {"Conv1D", {build_convolution, kernel_weights}},
        {"Conv2D", {build_convolution, kernel_weights}},
        {"DepthwiseConv1D", {build_depthwise, depthwise_weights}},
        {"DepthwiseConv2D", {build_depthwise, depthwise_weights}},
        {"SeparableConv1D", {build_separable, separable_weights}},
        {"SeparableConv2D", {build_separable, separable_weights}},
        {"Conv1DTranspose", {build_transposed_convolution, kernel_weights}},
        {"Conv2DTranspose", {build_transposed_convolution, kernel_weights}},
        {"BatchNormalization", {build_batch_normalization, batch_normalization_weights}},
        {"LayerNormalization", {build_layer_normalization, scale_weights}},
        {"GroupNormalization", {build_group_normalization, scale_weights}},
        {"UnitNormalization", {build_unit_normalization}},
        {"Normalization", {build_normalization, statistics_weights}},
        {"Rescaling", {build_rescaling}},
        {"Activation", {build_activation}},
        {"ReLU", {build_relu}},
        {"LeakyReLU", {build_leaky_relu}},
        {"PReLU", {build_prelu, prelu_weights}},
        {"ELU", {build_elu}},
        {"ThresholdedReLU", {build_thresholded_relu}},
        {"Softmax", {build_softmax}},
        {"Average", {build_average}},
        {"Concatenate", {build_concatenate}},
        {"Dot", {build_dot}},
        {"Flatten", {build_flatten}},
        {"Reshape", {build_reshape}},
        {"Permute", {build_permute}},
        {"RepeatVector", {build_repeat_vector}},
        {"UpSampling1D", {build_up_sampling}},
        {"UpSampling2D", {build_up_sampling}},
        {"Resizing", {build_resizing}},
    };
    const auto add = [&entries](Build build, std::initializer_list<const char*> names) {
      for (const char* name : names) entries.emplace(name, LayerClass{build});
    };
    add(build_pooling, {"MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"});
    add(build_global_pooling, {"GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D",
                               "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D"});
    add(build_arithmetic, {"Add", "Subtract", "Multiply", "Maximum", "Minimum", "Divide", "TrueDivide", "TFOpLambda"});
    add(build_zero_padding, {"ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"});
    add(build_cropping, {"Cropping1D", "Cropping2D", "Cropping3D"});
    add(build_dropout, {"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"});
    add(build_identity,
        {"AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization", "Identity", "RandomFlip",
         "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness"});
    return entries;
  }();
  return table;
}

// Well-known classes that cannot be read, each with what to do.
std::string_view remedy(const std::string& class_name) {
  static const std::set<std::string, std::less<>> recurrent{
      "LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "TimeDistributed"};
  static const std::set<std::string, std::less<>> attention{"Attention", "AdditiveAttention", "MultiHeadAttention",
                                                            "GroupQueryAttention"};
  if (recurrent.contains(class_name)) return "recurrent layers are not supported";
  if (attention.contains(class_name)) return "attention layers are not supported";
  if (class_name == "Lambda")
    return "a Lambda layer holds Python code; rebuild the model with a layer of Keras in its place";
  if (class_name == "PruneLowMagnitude")
    return "the model still carries pruning wrappers; call tfmot.sparsity.keras.strip_pruning and save the result";
  if (class_name == "ClusterWeights")
    return "the model still carries clustering wrappers; call tfmot.clustering.keras.strip_clustering and save the result";
  if (class_name.starts_with("Quantize"))
    return "the model still carries quantisation wrappers; convert it to TFLite and give that file";
  return "only layers of Keras itself are supported; rebuild the model from those, or convert it to TFLite and give that file";
}

// Classes that take integers as they are; all others work in float32.
bool takes_integers(const std::string& class_name) {
  static const std::set<std::string, std::less<>> names{"Embedding", "Flatten",      "Reshape",
                                                        "Permute",   "RepeatVector", "Concatenate"};
  return names.contains(class_name);
}

std::string describe(const Layer& layer) { return fmt::format("layer '{}' ({})", layer.name, layer.class_name); }

}  // namespace

std::vector<WeightSpec> weight_specs(const Layer& layer) {
  const auto found = classes().find(layer.class_name);
  return found == classes().end() || layer.network != nullptr ? Specs{} : found->second.weights(layer);
}

Expected<void> check_supported(const Network& network) {
  for (const Layer& layer : network.layers) {
    if (layer.network != nullptr)
      PARE_TRY(check_supported(*layer.network));
    else if (!layer.is_input() && !classes().contains(layer.class_name))
      return unsupported("{}: {}", describe(layer), remedy(layer.class_name));
  }
  return {};
}

Expected<Value*> build_layer(LayerBuilder& builder) {
  const auto found = classes().find(builder.layer.class_name);
  if (found == classes().end()) return unsupported("{}", remedy(builder.layer.class_name));
  if (builder.inputs.empty()) return bad_input("it is applied to nothing; at least one input was expected");
  if (!takes_integers(builder.layer.class_name))
    for (Value*& input : builder.inputs) {
      if (input->type.dtype == DType::Float32) continue;
      PARE_ASSIGN(input, builder.cast(input, DType::Float32));
    }
  return found->second.build(builder);
}

}  // namespace pare::keras
