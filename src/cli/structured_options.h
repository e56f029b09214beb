// Options of `pare prune --structured`, and the way from file to file.
#pragma once

#include "cli/training_options.h"
#include "steps/prune_channels.h"

namespace pare::cli {

struct StructuredOptions {
  bool structured = false;
  bool no_refit = false, explain = false;
  PruneChannelsOptions prune;
};

void add_structured_options(CLI::App& command, StructuredOptions& options);

// Fails where options of the one kind of pruning were typed with the other.
Expected<void> check_structured(const CLI::App& command, const StructuredOptions& options);

// `prune` has what both kinds of pruning take.
Expected<void> run_structured(TrainingOptions& training, StructuredOptions& options, const Common& common,
                              const Output& out);

}  // namespace pare::cli
