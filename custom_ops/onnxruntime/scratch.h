// Scratch memory of one thread for the kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace addersr::ort {

// Keeps the largest block ever asked for: after the first frame nothing is allocated any more.
class Scratch {
 public:
  static constexpr std::align_val_t kAlignment{64};  // a cache line, and every vector register

  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { ::operator delete(data_, kAlignment); }

  // Contents are undefined. Returns nullptr when there is no memory.
  void* Get(size_t bytes) noexcept {
    if (bytes > bytes_) {
      ::operator delete(data_, kAlignment);
      bytes_ = 0;
      data_ = ::operator new(bytes, kAlignment, std::nothrow);
      if (data_ != nullptr) bytes_ = bytes;
    }
    return data_;
  }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace addersr::ort
