// Float convolutions by oneDNN: what conv_2d, depthwise_conv_2d and transpose_conv share.
#pragma once

#include "engine/onednn.h"
#include "ops/convolve.h"
#include "ops/weighted_kernels.h"

namespace pare {

// Weights in oneDNN's logical order (G,)O,I,H,W: extents, and strides in elements of our layout.
struct OnednnWeights {
  dnnl::memory::dims dims, strides;
};

// All float; weights and bias constant, because they are repacked once.
std::string declines_onednn_weighted(const KernelRequest& request, WeightedOperands at);

Expected<std::unique_ptr<Kernel>> create_onednn_convolution(const KernelRequest& request, WeightedOperands at,
                                                            const ConvolutionGeometry& geometry,
                                                            const OnednnWeights& weights, Activation activation);

// The adjoint of the convolution that `forward` describes, which reads our dst and writes our src.
Expected<std::unique_ptr<Kernel>> create_onednn_deconvolution(const KernelRequest& request, WeightedOperands at,
                                                              const ConvolutionGeometry& forward,
                                                              const OnednnWeights& weights, Activation activation);

}  // namespace pare
