#include "train/training_log.h"

#include <charconv>

#include "base/files.h"

namespace pare {
namespace {

// TensorBoard reads files with "tfevents" in their names, in the order of the names.
constexpr const char *kEpochs = "epochs.csv", *kSparsity = "sparsity.csv";
constexpr std::string_view kFirst = "events.out.tfevents.", kLast = ".pare";

// The event files of earlier runs.
std::vector<std::filesystem::path> event_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kFirst) && name.ends_with(kLast)) found.push_back(entry.path());
  }
  return found;
}

// The numbers of an epoch, each under its name.
std::vector<LoggedValue> numbers_of(const EpochRecord& record) {
  std::vector<LoggedValue> values{{"loss", record.progress.loss}};
  if (record.progress.accuracy) values.push_back({"accuracy", *record.progress.accuracy});
  if (record.score) values.push_back({"validation", *record.score});
  values.push_back({"rate", record.rate});
  values.push_back({"samples_per_second", record.progress.samples_per_second()});
  return values;
}

std::string cell(const std::optional<double>& number) { return number ? fmt::format("{}", *number) : ""; }

std::string table_of(std::span<const EpochRecord> epochs) {
  std::string text = "epoch,loss,accuracy,validation,rate,seconds,samples_per_second\n";
  for (const EpochRecord& each : epochs)
    text += fmt::format("{},{},{},{},{},{:.3f},{:.1f}\n", each.progress.epoch, each.progress.loss,
                        cell(each.progress.accuracy), cell(each.score), each.rate, each.progress.seconds,
                        each.progress.samples_per_second());
  return text;
}

constexpr std::string_view kSparsityHeading = "epoch,weights,sparsity,threshold\n";

// The rows of the first epochs of a table of sparsities; nothing where there is none.
std::string kept_rows(const std::filesystem::path& table, int64_t epochs) {
  const auto found = read_file(table);
  if (!found) return "";
  const std::string_view text(reinterpret_cast<const char*>(found->data()), found->size());
  std::string rows;
  for (size_t begin = text.find('\n') + 1; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    int64_t epoch = 0;
    std::from_chars(text.data() + begin, text.data() + end, epoch);
    if (epoch >= 1 && epoch <= epochs) rows += fmt::format("{}\n", text.substr(begin, end - begin));
    begin = end + 1;
  }
  return rows;
}

}  // namespace

Expected<TrainingLog> TrainingLog::open(const std::filesystem::path& folder, std::vector<EpochRecord> over) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed)
    return Failure(Error{ErrorCode::Io, fmt::format("cannot make the folder of the log: {}", failed.message()),
                         folder.string(), nullptr});
  std::vector<std::filesystem::path> earlier = event_files(folder);
  if (over.empty()) {
    for (const auto& each : earlier) std::filesystem::remove(each, failed);
    earlier.clear();
  }
  // The table first: where the folder takes no file, nothing else is tried.
  PARE_TRY(write_file(folder / kEpochs, table_of(over)));
  std::string sparsity = over.empty() ? "" : kept_rows(folder / kSparsity, std::ssize(over));
  std::filesystem::remove(folder / kSparsity, failed);
  const auto next = static_cast<int64_t>(over.size()) + 1;
  PARE_ASSIGN(EventFile events,
              EventFile::create(folder / fmt::format("{}{:04}{}", kFirst, earlier.size() + 1, kLast), next));
  return TrainingLog(folder, std::move(over), std::move(sparsity), std::move(events));
}

Expected<void> TrainingLog::add(const EpochRecord& record, std::span<const NamedTensor> weights,
                                std::span<const MaskRecord> masks) {
  epochs_.push_back(record);
  PARE_TRY(write_file(folder_ / kEpochs, table_of(epochs_)));
  std::vector<LoggedValue> values = numbers_of(record);
  for (const NamedTensor& each : weights)
    values.push_back({"weights/" + each.name, histogram_of(each.tensor.values<float>())});
  for (const MaskRecord& each : masks) {
    sparsity_ += fmt::format("{},{},{},{}\n", record.progress.epoch, each.weights, each.sparsity, each.threshold);
    values.push_back({"sparsity/" + each.weights, each.sparsity});
    values.push_back({"threshold/" + each.weights, each.threshold});
  }
  if (!sparsity_.empty()) PARE_TRY(write_file(folder_ / kSparsity, fmt::format("{}{}", kSparsityHeading, sparsity_)));
  return events_.append(record.progress.epoch, values);
}

}  // namespace pare
