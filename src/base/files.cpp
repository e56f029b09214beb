#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

namespace pare {
namespace {

Failure io_error(const std::filesystem::path& path, const char* action, int error) {
  return Failure(Error{ErrorCode::Io, fmt::format("{}: {}", action, std::strerror(error)), path.string(), nullptr});
}

struct Descriptor {
  int fd = -1;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

// The partial file of the write in progress, for discard_partial_file().
std::atomic<const char*> partial_file = nullptr;

struct PartialFileScope {
  explicit PartialFileScope(const char* path) { partial_file = path; }
  ~PartialFileScope() { partial_file = nullptr; }
};

Expected<void> write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error(path, "cannot write", errno);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  if (::fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP) return io_error(path, "cannot write", errno);
  return {};
}

}  // namespace

Expected<std::vector<std::byte>> read_file(const std::filesystem::path& path, uint64_t limit) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) return io_error(path, "cannot open", errno);
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) return io_error(path, "cannot open", errno);
  if (S_ISDIR(status.st_mode)) return io_error(path, "cannot read", EISDIR);
  const auto size = static_cast<uint64_t>(status.st_size);
  if (size > limit)
    return Failure(Error{ErrorCode::BadInput, fmt::format("the file has {} bytes, at most {} are read", size, limit),
                         path.string(), nullptr});
  std::vector<std::byte> bytes(size);
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(file.fd, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error(path, "cannot read", errno);
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

Expected<void> write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  // A device or pipe (/dev/null, /dev/full) cannot be renamed over; it is written as it is.
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    Descriptor file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
    if (file.fd < 0) return io_error(path, "cannot write", errno);
    return write_all(file.fd, bytes, path);
  }
  std::string partial = path.string() + ".partial-XXXXXX";
  Descriptor file{::mkstemp(partial.data())};
  if (file.fd < 0) return io_error(path, "cannot write", errno);
  const PartialFileScope scope(partial.c_str());
  ::fchmod(file.fd, 0644);
  if (auto written = write_all(file.fd, bytes, path); !written) {
    ::unlink(partial.c_str());
    return written;
  }
  if (::rename(partial.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(partial.c_str());
    return io_error(path, "cannot write", error);
  }
  return {};
}

Expected<void> write_file(const std::filesystem::path& path, std::string_view text) {
  return write_file(path, std::as_bytes(std::span(text.data(), text.size())));
}

Expected<void> append_file(const std::filesystem::path& path, std::string_view text) {
  Descriptor file{::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
  if (file.fd < 0) return io_error(path, "cannot write", errno);
  const off_t before = ::lseek(file.fd, 0, SEEK_END);
  auto written = write_all(file.fd, std::as_bytes(std::span(text.data(), text.size())), path);
  if (!written && before >= 0) [[maybe_unused]]
    const int ignored = ::ftruncate(file.fd, before);
  return written;
}

Expected<void> check_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.parent_path().empty() ? "." : path.parent_path();
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return io_error(path, "cannot write", ENOENT);
  if (!std::filesystem::exists(path, ignored) && ::access(folder.c_str(), W_OK) != 0)
    return io_error(path, "cannot write", errno);
  return {};
}

void discard_partial_file() noexcept {
  if (const char* path = partial_file; path != nullptr) ::unlink(path);
}

}  // namespace pare
