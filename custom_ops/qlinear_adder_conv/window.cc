#include "custom_ops/qlinear_adder_conv/window.h"

#include <algorithm>

namespace addersr::qlinear_adder_conv {

void SumTaps(const convolution::Geometry& g, const int32_t* channel_sums, int32_t* x_sums) {
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

}  // namespace addersr::qlinear_adder_conv
