// The vectors of numbers in the tables of a .tflite file being written: shapes, scales, zero points, operands.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <flatbuffers/flatbuffers.h>

namespace pare::tflite {

// Equal vectors are one in the file: most zero points of channels are zeros, 8 bytes each.
class VectorPool {
 public:
  template <class Number>
  flatbuffers::Offset<flatbuffers::Vector<Number>> add(flatbuffers::FlatBufferBuilder& builder,
                                                       const std::vector<Number>& numbers) {
    const std::string bytes(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number));
    auto [at, is_new] = written_.emplace(std::pair(sizeof(Number), bytes), 0);
    if (is_new) at->second = builder.CreateVector(numbers).o;
    return at->second;
  }

 private:
  // By the width of a number and the bytes: the file does not say what type they have, only how they are aligned.
  std::map<std::pair<size_t, std::string>, flatbuffers::uoffset_t> written_;
};

}  // namespace pare::tflite
