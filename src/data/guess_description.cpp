// What a bare file or folder stands for.
#include <algorithm>
#include <array>

#include "data/bytes.h"
#include "data/csv.h"
#include "data/description.h"

namespace pare {
namespace {

constexpr uint64_t kCifar10Record = 1 + 3 * 32 * 32;

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// "train-images-idx3-ubyte.gz" has its labels in "train-labels-idx1-ubyte.gz".
std::string idx_labels(const std::filesystem::path& images) {
  std::string name = images.filename().string();
  for (const auto& [from, to] : {std::pair{"images", "labels"}, std::pair{"idx3", "idx1"}})
    if (const size_t at = name.find(from); at != std::string::npos) name.replace(at, std::string_view(from).size(), to);
  const std::filesystem::path labels = images.parent_path() / name;
  return labels != images && std::filesystem::exists(labels) ? labels.string() : "";
}

// The first line names the columns when none of its cells is a number.
Expected<void> guess_table(SourceDescription& source) {
  PARE_ASSIGN(const std::vector<std::byte> bytes, read_unpacked(source.path));
  PARE_ASSIGN_IN(const Table table, parse_csv(bytes, false), source.path);
  if (table.rows.empty()) return bad_input("'{}' is empty; a table of numbers was expected", source.path);
  const std::vector<std::string>& first = table.rows.front();
  source.header =
      std::none_of(first.begin(), first.end(), [](const std::string& cell) { return parse_number(cell).has_value(); });
  if (!source.header) return {};
  for (const std::string& cell : first)
    for (const std::string_view usual : {"label", "class", "target", "y"})
      if (cell == usual) source.label_column = cell;
  return {};
}

Expected<void> guess_binary(SourceDescription& source) {
  PARE_ASSIGN(const auto bytes, open_bytes(source.path));
  if (bytes->size() == 0 || bytes->size() % kCifar10Record != 0)
    return bad_input(
        "'{}' has {} bytes, no multiple of the {} of a CIFAR-10 record; describe other binary files in a .toml",
        source.path, bytes->size(), kCifar10Record);
  source.kind = SourceKind::Cifar10;
  return {};
}

}  // namespace

Expected<Description> guess_description(const std::filesystem::path& path) {
  Description description;
  std::filesystem::path plain = path.filename();
  if (plain.extension() == ".gz" || plain.extension() == ".xz") plain.replace_extension();
  const std::string ending = plain.extension().string();
  description.name = plain.stem().string();
  SourceDescription& source = description.source.emplace();
  source.path = path.string();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return fail(ErrorCode::Io,
                "'{}' does not exist; a .toml, .npz, .npy, .csv, idx or CIFAR file or a folder of images was expected",
                path.string());
  if (std::filesystem::is_directory(path)) {
    source.kind = SourceKind::Images;
    if (description.name.empty()) description.name = path.parent_path().filename().string();
  } else if (ending == ".npz" || ending == ".npy") {
    source.kind = ending == ".npz" ? SourceKind::Npz : SourceKind::Npy;
    source.x.clear();                            // every array but y
    description.preprocessing.keep_type = true;  // the arrays are ready for the network
  } else if (ending == ".csv") {
    source.kind = SourceKind::Csv;
    PARE_TRY(guess_table(source));
  } else if (contains(plain.string(), "idx") && contains(plain.string(), "ubyte")) {
    source.kind = SourceKind::Idx;
    source.labels = idx_labels(path);
  } else if (ending == ".bin") {
    PARE_TRY(guess_binary(source));
  } else {
    return usage_error(
        "'{}' is no data set that can be read as it is; .toml, .npz, .npy, .csv, idx, CIFAR .bin or a folder of images was expected",
        path.string());
  }
  return description;
}

}  // namespace pare
