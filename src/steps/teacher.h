// What a run of training needs of a teacher.
#pragma once

#include <memory>
#include <string>

#include "ir/model.h"
#include "train/distillation.h"
#include "train/scorer.h"

namespace pare {

struct Teacher {
  Graph network;  // composites written out
  std::shared_ptr<Scorer> scorer;
  std::string fingerprint;  // changes with its weights
};

// Makes the model the teacher of this student. Fails for options out of range, for a teacher that takes other samples, and for values
// that it does not have. What it gives is compared with what the student gives where the step of training is made.
Expected<Teacher> prepare_teacher(const Model& model, const Graph& student, Loss loss,
                                  const DistillationOptions& options, int threads);

}  // namespace pare
