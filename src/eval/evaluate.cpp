#include "eval/evaluate.h"

#include <algorithm>
#include <mutex>

#include "engine/runner.h"
#include "eval/real_values.h"

namespace pare {
namespace {

constexpr int64_t kMostKeptScores = int64_t{1} << 24;

// Real numbers of the judged output for a slice of samples, and how many a sample has.
struct SliceOutput {
  std::vector<float> values;
  int64_t width;
};

Expected<SliceOutput> output_of(const Runner::Slice& slice, size_t output) {
  const Graph& graph = slice.context.program().graph();
  const Value& value = *graph.outputs.at(output);
  PARE_ASSIGN(std::vector<float> values, real_values(value, slice.context.output(output).data()));
  const auto count = static_cast<int64_t>(values.size());
  if (count % slice.size != 0)
    return bad_input("output '{}' has {} numbers for {} samples", value.name, count, slice.size);
  return SliceOutput{std::move(values), count / slice.size};
}

// One output for two classes is spread over both.
std::vector<float> with_both_classes(const std::vector<float>& second) {
  std::vector<float> scores;
  for (const float probability : second) {
    scores.push_back(1 - probability);
    scores.push_back(probability);
  }
  return scores;
}

class Judge {
 public:
  Judge(const DataView& view, int64_t samples) : view_(view), labels_(view.labels()), samples_(samples) {
    result_.predicted.resize(static_cast<size_t>(samples));
    result_.right.resize(static_cast<size_t>(samples));
    in_top5_.resize(static_cast<size_t>(samples));
  }

  // Called by several threads with different samples; the width is the same in each call.
  Expected<void> take(int64_t first, SliceOutput output) {
    if (output.width == 1 && view_.classes() <= 2) output = {with_both_classes(output.values), 2};
    PARE_TRY(check_classes(output.width, view_));
    {
      const std::lock_guard lock(mutex_);
      width_ = output.width;
      if (scores_.empty() && samples_ * width_ <= kMostKeptScores)
        scores_.resize(static_cast<size_t>(samples_ * width_));
    }
    const auto width = static_cast<size_t>(output.width);
    for (size_t i = 0; i * width < output.values.size(); ++i) {
      const size_t sample = static_cast<size_t>(first) + i;
      const std::span<const float> scores = std::span(output.values).subspan(i * width, width);
      result_.predicted[sample] = arg_max(scores);
      result_.right[sample] = result_.predicted[sample] == labels_[sample] ? 1 : 0;
      in_top5_[sample] = in_top_k(scores, labels_[sample], 5) ? 1 : 0;
      if (!scores_.empty())
        std::copy(scores.begin(), scores.end(), scores_.begin() + static_cast<ptrdiff_t>(sample * width));
    }
    return {};
  }

  Classification finish() {
    const auto share = [&](const std::vector<uint8_t>& hits) {
      return static_cast<double>(std::count(hits.begin(), hits.end(), 1)) / static_cast<double>(samples_);
    };
    result_.accuracy = share(result_.right);
    result_.interval = wilson_interval(std::count(result_.right.begin(), result_.right.end(), 1), samples_);
    if (width_ > 5) result_.top5 = share(in_top5_);
    result_.confusion = ConfusionMatrix(width_);
    for (size_t i = 0; i < labels_.size(); ++i) result_.confusion.add(labels_[i], result_.predicted[i]);
    if (!scores_.empty()) result_.roc_auc = area();
    return std::move(result_);
  }

 private:
  std::optional<double> area() const {
    if (width_ != 2) return roc_auc_one_vs_rest(scores_, labels_, width_);
    std::vector<float> second;
    std::vector<uint8_t> positive;
    for (size_t i = 0; i < labels_.size(); ++i) {
      second.push_back(scores_[2 * i + 1]);
      positive.push_back(labels_[i] == 1 ? 1 : 0);
    }
    return roc_auc(second, positive);
  }

  const DataView& view_;
  const std::vector<int64_t> labels_;
  const int64_t samples_;
  int64_t width_ = 0;
  Classification result_;
  std::vector<uint8_t> in_top5_;
  std::vector<float> scores_;
  std::mutex mutex_;
};

// The numbers that the output should have, a batch at a time.
std::function<Expected<std::vector<float>>(int64_t first, int64_t size)> wanted_values(const DataView& view) {
  if (view.target() == TargetKind::Input)
    return [source = view.source()](int64_t first, int64_t size) -> Expected<std::vector<float>> {
      PARE_ASSIGN(const std::vector<Tensor> inputs, source.read(first, size));
      return to_floats(inputs.front());
    };
  return [values = to_floats(view.values()), count = view.count()](int64_t first,
                                                                   int64_t size) -> Expected<std::vector<float>> {
    const auto width = static_cast<int64_t>(values.size()) / count;
    return std::vector<float>(values.begin() + first * width, values.begin() + (first + size) * width);
  };
}

Expected<Regression> evaluate_values(Runner& runner, const SampleSource& source, const DataView& view,
                                     const EvaluateOptions& options) {
  Regression result;
  result.sample_mse.resize(static_cast<size_t>(source.count));
  std::vector<ErrorSums> errors(static_cast<size_t>(std::max(1, options.threads)));
  const auto wanted = wanted_values(view);
  PARE_TRY(runner.run(source, [&](const Runner::Slice& slice) -> Expected<void> {
    PARE_ASSIGN(const SliceOutput output, output_of(slice, options.output));
    PARE_ASSIGN(const std::vector<float> reference, wanted(slice.first, slice.size));
    if (reference.size() != output.values.size())
      return bad_input("the model gives {} numbers a sample, {} were expected", output.width,
                       static_cast<int64_t>(reference.size()) / slice.size);
    errors.at(static_cast<size_t>(slice.thread)).add(output.values, reference);
    const auto width = static_cast<size_t>(output.width);
    for (size_t i = 0; i < static_cast<size_t>(slice.size); ++i) {
      ErrorSums sample;
      sample.add(std::span(output.values).subspan(i * width, width), std::span(reference).subspan(i * width, width));
      result.sample_mse[static_cast<size_t>(slice.first) + i] = static_cast<float>(sample.mse());
    }
    return {};
  }));
  ErrorSums all;
  for (const ErrorSums& each : errors) all.add(each);
  result.mse = all.mse();
  result.mae = all.mae();
  result.snr_db = all.snr_db();
  return result;
}

}  // namespace

Expected<void> check_classes(int64_t scores, const DataView& view) {
  if (scores == view.classes() || (scores > view.classes() && !view.classes_stated())) return {};
  return bad_input(
      "the model gives {} scores a sample, the data set has {} classes; 'classes', or 'offset' for classes in front, in [target] says otherwise",
      scores, view.classes());
}

Expected<Evaluation> evaluate(const Graph& graph, const SampleSource& source, const DataView& view,
                              const EvaluateOptions& options) {
  PARE_CHECK(source.count == view.count(), "{} samples, {} in the view", source.count, view.count());
  if (view.target() == TargetKind::None)
    return bad_input("the data set has no targets to judge against; labels or values were expected");
  if (options.output >= graph.outputs.size())
    return usage_error("output {} was asked for, the model has {} (counted from 0)", options.output,
                       graph.outputs.size());
  PARE_ASSIGN(Runner runner, Runner::create(graph, {.engine = options.engine, .threads = options.threads}));
  Evaluation evaluation;
  evaluation.samples = source.count;
  if (view.target() != TargetKind::Class) {
    PARE_ASSIGN(evaluation.regression, evaluate_values(runner, source, view, options));
    return evaluation;
  }
  Judge judge(view, source.count);
  PARE_TRY(runner.run(source, [&](const Runner::Slice& slice) -> Expected<void> {
    PARE_ASSIGN(SliceOutput output, output_of(slice, options.output));
    return judge.take(slice.first, std::move(output));
  }));
  evaluation.classification = judge.finish();
  return evaluation;
}

double agreement(std::span<const int64_t> first, std::span<const int64_t> second) {
  PARE_CHECK(first.size() == second.size() && !first.empty());
  size_t same = 0;
  for (size_t i = 0; i < first.size(); ++i) same += first[i] == second[i] ? 1 : 0;
  return static_cast<double>(same) / static_cast<double>(first.size());
}

}  // namespace pare
