// How a call is cut into independent work items: blocks of output rows of one group of one image.
#pragma once

#include <algorithm>

#include "custom_ops/convolution/geometry.h"

namespace addersr::convolution {

struct Item {
  int64_t image, group, first_row, rows;
};

class Items {
 public:
  // `pixel_values`: what a pixel of a window takes in scratch memory.
  Items(const Geometry& g, int64_t pixel_values) : groups_(g.groups), height_(g.out_height) {
    // Enough rows to amortise the overlap of neighbouring windows, few enough to share among
    // threads; with a large stride or many channels fewer, to keep scratch small.
    constexpr int64_t kRows = 16;
    constexpr int64_t kWindowValues = int64_t{1} << 21;
    rows_ = std::min(kRows, g.out_height);
    const int64_t row = WindowColumns(g) * pixel_values;
    while (rows_ > 1 && WindowRows(g, rows_) * row > kWindowValues) rows_ /= 2;
    blocks_ = (height_ + rows_ - 1) / rows_;
    count_ = g.batch * g.groups * blocks_;
  }

  int64_t count() const { return count_; }
  // Of the largest item.
  int64_t rows() const { return rows_; }
  Item operator[](int64_t index) const {
    const int64_t first = index % blocks_ * rows_;
    return {index / blocks_ / groups_, index / blocks_ % groups_, first,
            std::min(rows_, height_ - first)};
  }

 private:
  int64_t groups_, height_, rows_, blocks_, count_;
};

}  // namespace addersr::convolution
