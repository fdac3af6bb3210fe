// The padded piece of a channels-last input that a block of output rows reads.
#pragma once

#include <algorithm>

#include "custom_ops/convolution/geometry.h"

namespace addersr::convolution {

template <class T>
T* Repeat(const T* pixel, int64_t channels, int64_t count, T* to) {
  for (int64_t i = 0; i < count; ++i) to = std::copy_n(pixel, channels, to);
  return to;
}

// Copies `rows` input rows from `first_row` on (both may lie outside the image) of one image into
// `window` [rows][WindowColumns][channels]: the channels of one group, then zeros, and `padding`
// [channels] where there is no pixel.
template <class From, class To>
void PackWindow(const Geometry& g, const To* padding, int64_t channels, int64_t group,
                const From* image, int64_t first_row, int64_t rows, To* window) {
  const int64_t columns = WindowColumns(g);
  const int64_t all_channels = g.groups * g.in_channels;
  // Columns [begin, end) of the window lie inside the image.
  const int64_t begin = std::min(g.pad_left, columns);
  const int64_t end = std::max(begin, std::min(columns, g.in_width + g.pad_left));
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t row = first_row + r;
    if (row < 0 || row >= g.in_height) {
      window = Repeat(padding, channels, columns, window);
      continue;
    }
    window = Repeat(padding, channels, begin, window);
    const From* from = image + (row * g.in_width + begin - g.pad_left) * all_channels;
    if (g.groups == 1 && channels == all_channels) {
      window = std::copy_n(from, (end - begin) * channels, window);
    } else {
      from += group * g.in_channels;
      for (int64_t x = begin; x < end; ++x, from += all_channels) {
        window = std::copy_n(from, g.in_channels, window);
        window = std::fill_n(window, channels - g.in_channels, To{0});
      }
    }
    window = Repeat(padding, channels, columns - end, window);
  }
}

}  // namespace addersr::convolution
