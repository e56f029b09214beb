#include "passes/pipeline.h"

#include <array>
#include <chrono>

#include "ir/verify.h"
#include "passes/passes.h"

namespace pare {
namespace {

// Rewrites enable each other (a folded constant makes a bias, a fused bias lets an activation fuse), so passes run in rounds. A
// network settles after two or three; a pass that undoes another's work would never.
constexpr int kMostRounds = 10;

constexpr std::array kCanonical{"remove_dead",
                                "apply_weight_transforms",
                                "restore_weights",
                                "fold_constants",
                                "remove_identities",
                                "fuse_padding",
                                "fold_batch_normalization",
                                "expand_batch_normalization",
                                "fuse_bias",
                                "fuse_activation",
                                "merge_common_subexpressions",
                                "remove_dead"};
// Normalisations behind weights stay, so that training sees the statistics of its batches, and so do transforms of weights.
constexpr std::array kTrainable{"remove_dead",       "restore_weights", "fold_constants",
                                "remove_identities", "fuse_padding",    "fold_leading_batch_normalization",
                                "fuse_bias",         "fuse_activation", "merge_common_subexpressions",
                                "remove_dead"};
constexpr std::array kForTflite{"remove_dead",
                                "apply_weight_transforms",
                                "fold_constants",
                                "remove_identities",
                                "fuse_padding",
                                "fold_batch_normalization",
                                "expand_batch_normalization",
                                "expand_normalizations",
                                "expand_activations",
                                "fuse_bias",
                                "fuse_activation",
                                "merge_common_subexpressions",
                                "remove_dead"};

}  // namespace

std::span<const Pass> all_passes() {
  static const std::array passes = {
#define PARE_PASS(name, summary) Pass{#name, summary, &name},
#include "passes/all_passes.inc"
#undef PARE_PASS
  };
  return passes;
}

const Pass* find_pass(std::string_view name) {
  for (const Pass& pass : all_passes())
    if (pass.name == name) return &pass;
  return nullptr;
}

std::vector<const Pass*> passes_of(Pipeline pipeline) {
  std::vector<const Pass*> passes;
  const auto add = [&](const auto& names) {
    for (const char* name : names) {
      passes.push_back(find_pass(name));
      PARE_CHECK(passes.back() != nullptr, "there is no pass {}", name);
    }
  };
  switch (pipeline) {
    case Pipeline::Canonical: add(kCanonical); break;
    case Pipeline::Trainable: add(kTrainable); break;
    case Pipeline::ForTflite: add(kForTflite); break;
  }
  return passes;
}

namespace {

Expected<void> check_disabled(const std::set<std::string>& disabled) {
  for (const std::string& name : disabled)
    if (find_pass(name) == nullptr) {
      std::string known;
      for (const Pass& pass : all_passes()) known += fmt::format("{}{}", known.empty() ? "" : ", ", pass.name);
      return usage_error("there is no pass '{}' to switch off; the passes are {}", name, known);
    }
  return {};
}

Expected<size_t> run_pass(Graph& graph, const Pass& pass, const Evaluator& evaluate, bool verify_after) {
  PARE_ASSIGN_IN(const size_t changes, pass.run(graph, evaluate), fmt::format("pass {}", pass.name));
  if (verify_after && changes > 0)
    if (auto verified = verify(graph); !verified) {
      Error error = verified.error().within(fmt::format("after the pass {}", pass.name));
      error.code = ErrorCode::Internal;  // the graph was sound before
      return Failure(std::move(error));
    }
  return changes;
}

}  // namespace

Expected<std::vector<PassRecord>> run_passes(Graph& graph, std::span<const Pass* const> passes,
                                             const Evaluator& evaluate, const PipelineOptions& options) {
  PARE_TRY(check_disabled(options.disabled));
  std::vector<PassRecord> records;
  for (const Pass* pass : passes) records.push_back({pass->name, 0, 0});
  for (int round = 0; round < kMostRounds; ++round) {
    size_t changes = 0;
    for (size_t i = 0; i < passes.size(); ++i) {
      if (options.disabled.contains(std::string(passes[i]->name))) continue;
      const auto begin = std::chrono::steady_clock::now();
      PARE_ASSIGN(const size_t done, run_pass(graph, *passes[i], evaluate, options.verify));
      records[i].milliseconds +=
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
      records[i].changes += done;
      changes += done;
    }
    if (changes == 0) break;
  }
  return records;
}

Expected<std::vector<PassRecord>> run_pipeline(Graph& graph, Pipeline pipeline, const Evaluator& evaluate,
                                               const PipelineOptions& options) {
  return run_passes(graph, passes_of(pipeline), evaluate, options);
}

}  // namespace pare
