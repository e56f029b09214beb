// How long single operators of a network take.
#pragma once

#include <string>
#include <unordered_map>

#include "ir/graph.h"

namespace pare {

// Measures each operator by itself, once for each extent that its tensors have: a table of latencies that a search reads
// over and over, as in NetAdapt (Yang et al., 2018).
class OperatorTimes {
 public:
  // Milliseconds of a run of this node alone, with one thread and the present shapes of its values, which must be static; constants of
  // another shape than their data are noise. The least of some runs, which other work of the computer disturbs least. 0 for a node that
  // cannot run by itself.
  double of(const Node& node);

 private:
  std::unordered_map<std::string, double> known_;
};

}  // namespace pare
