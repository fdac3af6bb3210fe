// What a kernel is: some neighbouring output pixels from padded channels-last input in int16.
#pragma once

#include <atomic>
#include <cstdint>

#include "custom_ops/requantization/requantization.h"

namespace addersr::qlinear_fused_conv {

// Outputs whose sums are formed together. Its weights are, for each run of taps and each step of
// kernel.channels * spread values, those values for each of its outputs; zeros beyond the run.
struct Panel {
  int64_t first_output;
  int64_t weights;  // where they begin in those of the group
  int groups;       // of kernel.lanes outputs: kernel.groups of them, or one
  int spread;       // lanes that share the taps of one output; 1 in a panel of several groups
};

// T is the type of Y.
template <class T>
struct RowTask : requantization::Row<T> {
  const int16_t* x;         // first tap of the first output pixel
  int64_t pixel_step;       // values between the first taps of neighbouring output pixels
  int64_t tap_row_step;     // values between runs that are neighbours in height
  int64_t tap_column_step;  // values between runs that are neighbours in width
  int64_t run;              // contiguous values. Reading may go on to the end of a step.
  int64_t run_rows, run_columns;
  const int16_t* weights;  // of this group
  const Panel* panels;
  int64_t panel_count;
};

template <class T>
struct Kernel {
  const char* isa;
  const char* name;
  int lanes;     // outputs that are requantised together
  int groups;    // of `lanes` outputs in a wide panel
  int channels;  // values of a run that one lane takes in a step
  int spread;    // the largest; it is a power of two
  void (*row)(const RowTask<T>& task);
  std::atomic<uint64_t>* calls;
};

}  // namespace addersr::qlinear_fused_conv
