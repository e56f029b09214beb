// What training did, as text and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "steps/train.h"

namespace pare {

// "epoch 2/5   62 %   loss 0.1234   accuracy 95.30 %   1,234 samples/s   0:12 left"
std::string describe(const Progress& progress);

nlohmann::ordered_json to_json(const TrainResult& result, const std::string& model, const std::string& output);
// A row an epoch.
std::string describe_course(const TrainResult& result);
std::string describe(const TrainResult& result, const std::string& output);

}  // namespace pare
