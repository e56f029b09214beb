#include "data/bytes.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/files.h"
#include "data/archive.h"

namespace pare {
namespace {

Failure beyond_end(uint64_t offset, size_t size, uint64_t available) {
  return bad_input("{} bytes at {} were asked for, the file ends at {}", size, offset, available);
}

template <class Owner>  // of the bytes: a vector or a tensor
class MemoryBytes : public ByteSource {
 public:
  MemoryBytes(Owner owner, std::span<const std::byte> bytes) : owner_(std::move(owner)), bytes_(bytes) {}
  uint64_t size() const override { return bytes_.size(); }
  Expected<void> read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset)
      return beyond_end(offset, out.size(), bytes_.size());
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return {};
  }

 private:
  Owner owner_;
  std::span<const std::byte> bytes_;  // survives the move of its owner, which keeps them on the heap
};

class FileBytes : public ByteSource {
 public:
  FileBytes(int fd, uint64_t size) : fd_(fd), size_(size) {}
  ~FileBytes() override { ::close(fd_); }
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  uint64_t size() const override { return size_; }
  Expected<void> read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size_ || out.size() > size_ - offset) return beyond_end(offset, out.size(), size_);
    while (!out.empty()) {
      const ssize_t got = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail(ErrorCode::Io, "cannot read: {}", std::strerror(errno));
      if (got == 0) return bad_input("the file became shorter while it was read");
      out = out.subspan(static_cast<size_t>(got));
      offset += static_cast<uint64_t>(got);
    }
    return {};
  }

 private:
  int fd_;
  uint64_t size_;
};

class BytesWithin : public ByteSource {
 public:
  BytesWithin(std::shared_ptr<const ByteSource> source, uint64_t offset, uint64_t size)
      : source_(std::move(source)), offset_(offset), size_(size) {}
  uint64_t size() const override { return size_; }
  Expected<void> read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size_ || out.size() > size_ - offset) return beyond_end(offset, out.size(), size_);
    return source_->read(offset_ + offset, out);
  }

 private:
  std::shared_ptr<const ByteSource> source_;
  uint64_t offset_, size_;
};

}  // namespace

Expected<std::shared_ptr<const ByteSource>> bytes_within(std::shared_ptr<const ByteSource> source, uint64_t offset,
                                                         uint64_t size) {
  if (offset > source->size() || size > source->size() - offset) return beyond_end(offset, size, source->size());
  return std::make_shared<BytesWithin>(std::move(source), offset, size);
}

std::shared_ptr<const ByteSource> bytes_in_memory(std::vector<std::byte> bytes) {
  const std::span<const std::byte> view = bytes;
  return std::make_shared<MemoryBytes<std::vector<std::byte>>>(std::move(bytes), view);
}

std::shared_ptr<const ByteSource> bytes_in_memory(Tensor tensor) {
  const std::span<const std::byte> view = tensor.bytes();
  return std::make_shared<MemoryBytes<Tensor>>(std::move(tensor), view);
}

Expected<std::shared_ptr<const ByteSource>> open_bytes(const std::filesystem::path& path) {
  const auto io_error = [&](int error) {
    return Failure(Error{ErrorCode::Io, fmt::format("cannot open: {}", std::strerror(error)), path.string(), nullptr});
  };
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return io_error(errno);
  std::error_code failure;
  const uint64_t size = std::filesystem::file_size(path, failure);
  if (failure) {
    ::close(fd);
    return io_error(failure.value());
  }
  auto plain = std::make_shared<const FileBytes>(fd, size);
  std::array<std::byte, 6> magic{};
  if (size >= magic.size())
    if (auto done = plain->read(0, magic); !done) return Failure(done.error().within(path.string()));
  if (!is_compressed(magic)) return plain;
  PARE_ASSIGN(std::vector<std::byte> unpacked, read_unpacked(path));
  return bytes_in_memory(std::move(unpacked));
}

Expected<std::vector<std::byte>> read_unpacked(const std::filesystem::path& path) {
  PARE_ASSIGN(std::vector<std::byte> bytes, read_file(path));
  if (!is_compressed(bytes)) return bytes;
  PARE_ASSIGN_IN(std::vector<std::byte> unpacked, decompress(bytes), path.string());
  return unpacked;
}

}  // namespace pare
