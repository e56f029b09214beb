// Times the bare oneDNN primitives of one step of training, one after the other, without our engine: convolutions, normalisations with
// their ReLU, inner products and poolings, forward and backward. Activations are NHWC, weights lie as oneDNN likes; nothing is
// reordered, added, masked, updated or scored. bare_training NET.h5 --batch 32 --threads 2
#include "training_setup.h"
#include "engine/onednn.h"
#include "engine/threads.h"
#include "ops/batch_normalization_training.h"
#include "ops/conv_2d.h"
#include "ops/onednn_convolution.h"
#include "ops/pool_2d.h"

namespace pare {
namespace {

using dnnl::memory;
using Desc = memory::desc;
constexpr auto kF32 = memory::data_type::f32;
constexpr auto kTraining = dnnl::prop_kind::forward_training;

struct Primitive {
  std::string what, detail;
  dnnl::primitive primitive;
  std::unordered_map<int, memory> arguments;

  void run() const { primitive.execute(onednn::stream(), arguments); }
};

// Values and their gradients by name, each in one piece of memory that the next primitive reads.
class Memories {
 public:
  memory get(const std::string& name, const Desc& desc) {
    for (const memory& each : made_[name])
      if (each.get_desc() == desc) return each;
    memory made(desc, onednn::cpu());
    const Tensor filling =
        noise({DType::Float32, Shape{static_cast<int64_t>(desc.get_size() / sizeof(float))}, {}}, 1, 1);
    std::memcpy(made.get_data_handle(), filling.bytes().data(), filling.bytes().size());
    return made_[name].emplace_back(made);
  }

 private:
  std::unordered_map<std::string, std::vector<memory>> made_;
};

// Collects the forward primitives in order and, in front of those collected so far, the backward ones.
class Collector {
 public:
  void visit(const Node& node) {
    if (node.is("conv_2d") || node.is("depthwise_conv_2d")) convolution(node);
    if (node.is("batch_normalization_training")) normalization(node);
    if (node.is("fully_connected")) inner_product(node);
    if (node.is("average_pool_2d") || node.is("max_pool_2d")) pooling(node);
  }

  std::vector<Primitive> all() && {
    std::move(backward_.rbegin(), backward_.rend(), std::back_inserter(forward_));
    return std::move(forward_);
  }

 private:
  struct Names {
    explicit Names(const Node& node)
        : src(node.operand(0)->name),
          dst(node.result()->name),
          dsrc(src + "'"),
          ddst(dst + "'"),
          own(node.result()->name + "/") {}
    std::string src, dst, dsrc, ddst, own;
  };

  static Desc image(const Value* value) { return onednn::nhwc(value->type.shape, kF32); }

  // What comes straight from the input of the network needs no gradient.
  static bool wants_gradient(const Value* value) {
    while (value->producer != nullptr && value->producer->is("reshape")) value = value->producer->operand(0);
    return value->producer != nullptr;
  }

  void add(std::vector<Primitive>& to, const Node& node, std::string_view direction, dnnl::primitive primitive,
           std::unordered_map<int, memory> arguments) {
    to.push_back({fmt::format("{} {}", node.op().name, direction), node.operand(0)->type.shape.to_string(),
                  std::move(primitive), std::move(arguments)});
  }

  // The three directions of what has weights. `described`: the primitive's own descriptor, which knows the layouts it chose.
  template <class Described>
  void add_forward(const Node& node, dnnl::primitive primitive, const Described& described, const Desc& src,
                   const Desc& dst) {
    const Names at(node);
    add(forward_, node, "forward", std::move(primitive),
        {{DNNL_ARG_SRC, memories_.get(at.src, src)},
         {DNNL_ARG_WEIGHTS, memories_.get(at.own + "w", described.weights_desc())},
         {DNNL_ARG_BIAS, memories_.get(at.own + "b", described.bias_desc())},
         {DNNL_ARG_DST, memories_.get(at.dst, dst)}});
  }

  template <class Described>
  void add_backward_data(const Node& node, dnnl::primitive primitive, const Described& described, const Desc& src,
                         const Desc& dst) {
    const Names at(node);
    add(backward_, node, "backward data", std::move(primitive),
        {{DNNL_ARG_DIFF_DST, memories_.get(at.ddst, dst)},
         {DNNL_ARG_WEIGHTS, memories_.get(at.own + "w", described.weights_desc())},
         {DNNL_ARG_DIFF_SRC, memories_.get(at.dsrc, src)}});
  }

  template <class Described>
  void add_backward_weights(const Node& node, dnnl::primitive primitive, const Described& described, const Desc& src,
                            const Desc& dst) {
    const Names at(node);
    add(backward_, node, "backward weights", std::move(primitive),
        {{DNNL_ARG_SRC, memories_.get(at.src, src)},
         {DNNL_ARG_DIFF_DST, memories_.get(at.ddst, dst)},
         {DNNL_ARG_DIFF_WEIGHTS, memories_.get(at.own + "w'", described.diff_weights_desc())},
         {DNNL_ARG_DIFF_BIAS, memories_.get(at.own + "b'", described.diff_bias_desc())}});
  }

  void convolution(const Node& node) {
    const auto& a = node.attrs<Conv2dAttributes>();
    const Shape& w = node.operand(1)->type.shape;
    const bool depthwise = node.is("depthwise_conv_2d"), biased = node.operand(2) != nullptr;
    const ConvolutionGeometry g(node.operand(0)->type.shape, node.result()->type.shape, depthwise ? 1 : w[3],
                                a.window_h(w[1]), a.window_w(w[2]), a.padding);
    const Desc src = image(node.operand(0)), dst = image(node.result()),
               weights =
                   onednn::any_layout((depthwise ? depthwise_onednn_weights(g) : conv_2d_onednn_weights(g)).dims, kF32),
               bias = biased ? onednn::plain({g.dst_c}, kF32) : Desc();
    const memory::dims strides{g.h.stride, g.w.stride}, dilations{g.h.dilation - 1, g.w.dilation - 1},
        before{g.pad_h.before, g.pad_w.before}, after{g.pad_h.after, g.pad_w.after};
    constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
    using Forward = dnnl::convolution_forward;
    const Forward::primitive_desc forward(
        Forward::desc(kTraining, kAlgorithm, src, weights, bias, dst, strides, dilations, before, after),
        onednn::cpu());
    add_forward(node, Forward(forward), forward, src, dst);
    if (wants_gradient(node.operand(0))) {
      using Data = dnnl::convolution_backward_data;
      const Data::primitive_desc data(Data::desc(kAlgorithm, src, weights, dst, strides, dilations, before, after),
                                      onednn::cpu(), forward);
      add_backward_data(node, Data(data), data, src, dst);
    }
    using Weights = dnnl::convolution_backward_weights;
    const Weights::primitive_desc gradient(
        Weights::desc(kAlgorithm, src, weights, bias, dst, strides, dilations, before, after), onednn::cpu(), forward);
    add_backward_weights(node, Weights(gradient), gradient, src, dst);
  }

  void normalization(const Node& node) {
    const auto& a = node.attrs<BatchNormalizationTrainingAttributes>();
    using Flags = dnnl::normalization_flags;
    Flags flags = Flags::use_scale | Flags::use_shift;
    if (a.activation != Activation::None) flags |= Flags::fuse_norm_relu;
    const Desc src = image(node.operand(0)), vector = onednn::plain({node.operand(0)->type.shape[-1]}, kF32);
    using Forward = dnnl::batch_normalization_forward;
    const Forward::primitive_desc forward(Forward::desc(kTraining, src, a.epsilon, flags), onednn::cpu());
    const Names at(node);
    const auto shared = [&](std::unordered_map<int, memory> arguments) {
      arguments[DNNL_ARG_SRC] = memories_.get(at.src, src);
      arguments[DNNL_ARG_SCALE] = memories_.get(at.own + "gamma", vector);
      arguments[DNNL_ARG_SHIFT] = memories_.get(at.own + "beta", vector);
      arguments[DNNL_ARG_MEAN] = memories_.get(at.own + "mean", vector);
      arguments[DNNL_ARG_VARIANCE] = memories_.get(at.own + "variance", vector);
      if (a.activation != Activation::None)
        arguments[DNNL_ARG_WORKSPACE] = memories_.get(at.own + "passed", forward.workspace_desc());
      return arguments;
    };
    add(forward_, node, "forward", Forward(forward), shared({{DNNL_ARG_DST, memories_.get(at.dst, src)}}));
    using Backward = dnnl::batch_normalization_backward;
    const Backward::primitive_desc backward(Backward::desc(dnnl::prop_kind::backward, src, src, a.epsilon, flags),
                                            onednn::cpu(), forward);
    add(backward_, node, "backward", Backward(backward),
        shared({{DNNL_ARG_DIFF_DST, memories_.get(at.ddst, src)},
                {DNNL_ARG_DIFF_SRC, memories_.get(at.dsrc, src)},
                {DNNL_ARG_DIFF_SCALE, memories_.get(at.own + "gamma'", vector)},
                {DNNL_ARG_DIFF_SHIFT, memories_.get(at.own + "beta'", vector)}}));
  }

  void inner_product(const Node& node) {
    const Shape& w = node.operand(1)->type.shape;
    const int64_t rows = node.operand(0)->type.shape.elements() / w[1];
    const Desc src = onednn::plain({rows, w[1]}, kF32), weights = onednn::any_layout({w[0], w[1]}, kF32),
               bias = node.operand(2) != nullptr ? onednn::plain({w[0]}, kF32) : Desc(),
               dst = onednn::plain({rows, w[0]}, kF32);
    using Forward = dnnl::inner_product_forward;
    const Forward::primitive_desc forward(Forward::desc(kTraining, src, weights, bias, dst), onednn::cpu());
    add_forward(node, Forward(forward), forward, src, dst);
    if (wants_gradient(node.operand(0))) {
      using Data = dnnl::inner_product_backward_data;
      const Data::primitive_desc data(Data::desc(src, weights, dst), onednn::cpu(), forward);
      add_backward_data(node, Data(data), data, src, dst);
    }
    using Weights = dnnl::inner_product_backward_weights;
    const Weights::primitive_desc gradient(Weights::desc(src, weights, bias, dst), onednn::cpu(), forward);
    add_backward_weights(node, Weights(gradient), gradient, src, dst);
  }

  void pooling(const Node& node) {
    const auto& a = node.attrs<Pool2dAttributes>();
    const Shape &from = node.operand(0)->type.shape, &to = node.result()->type.shape;
    const PaddingExtents h = padding_extents(from[1], to[1], a.h(), a.padding),
                         w = padding_extents(from[2], to[2], a.w(), a.padding);
    const bool max = node.is("max_pool_2d");
    const auto algorithm = max ? dnnl::algorithm::pooling_max : dnnl::algorithm::pooling_avg_exclude_padding;
    const Desc src = image(node.operand(0)), dst = image(node.result());
    const memory::dims strides{a.stride_h, a.stride_w}, window{a.window_h, a.window_w}, before{h.before, w.before},
        after{h.after, w.after};
    const Names at(node);
    using Forward = dnnl::pooling_forward;
    const Forward::primitive_desc forward(Forward::desc(kTraining, algorithm, src, dst, strides, window, before, after),
                                          onednn::cpu());
    using Backward = dnnl::pooling_backward;
    const Backward::primitive_desc backward(Backward::desc(algorithm, src, dst, strides, window, before, after),
                                            onednn::cpu(), forward);
    std::unordered_map<int, memory> there{{DNNL_ARG_SRC, memories_.get(at.src, src)},
                                          {DNNL_ARG_DST, memories_.get(at.dst, dst)}};
    std::unordered_map<int, memory> back{{DNNL_ARG_DIFF_DST, memories_.get(at.ddst, dst)},
                                         {DNNL_ARG_DIFF_SRC, memories_.get(at.dsrc, src)}};
    if (max)
      there[DNNL_ARG_WORKSPACE] = back[DNNL_ARG_WORKSPACE] = memories_.get(at.own + "places", forward.workspace_desc());
    add(forward_, node, "forward", Forward(forward), std::move(there));
    add(backward_, node, "backward", Backward(backward), std::move(back));
  }

  Memories memories_;
  std::vector<Primitive> forward_, backward_;
};

Expected<nlohmann::json> run(const MeasuredStep& measured) {
  PARE_ASSIGN(const Graph network, read_network(measured.model));
  PARE_ASSIGN(const TrainingGraph step, make_training_graph(network, training_options(network, measured.batch)));
  const KernelThreads scope(measured.threads);
  Collector collector;
  for (const auto& node : step.graph.nodes()) collector.visit(*node);
  const std::vector<Primitive> primitives = std::move(collector).all();
  LatencyOptions each = measured.latency();
  each.min_seconds = 0.02;
  const auto time_of = [](const auto& body, const LatencyOptions& options) {
    return measure_latency(
        [&]() -> Expected<void> {
          body();
          return {};
        },
        options);
  };
  if (measured.profile)
    for (const Primitive& primitive : primitives) {
      PARE_ASSIGN(const Latency latency, time_of([&] { primitive.run(); }, each));
      print_time(latency.median, primitive.what, primitive.detail);
    }
  PARE_ASSIGN(const Latency latency, time_of(
                                         [&] {
                                           for (const Primitive& primitive : primitives) primitive.run();
                                         },
                                         measured.latency()));
  return to_json(latency);
}

}  // namespace
}  // namespace pare

int main(int argc, char** argv) {
  return pare::measuring_main(argc, argv, "Times the bare oneDNN primitives of one step of training", pare::run);
}
