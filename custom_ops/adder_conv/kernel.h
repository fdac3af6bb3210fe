// What a kernel is: one row of output pixels from padded channels-last input.
#pragma once

#include <atomic>
#include <cstdint>

namespace addersr::adder_conv {

// What FusedAdderConv does with a sum: see epilogue.h. A null pointer leaves a step out. Values per
// output are padded to PaddedOutputs; z and r have that many readable floats per pixel.
struct Epilogue {
  const float* scale;
  const float* bias;
  const float* z;  // [pixels][z_step]: a residual before the activations
  int64_t z_step;
  const float* power_high;  // alpha - 1 in two parts: see power.h
  const float* power_low;
  const float* slope;
  const float* r;  // [pixels][r_step]: a residual after everything
  int64_t r_step;
  bool clips;
  float clip_min, clip_max;

  // An ordinary layer without power has a path of its own. (Inlined always, so that no file links
  // the code that another one compiled for its instruction set.)
  __attribute__((always_inline)) bool is_residual_and_slope() const {
    return z != nullptr && slope != nullptr && power_high == nullptr && r == nullptr && !clips;
  }
  __attribute__((always_inline)) bool only_affine() const {
    return z == nullptr && power_high == nullptr && slope == nullptr && r == nullptr && !clips;
  }
};

// One row of output pixels for all output channels of one group.
struct RowTask {
  const float* const* x;    // per kernel row: the first tap of the first output pixel
  int64_t pixel_step;       // floats between the first taps of neighbouring output pixels
  int64_t tap_column_step;  // floats between taps that are neighbours in width
  int64_t channels;         // input channels of one tap, contiguous
  int64_t kernel_height, kernel_width;
  const float* panels;   // the packed filter: per panel [tap][channel][PanelWidth outputs]
  const float* offsets;  // per output: sum of the filter (+ bias of AdderConv); padded with zeros
  const float* x_sums;   // per output pixel: sum of the input over its taps
  const Epilogue* epilogue;  // null: none
  int64_t pixels;
  int64_t outputs;
  float* y;  // [pixels][y_step]; PaddedOutputs floats of each pixel are written
  int64_t y_step;
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
