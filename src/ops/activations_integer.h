// Integer implementations of activations, for the list in activations_exec.cpp.
#pragma once

#include "engine/kernel.h"

namespace pare {

Implementation integer_relu();
Implementation integer_relu6();
Implementation integer_relu_n1_to_1();
Implementation integer_relu_0_to_1();
Implementation integer_leaky_relu();
Implementation integer_prelu();
Implementation integer_elu();
Implementation integer_hard_swish();
Implementation integer_logistic();
Implementation integer_tanh();
Implementation integer_gelu();

}  // namespace pare
