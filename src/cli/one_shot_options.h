// Options of `pare prune --one-shot`, and the way from file to file.
#pragma once

#include "cli/training_options.h"
#include "steps/prune_one_shot.h"

namespace pare::cli {

// --one-shot; pruned without training where it is given.
void add_one_shot(CLI::App& command, OneShotOptions& options);

// Fails where options were typed that pruning without training has not.
Expected<void> check_one_shot(const CLI::App& command);

// `pruning` has what both ways to make single weights zero take; the files are those of `training`. No samples are
// read where no data are named.
Expected<void> run_one_shot(const TrainingOptions& training, OneShotOptions& options, const PruningOptions& pruning,
                            int64_t samples_wanted, const CLI::App& command, const Common& common, const Output& out);

}  // namespace pare::cli
