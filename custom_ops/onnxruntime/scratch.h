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
  float* Get(size_t floats) noexcept {
    if (floats > floats_) {
      ::operator delete(data_, kAlignment);
      data_ = nullptr;
      floats_ = 0;
      if (floats > SIZE_MAX / sizeof(float)) return nullptr;
      data_ = ::operator new(floats * sizeof(float), kAlignment, std::nothrow);
      if (data_ != nullptr) floats_ = floats;
    }
    return static_cast<float*>(data_);
  }

 private:
  void* data_ = nullptr;
  size_t floats_ = 0;
};

}  // namespace addersr::ort
