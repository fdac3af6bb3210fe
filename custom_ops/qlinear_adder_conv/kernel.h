// What a kernel is: some neighbouring output pixels from padded channels-last input.
#pragma once

#include <atomic>
#include <cstdint>

#include "custom_ops/requantization/requantization.h"

namespace addersr::qlinear_adder_conv {

template <class T>
struct RowTask : requantization::Row<T> {
  const T* x;               // first tap of the first output pixel
  int64_t pixel_step;       // values between the first taps of neighbouring output pixels
  int64_t tap_row_step;     // values between taps that are neighbours in height
  int64_t tap_column_step;  // values between taps that are neighbours in width
  int64_t channels;         // of one tap, contiguous; a multiple of the kernel's channels
  int64_t kernel_height, kernel_width;
  int64_t
      segment;  // equal parts of `channels` that narrow accumulators can take between two flushes
  int flush_steps;        // steps after which a narrow accumulator must be emptied
  const T* panels;        // of this group
  const int32_t* x_sums;  // per output pixel: sum of the input over its taps (max form only)
};

template <class T>
struct Kernel {
  const char* isa;
  const char* name;
  int lanes;         // outputs that are requantised together
  int groups;        // of `lanes` outputs in a wide panel; what is left over takes narrow ones
  int channels;      // input channels of one step
  int unit;          // of which so many of one filter lie side by side in a panel
  bool max_form;     // sums max(x, w): needs x_sums, and the filter's sum in the offset
  int accumulator;   // largest sum that a narrow accumulator holds; 0: none can overflow
  int bits;          // most bits that the data may have
  const int* slots;  // the output, within `lanes`, that each slot of a packed step belongs to
  void (*row)(const RowTask<T>& task);
  // sums[i] = the sum of the channels of pixel i; used in the max form only, else null
  void (*sum_channels)(const T* pixels, int64_t count, int64_t channels, int32_t* sums);
  std::atomic<uint64_t>* calls;
};

}  // namespace addersr::qlinear_adder_conv
