// The outer form of .pare files: named sections, each a text or an array, behind a directory. docs/dev/pare_file.md describes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"

namespace pare {

// Collects sections; the same ones in the same order give the same bytes. Arrays that share their bytes are stored once.
class PareContainerWriter {
 public:
  void add(std::string name, std::string text) { sections_.emplace_back(std::move(name), std::move(text)); }
  void add(std::string name, Tensor tensor) { sections_.emplace_back(std::move(name), std::move(tensor)); }

  // Unsupported where a name is not UTF-8.
  Expected<std::vector<std::byte>> bytes() const;

 private:
  std::vector<std::pair<std::string, std::variant<std::string, Tensor>>> sections_;
};

// A static shape from a list of extents.
std::optional<Shape> shape_of(const nlohmann::json& json);

enum class Checksums { Compare, Ignore };  // fuzzers ignore them, or hardly a changed byte would come through

// Looks into the bytes, which must outlive it.
class PareContainer {
 public:
  // Checks the directory: magic, version, size and checksum; every section lies in the file, and only arrays stored once lie in the
  // same place.
  static Expected<PareContainer> open(std::span<const std::byte> bytes, Checksums checksums = Checksums::Compare);

  bool has(const std::string& name) const { return sections_.contains(name); }
  // The names that begin like this, without it, in order.
  std::vector<std::string> names_below(const std::string& prefix) const;

  // Compare the section's checksum; BadInput where it is missing or of the other kind.
  Expected<std::string> text(const std::string& name) const;
  Expected<Tensor> tensor(const std::string& name);
  bool is_text(const std::string& name) const;

 private:
  struct Section {
    bool is_text = false;
    DType dtype = DType::UInt8;
    Shape shape;
    uint64_t offset = 0, size = 0;  // in the whole file
    uint32_t checksum = 0;
  };
  PareContainer(std::span<const std::byte> bytes, Checksums checksums) : bytes_(bytes), checksums_(checksums) {}
  Expected<void> read_directory(std::string_view json, uint64_t data_start);
  Expected<std::span<const std::byte>> content(const std::string& name, const Section& section) const;
  Expected<const Section*> find(const std::string& name, bool is_text) const;

  std::span<const std::byte> bytes_;
  Checksums checksums_;
  std::map<std::string, Section> sections_;
  std::map<std::pair<uint64_t, DType>, Tensor> made_;  // by place, so that arrays stored once share their bytes again
};

}  // namespace pare
