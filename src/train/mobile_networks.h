// Networks for phones: depthwise separable convolutions and inverted residuals.
#pragma once

#include "train/architectures.h"

namespace pare {

Graph mobilenet_v1(const ArchitectureOptions& options);
Graph mobilenet_v2(const ArchitectureOptions& options);
Graph mobilenet_v3_small(const ArchitectureOptions& options);
Graph mobilenet_v3_large(const ArchitectureOptions& options);
Graph efficientnet_lite(const ArchitectureOptions& options);

}  // namespace pare
