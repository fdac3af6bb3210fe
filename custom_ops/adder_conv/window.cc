#include "custom_ops/adder_conv/window.h"

#include <algorithm>
#include <cstring>

#include "custom_ops/convolution/transpose.h"

namespace addersr::adder_conv {
namespace {

// Pixels that are transposed together: their channels' cache lines stay in L1 meanwhile.
constexpr int64_t kBlock = 16;

// Four floats; the compiler makes the vector instructions that every CPU of the platform has.
typedef float Four __attribute__((vector_size(16)));

Four Load(const float* from) {
  Four four;
  std::memcpy(&four, from, sizeof(four));
  return four;
}

void PackPlanes(const Geometry& g, const float* from, int64_t begin, int64_t end, float* to,
                float* sums) {
  const int64_t plane = g.in_height * g.in_width;
  for (int64_t x = begin; x < end; x += kBlock) {
    const int64_t pixels = std::min(end - x, kBlock);
    convolution::PlanesToPixels(from + x, plane, g.in_channels, pixels, to + x * g.in_channels,
                                g.in_channels);
    for (int64_t c = 0; c < g.in_channels; ++c) {
      for (int64_t i = x; i < x + pixels; ++i) sums[i] += from[c * plane + i];
    }
  }
}

// Copies the channels of one pixel and returns their sum, always in the same order.
float CopyPixel(const float* from, int64_t channels, float* to) {
  Four even{};
  Four odd{};
  int64_t c = 0;
  for (; c + 8 <= channels; c += 8) {
    const Four first = Load(from + c);
    const Four second = Load(from + c + 4);
    std::memcpy(to + c, &first, sizeof(first));
    std::memcpy(to + c + 4, &second, sizeof(second));
    even += first;
    odd += second;
  }
  even += odd;
  float sum = (even[0] + even[2]) + (even[1] + even[3]);
  for (; c < channels; ++c) {
    to[c] = from[c];
    sum += from[c];
  }
  return sum;
}

}  // namespace

void PackRow(const Geometry& g, Layout layout, const float* image, int64_t row, float* to,
             float* sums) {
  const int64_t columns = WindowColumns(g);
  const int64_t channels = g.in_channels;
  std::fill_n(sums, columns, 0.0F);
  if (row < 0 || row >= g.in_height) {
    std::fill_n(to, columns * channels, 0.0F);
    return;
  }
  // Columns [begin, end) of the window lie inside the image.
  const int64_t begin = std::min(g.pad_left, columns);
  const int64_t end = std::max(begin, std::min(columns, g.in_width + g.pad_left));
  std::fill_n(to, begin * channels, 0.0F);
  std::fill_n(to + end * channels, (columns - end) * channels, 0.0F);
  const int64_t first = row * g.in_width - g.pad_left;  // of the image, in column 0
  if (layout == Layout::kChannelsFirst) {
    PackPlanes(g, image + first, begin, end, to, sums);
    return;
  }
  const int64_t step = g.groups * channels;
  for (int64_t x = begin; x < end; ++x) {
    sums[x] = CopyPixel(image + (first + x) * step, channels, to + x * channels);
  }
}

}  // namespace addersr::adder_conv
