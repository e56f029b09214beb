// Where the time of a program goes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/program.h"

namespace pare {

struct OperatorTime {
  std::string name;  // of the node
  std::string op;
  std::string implementation;
  double milliseconds = 0;  // median over the runs
  double share = 0;         // of the sum of all medians
  int64_t multiply_adds = 0;
};

// Runs the program `runs` times on noise (see eval/latency.h) after a warm-up and times each operator, in the order of the program.
Expected<std::vector<OperatorTime>> profile(const std::shared_ptr<const Program>& program, int64_t runs);

}  // namespace pare
