// What a bare file or folder stands for.
#include <algorithm>
#include <array>

#include "data/bytes.h"
#include "data/csv.h"
#include "data/description.h"
#include "data/file_set.h"

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

Expected<void> check_cifar10(const std::string& path) {
  PARE_ASSIGN(const auto bytes, open_bytes(path));
  if (bytes->size() != 0 && bytes->size() % kCifar10Record == 0) return {};
  return bad_input(
      "'{}' has {} bytes, no multiple of the {} of a CIFAR-10 record; describe other binary files in a .toml", path,
      bytes->size(), kCifar10Record);
}

// Sounds, and no image; an empty folder or one that cannot be listed holds neither.
bool holds_only_sounds(const std::filesystem::path& folder) {
  bool sounds = false;
  std::error_code failure;
  for (std::filesystem::recursive_directory_iterator each(folder, failure), end; !failure && each != end;
       each.increment(failure)) {
    if (has_image_ending(each->path())) return false;
    sounds = sounds || has_sound_ending(each->path());
  }
  return sounds;
}

// The last part of a path, without an ending that says how it is packed.
std::filesystem::path unpacked_name(const std::filesystem::path& path) {
  std::filesystem::path plain = path.filename();
  if (plain.extension() == ".gz" || plain.extension() == ".xz") plain.replace_extension();
  return plain;
}

}  // namespace

std::optional<SourceKind> kind_by_name(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return holds_only_sounds(path) ? SourceKind::Sounds : SourceKind::Images;
  const std::filesystem::path plain = unpacked_name(path);
  const std::string ending = plain.extension().string();
  if (ending == ".npz") return SourceKind::Npz;
  if (ending == ".npy") return SourceKind::Npy;
  if (ending == ".csv") return SourceKind::Csv;
  if (contains(plain.string(), "idx") && contains(plain.string(), "ubyte")) return SourceKind::Idx;
  return std::nullopt;
}

Expected<Description> guess_description(const std::filesystem::path& path) {
  Description description;
  const std::filesystem::path plain = unpacked_name(path);
  description.name = plain.stem().string();
  SourceDescription& source = description.source.emplace();
  source.path = path.string();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return fail(
        ErrorCode::Io,
        "'{}' does not exist; a .toml, .npz, .npy, .csv, idx or CIFAR file or a folder of images or sounds was expected",
        path.string());
  const std::optional<SourceKind> kind = kind_by_name(path);
  if (!kind && plain.extension() != ".bin")
    return usage_error(
        "'{}' is no data set that can be read as it is; .toml, .npz, .npy, .csv, idx, CIFAR .bin or a folder of images or sounds was expected",
        path.string());
  if (!kind) PARE_TRY(check_cifar10(source.path));
  source.kind = kind.value_or(SourceKind::Cifar10);
  if ((source.kind == SourceKind::Images || source.kind == SourceKind::Sounds) && description.name.empty())
    description.name = path.parent_path().filename().string();
  if (source.kind == SourceKind::Npz || source.kind == SourceKind::Npy) {
    source.x.clear();                            // every array but y
    description.preprocessing.keep_type = true;  // the arrays are ready for the network
  }
  if (source.kind == SourceKind::Csv) PARE_TRY(guess_table(source));
  if (source.kind == SourceKind::Idx) source.labels = idx_labels(path);
  return description;
}

}  // namespace pare
