#include "data/file_set.h"

#include <algorithm>

#include "base/files.h"

namespace pare {
namespace {

Expected<std::vector<std::string>> list_folder(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code failure;
  for (std::filesystem::recursive_directory_iterator each(folder, failure), end; !failure && each != end;
       each.increment(failure))
    if (each->is_regular_file(failure)) names.push_back(each->path().lexically_relative(folder).generic_string());
  if (failure)
    return Failure(
        Error{ErrorCode::Io, fmt::format("cannot be listed: {}", failure.message()), folder.string(), nullptr});
  std::sort(names.begin(), names.end());
  return names;
}

std::string lower_ending(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending;
}

}  // namespace

bool has_image_ending(const std::filesystem::path& path) {
  const std::string ending = lower_ending(path);
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png";
}

bool has_sound_ending(const std::filesystem::path& path) {
  const std::string ending = lower_ending(path);
  return ending == ".wav" || ending == ".flac";
}

Expected<FileSet> FileSet::open(const std::filesystem::path& path) {
  FileSet set;
  set.root_ = path;
  if (std::filesystem::is_directory(path)) {
    PARE_ASSIGN(set.names_, list_folder(path));
    set.index_names();
    return set;
  }
  PARE_ASSIGN_IN(std::vector<ArchiveEntry> entries, unpack_file(path), path.string());
  std::sort(entries.begin(), entries.end(),
            [](const ArchiveEntry& a, const ArchiveEntry& b) { return a.name < b.name; });
  for (const ArchiveEntry& entry : entries) set.names_.push_back(entry.name);
  set.entries_ = std::make_shared<const std::vector<ArchiveEntry>>(std::move(entries));
  set.index_names();
  return set;
}

void FileSet::index_names() {
  for (size_t i = 0; i < names_.size(); ++i) {
    const auto [place, fresh] = by_last_part_.try_emplace(std::filesystem::path(names_[i]).filename().string(), i);
    if (!fresh) place->second = std::nullopt;
  }
}

std::optional<size_t> FileSet::find(const std::string& name) const {
  const auto exact = std::lower_bound(names_.begin(), names_.end(), name);
  if (exact != names_.end() && *exact == name) return static_cast<size_t>(exact - names_.begin());
  const auto by_last_part = by_last_part_.find(name);
  return by_last_part == by_last_part_.end() ? std::nullopt : by_last_part->second;
}

Expected<std::vector<std::byte>> FileSet::read(size_t i) const {
  if (entries_) return (*entries_)[i].bytes;
  return read_file(root_ / names_[i]);
}

}  // namespace pare
