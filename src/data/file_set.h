// The files of a folder or of an archive, seen alike.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "data/archive.h"

namespace pare {

// By the ending of the name, in small or capital letters.
bool has_image_ending(const std::filesystem::path& path);  // JPEG, PNG
bool has_sound_ending(const std::filesystem::path& path);  // WAV, FLAC

class FileSet {
 public:
  // A folder with everything below it (files are read when asked for) or a tar or zip archive (unpacked into memory). Names are
  // paths relative to it, in alphabetical order.
  static Expected<FileSet> open(const std::filesystem::path& path);

  const std::vector<std::string>& names() const { return names_; }
  // The file of this path; where none agrees, the one whose last part does, if there is just one.
  std::optional<size_t> find(const std::string& name) const;
  Expected<std::vector<std::byte>> read(size_t i) const;
  std::string full_name(size_t i) const { return (root_ / names_[i]).string(); }

 private:
  void index_names();

  std::filesystem::path root_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::optional<size_t>> by_last_part_;  // nothing where several files share it
  std::shared_ptr<const std::vector<ArchiveEntry>> entries_;             // null for a folder
};

}  // namespace pare
