// An open identifier of the HDF5 library, closed by the function that fits its kind.
#pragma once

#include <hdf5.h>

#include <utility>

namespace pare {

class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Hdf5Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&&) = delete;
  ~Hdf5Handle() {
    if (id_ >= 0) close_(id_);
  }
  bool valid() const { return id_ >= 0; }
  operator hid_t() const { return id_; }  // NOLINT: stands for the identifier

 private:
  hid_t id_;
  Close close_;
};

}  // namespace pare
