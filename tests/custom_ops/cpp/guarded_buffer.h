// Memory whose end or beginning lies at a page that nobody may touch: an access one byte beyond
// that side kills the process. Run a test once per side.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <type_traits>
#include <vector>

namespace addersr::test {

enum class Side { kEnd, kBegin };
constexpr Side kSides[] = {Side::kEnd, Side::kBegin};

template <typename T>
class GuardedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // Room for `size` elements, which may be 0, of bytes 0xff (NaN as floating point): a kernel that
  // uses what it should have written first, or leaves something out, shows.
  GuardedBuffer(size_t size, Side side) : size_(size) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t bytes = size * sizeof(T);
    const size_t inside = (bytes + page - 1) / page * page;
    mapped_ = inside + 2 * page;
    map_ = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map_ == MAP_FAILED) std::abort();
    unsigned char* first = static_cast<unsigned char*>(map_) + page;
    if (inside > 0 && mprotect(first, inside, PROT_READ | PROT_WRITE) != 0) std::abort();
    for (size_t i = 0; i < inside; ++i) first[i] = 0xff;
    data_ = reinterpret_cast<T*>(side == Side::kEnd ? first + inside - bytes : first);
  }
  // A copy of `values` without the last `missing`.
  GuardedBuffer(const std::vector<T>& values, Side side, size_t missing = 0)
      : GuardedBuffer(values.size() - missing, side) {
    std::copy_n(values.begin(), size_, data_);
  }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;
  ~GuardedBuffer() { munmap(map_, mapped_); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

 private:
  size_t size_;
  size_t mapped_;
  void* map_;
  T* data_;
};

}  // namespace addersr::test
