// Memory that grows and is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace addersr::embedding {

class AlignedBuffer {
 public:
  static constexpr size_t kAlignment = 64;

  // At least `bytes` bytes; when they are more than size(), what was in them before is lost. Throws
  // std::bad_alloc.
  void Reserve(size_t bytes) {
    if (bytes <= bytes_) return;
    if (bytes > SIZE_MAX - kAlignment) throw std::bad_alloc();
    memory_.reset();
    bytes_ = 0;
    const size_t whole = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    memory_.reset(std::aligned_alloc(kAlignment, whole));
    if (memory_ == nullptr) throw std::bad_alloc();
    bytes_ = whole;
  }

  size_t size() const { return bytes_; }

  void* data() const { return memory_.get(); }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory_;
  size_t bytes_ = 0;
};

}  // namespace addersr::embedding
