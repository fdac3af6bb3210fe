#include "custom_ops/qlinear_adder_conv/window.h"

#include <algorithm>

namespace addersr::qlinear_adder_conv {
namespace {

template <class T>
T* Repeat(const T* pixel, int64_t channels, int64_t count, T* to) {
  for (int64_t i = 0; i < count; ++i) to = std::copy_n(pixel, channels, to);
  return to;
}

}  // namespace

template <class T>
void PackWindow(const Geometry& g, const PackedLayer<T>& layer, int64_t group, const T* image,
                int64_t first_row, int64_t rows, T* window) {
  const int64_t columns = convolution::WindowColumns(g);
  const int64_t channels = layer.padded_channels();
  const int64_t all_channels = g.groups * g.in_channels;
  const T* padding = layer.padding(group);
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
    const T* from = image + (row * g.in_width + begin - g.pad_left) * all_channels;
    if (g.groups == 1 && channels == all_channels) {
      window = std::copy_n(from, (end - begin) * channels, window);
    } else {
      from += group * g.in_channels;
      for (int64_t x = begin; x < end; ++x, from += all_channels) {
        window = std::copy_n(from, g.in_channels, window);
        window = std::fill_n(window, channels - g.in_channels, T{0});
      }
    }
    window = Repeat(padding, channels, columns - end, window);
  }
}

void SumTaps(const Geometry& g, const int32_t* channel_sums, int32_t* x_sums) {
  const int64_t columns = convolution::WindowColumns(g);
  std::fill_n(x_sums, g.out_width, 0);
  for (int64_t row = 0; row < g.kernel_height; ++row) {
    for (int64_t column = 0; column < g.kernel_width; ++column) {
      const int32_t* sums =
          channel_sums + row * g.dilation_height * columns + column * g.dilation_width;
      for (int64_t x = 0; x < g.out_width; ++x) x_sums[x] += sums[x * g.stride_width];
    }
  }
}

template void PackWindow(const Geometry&, const PackedLayer<uint8_t>&, int64_t, const uint8_t*,
                         int64_t, int64_t, uint8_t*);
template void PackWindow(const Geometry&, const PackedLayer<int16_t>&, int64_t, const int16_t*,
                         int64_t, int64_t, int16_t*);

}  // namespace addersr::qlinear_adder_conv
