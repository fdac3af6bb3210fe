// What a kernel is: one row of output pixels from padded channels-last input.
#pragma once

#include <atomic>
#include <cstdint>

namespace addersr::adder_conv {

// One row of output pixels for all output channels of one group.
struct RowTask {
  const float* x;           // first tap of the first output pixel
  int64_t pixel_step;       // floats between the first taps of neighbouring output pixels
  int64_t tap_row_step;     // floats between taps that are neighbours in height
  int64_t tap_column_step;  // floats between taps that are neighbours in width
  int64_t channels;         // input channels of one tap, contiguous
  int64_t kernel_height, kernel_width;
  const float* panels;   // the packed filter: per panel [tap][channel][PanelWidth outputs]
  const float* offsets;  // per output channel: bias + sum of the filter; padded with zeros
  const float* x_sums;   // per output pixel: sum of the input over its taps
  int64_t pixels;
  int64_t outputs;
  float* y;        // [pixels][y_step]
  int64_t y_step;  // PaddedOutputs(kernel, outputs)
};

struct Kernel {
  const char* isa;
  const char* name;
  int lanes;  // outputs of the narrow panel; the wide one has twice as many
  void (*row)(const RowTask& task);
  std::atomic<uint64_t>* calls;
};

// Outputs are cut into wide panels; what is left over at the end takes a narrow one if it fits.
inline int64_t PanelWidth(const Kernel& kernel, int64_t outputs_left) {
  return outputs_left > kernel.lanes ? 2 * kernel.lanes : kernel.lanes;
}

inline int64_t PaddedOutputs(const Kernel& kernel, int64_t outputs) {
  return (outputs + kernel.lanes - 1) / kernel.lanes * kernel.lanes;
}

}  // namespace addersr::adder_conv
