// Float convolutions by oneDNN: what conv_2d, depthwise_conv_2d, transpose_conv and their gradients share.
#pragma once

#include "engine/onednn.h"
#include "ops/convolve.h"
#include "ops/weighted_kernels.h"

namespace pare {

// Weights in oneDNN's logical order (G,)O,I,H,W: extents, and strides in elements of our layout.
struct OnednnWeights {
  dnnl::memory::dims dims, strides;

  dnnl::memory::desc desc() const { return {dims, dnnl::memory::data_type::f32, strides}; }
};

// Of our layouts O,H,W,C/groups and 1,H,W,C'.
OnednnWeights conv_2d_onednn_weights(const ConvolutionGeometry& geometry);
OnednnWeights depthwise_onednn_weights(const ConvolutionGeometry& geometry);

// All float. Constant weights are repacked once, others in each run.
std::string declines_onednn_weighted(const KernelRequest& request, WeightedOperands at);

Expected<std::unique_ptr<Kernel>> create_onednn_convolution(const KernelRequest& request, WeightedOperands at,
                                                            const ConvolutionGeometry& geometry,
                                                            const OnednnWeights& weights, Activation activation);

// The adjoint of the convolution that `forward` describes, which reads our dst and writes our src.
Expected<std::unique_ptr<Kernel>> create_onednn_deconvolution(const KernelRequest& request, WeightedOperands at,
                                                              const ConvolutionGeometry& forward,
                                                              const OnednnWeights& weights, Activation activation);

// The gradients of a convolution, see ops/conv_2d_backward.h: of its image from ddst and weights, of its weights from src and ddst.
Expected<std::unique_ptr<Kernel>> create_onednn_backward_src(const KernelRequest& request,
                                                             const ConvolutionGeometry& geometry,
                                                             const OnednnWeights& weights);
Expected<std::unique_ptr<Kernel>> create_onednn_backward_weights(const KernelRequest& request,
                                                                 const ConvolutionGeometry& geometry,
                                                                 const OnednnWeights& weights);

}  // namespace pare
