// Networks that XNNPACK's sparse kernels take: it multiplies with the weights of 1x1 convolutions that are there, where the whole path from
// the first convolution to the mean at the end is of operators that can work channel by channel.
//
// Sources: E. Elsen et al., "Fast Sparse ConvNets", CVPR 2020; "Sparse Inference" in the documentation of TensorFlow Lite's XNNPACK delegate.
#pragma once

#include "ir/graph.h"

namespace pare {

// Fails with Unsupported where the path does not begin (3x3 convolution of three channels with stride 2, padded by one on each side), where
// it does not end (a mean over height and width that keeps them, depth_to_space), and for the first operator on it that sparse kernels do not take.
Expected<void> check_sparse_inference(const Graph& network);

// Whether sparse kernels multiply with the weights of this operator: a 1x1 convolution without stride, dilation and groups.
bool is_sparse_product(const Node& node);

}  // namespace pare
