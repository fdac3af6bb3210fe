// A convolution in plain loops: the sum of term(x, w) over the taps of every output, in double.
// Exact for integers whose sums stay below 2^53.
#pragma once

#include <cstdint>
#include <vector>

#include "custom_ops/convolution/geometry.h"

namespace addersr::test {

// x is NCHW, w OIHW, the result NCHW; a padded tap has the value `padding`.
template <typename T, typename Term>
std::vector<double> SumOverTaps(const convolution::Geometry& g, const T* x, const T* w, T padding,
                                const Term& term) {
  std::vector<double> sums;
  const int64_t outputs = g.groups * g.out_channels;
  for (int64_t index = 0; index < g.batch * outputs * g.out_height * g.out_width; ++index) {
    const int64_t column = index % g.out_width;
    const int64_t row = index / g.out_width % g.out_height;
    const int64_t o = index / g.out_width / g.out_height % outputs;
    const int64_t n = index / g.out_width / g.out_height / outputs;
    const int64_t first_channel = (n * g.groups + o / g.out_channels) * g.in_channels;
    double sum = 0.0;
    for (int64_t c = 0; c < g.in_channels; ++c) {
      for (int64_t i = 0; i < g.kernel_height; ++i) {
        for (int64_t j = 0; j < g.kernel_width; ++j) {
          const int64_t r = row * g.stride_height + i * g.dilation_height - g.pad_top;
          const int64_t s = column * g.stride_width + j * g.dilation_width - g.pad_left;
          const bool inside = r >= 0 && r < g.in_height && s >= 0 && s < g.in_width;
          const T value =
              inside ? x[((first_channel + c) * g.in_height + r) * g.in_width + s] : padding;
          const T weight = w[((o * g.in_channels + c) * g.kernel_height + i) * g.kernel_width + j];
          sum += term(static_cast<double>(value), static_cast<double>(weight));
        }
      }
    }
    sums.push_back(sum);
  }
  return sums;
}

}  // namespace addersr::test
