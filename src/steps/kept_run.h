// The file that keeps a training run until its result is written: the state of the run, in a model with the weights that it has so far.
#pragma once

#include <filesystem>
#include <string>

#include "ir/model.h"
#include "train/fit.h"

namespace pare {

class KeptRun {
 public:
  // An empty path keeps nothing. `settings`: what the course of the run hangs on, see store_training().
  KeptRun(std::filesystem::path path, std::string settings) : path_(std::move(path)), settings_(std::move(settings)) {}

  // Writes the state beside the best weights so far, those of `network` replaced.
  Expected<void> keep(const Model& network, const Trainer& trainer, const FitState& state);

  // The run that the file keeps. BadInput where there is none, and as stored_training().
  Expected<FitState> take_up(const Trainer& trainer);

  // An error in the course of the run, with a word on where what was learned before is kept.
  Error explained(Error error) const;

 private:
  std::filesystem::path path_;
  std::string settings_;
  bool kept_ = false;
};

// An error after a training whose run is kept in this file, with a word on that.
Error kept_in(const std::filesystem::path& path, const Error& error);

}  // namespace pare
