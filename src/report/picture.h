// Measurements as a picture.
#pragma once

#include <string>
#include <vector>

#include "steps/evaluate_models.h"

namespace pare {

// An SVG with a row a model: accuracy with its interval, size (and how much of it remains in gzip), and latency where it was measured.
std::string picture_of(const std::vector<ModelEvaluation>& evaluations);

}  // namespace pare
