// Integer implementations of element-wise operators, for the lists in the families' own files.
#pragma once

#include "engine/kernel.h"

namespace pare {

Implementation integer_add();
Implementation integer_sub();
Implementation integer_mul();
Implementation integer_div();
Implementation integer_maximum();
Implementation integer_minimum();
Implementation integer_squared_difference();

Implementation integer_abs();
Implementation integer_exp();
Implementation integer_log();
Implementation integer_sqrt();
Implementation integer_rsqrt();

}  // namespace pare
