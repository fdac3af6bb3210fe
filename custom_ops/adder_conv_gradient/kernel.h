// What an input-gradient kernel is: one row of input pixels, channels-last.
#pragma once

#include <cstdint>

namespace addersr::adder_conv_gradient {

struct RowTask {
  const float* dy;          // gradient that reaches input pixel 0 through tap (0, 0)
  int64_t outputs;          // gradients of one pixel, contiguous
  int64_t tap_row_step;     // floats between neighbouring taps in height (walked backwards)
  int64_t tap_column_step;  // floats between neighbouring taps in width (walked backwards)
  int64_t kernel_height, kernel_width;
  const float* panels;  // per lane block of channels: [tap][output][lanes]
  const float* x;       // [pixels][channels]
  float* dx;            // [pixels][channels]
  int64_t pixels;
  int64_t channels;  // a multiple of the kernel's lanes
};

struct Kernel {
  const char* isa;
  int lanes;
  void (*row)(const RowTask& task);
};

}  // namespace addersr::adder_conv_gradient
