// How a tile is cut into items: bands of rows of the input.
#pragma once

#include <algorithm>
#include <cstdint>

#include "runtime/embedding/frames/frames.h"

namespace addersr::embedding {

// Rows [first, end) of the input frame.
struct Band {
  int32_t first, end;
};

class Bands {
 public:
  explicit Bands(const Region& region) : top_(region.top), bottom_(region.top + region.height) {
    rows_ = std::max(LeastRows(region.width), DivideUp(region.height, kMostItems));
  }

  int count() const { return DivideUp(bottom_ - top_, rows_); }
  Band operator[](int item) const {
    const int32_t first = top_ + item * rows_;
    return {first, std::min(bottom_ - first, rows_) + first};
  }

  // The largest count of regions of at most this size.
  static int MostItems(int32_t width, int32_t height) {
    return std::min(kMostItems, DivideUp(height, LeastRows(width)));
  }

 private:
  // Each has scratch memory of its own.
  static constexpr int32_t kMostItems = 64;

  // So many that an item is worth its start, and that the four rows around it which are filtered
  // again cost little.
  static int32_t LeastRows(int32_t width) { return 16 + 8192 / width; }
  static int32_t DivideUp(int32_t a, int32_t b) { return a / b + (a % b != 0); }

  int32_t top_, bottom_, rows_;
};

}  // namespace addersr::embedding
