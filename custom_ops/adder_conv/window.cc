#include "custom_ops/adder_conv/window.h"

#include <algorithm>
#include <cstring>

namespace addersr::adder_conv {
namespace {

// Pixels that are transposed together: their channels' cache lines stay in L1 meanwhile.
constexpr int64_t kBlock = 16;

}  // namespace

void PackWindow(const Geometry& g, const float* image, int64_t first_row, int64_t rows,
                float* window, float* channel_sums) {
  const int64_t columns = WindowColumns(g);
  const int64_t channels = g.in_channels;
  const int64_t plane = g.in_height * g.in_width;
  // Columns [begin, end) of the window lie inside the image.
  const int64_t begin = std::min(g.pad_left, columns);
  const int64_t end = std::max(begin, std::min(columns, g.in_width + g.pad_left));
  for (int64_t r = 0; r < rows; ++r) {
    float* to = window + r * columns * channels;
    float* sums = channel_sums + r * columns;
    std::fill_n(sums, columns, 0.0F);
    const int64_t row = first_row + r;
    if (row < 0 || row >= g.in_height) {
      std::fill_n(to, columns * channels, 0.0F);
      continue;
    }
    std::fill_n(to, begin * channels, 0.0F);
    std::fill_n(to + end * channels, (columns - end) * channels, 0.0F);
    const float* from = image + row * g.in_width - g.pad_left;
    for (int64_t x = begin; x < end; x += kBlock) {
      const int64_t stop = std::min(end, x + kBlock);
      for (int64_t c = 0; c < channels; ++c) {
        const float* source = from + c * plane;
        for (int64_t i = x; i < stop; ++i) {
          to[i * channels + c] = source[i];
          sums[i] += source[i];
        }
      }
    }
  }
}

}  // namespace addersr::adder_conv
