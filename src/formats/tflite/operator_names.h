// Operator numbers of TFLite and names of ours: the lower-case TFLite name.
#pragma once

#include <cstdint>
#include <string>

#include "ir/op_def.h"
#include "tflite/schema_generated.h"

namespace pare::tflite {

struct OperatorName {
  std::string tflite;  // "CONV_2D"
  std::string pare;    // "conv_2d"; Pare may have no operator of this name
};

// The operator behind an entry of the file's list of operator codes. Custom operators are Unsupported.
Expected<OperatorName> operator_name(const schema::Model& model, uint32_t code);

// Fails for an operator that TFLite does not have.
Expected<schema::BuiltinOperator> builtin_operator(const OpDef& op);

}  // namespace pare::tflite
