// From the description of a network to a graph.
#pragma once

#include "formats/keras/hdf5_file.h"
#include "formats/keras/layers.h"
#include "formats/keras/network.h"
#include "formats/keras/weight_index.h"
#include "ir/model.h"

namespace pare::keras {

// The network's layers must be supported (see check_supported). The weights of `origin` are filled in.
Expected<Model> build_network(const Network& network, const Hdf5File& file, const WeightIndex& weights,
                              KerasOrigin origin);

}  // namespace pare::keras
