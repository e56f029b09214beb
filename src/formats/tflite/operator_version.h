// Versions of TFLite operators: each new form of an operator (a type, an attribute, a rank) has a higher number, by which older
// runtimes know that they cannot run it.
// Source: the rules of tensorflow/compiler/mlir/lite/tools/versioning/op_version.cc.
#pragma once

#include "ir/graph.h"

namespace pare::tflite {

// The lowest version whose form covers this node.
int operator_version(const Node& node);

}  // namespace pare::tflite
