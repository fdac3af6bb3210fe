// What a kernel is: some neighbouring output pixels from padded channels-last input.
#pragma once

#include <atomic>
#include <cstdint>

namespace addersr::qlinear_adder_conv {

// How a value t of the table's domain becomes an output.
enum class Activation {
  kRamp,          // the table is a clamped line, t + ramp_start: computed
  kLookup,        // looked up as the final value of T, where nothing is added afterwards
  kLookupAndAdd,  // looked up as it was given
};

// The constants of a layer after its sums. Arrays are per output, padded in every group to the
// kernel's lanes with neutral values. Plain pointers, since kernels share no code with other files.
template <class T>
struct Requantization {
  const int32_t* offset;  // with the filter's sum in the max form
  const float* multiplier;
  const float* bias;
  const int32_t* z_zero_point;
  const float* z_multiplier;
  const int32_t* r_zero_point;
  const float* r_multiplier;
  int flush_steps;      // steps after which a narrow accumulator must be emptied
  float t_low, t_high;  // the part of the table's domain that is used; both are integers
  bool bounded;         // t fits into int32 without them, whatever the input
  int table_fraction;
  int32_t low, high;  // of Y; without R in a ramp: what t_low and t_high become
  Activation activation;
  bool adds;  // R may add something
  int32_t ramp_start;
  const T* outputs;             // kLookup
  const int16_t* table;         // kLookupAndAdd
  const int32_t* table_offset;  // where an output's values begin in either
};

template <class T>
struct RowTask {
  const T* x;               // first tap of the first output pixel
  int64_t pixel_step;       // values between the first taps of neighbouring output pixels
  int64_t tap_row_step;     // values between taps that are neighbours in height
  int64_t tap_column_step;  // values between taps that are neighbours in width
  int64_t channels;         // of one tap, contiguous; a multiple of the kernel's channels
  int64_t kernel_height, kernel_width;
  int64_t
      segment;  // equal parts of `channels` that narrow accumulators can take between two flushes
  const Requantization<T>* layer;
  int64_t first_output;   // of this group in the arrays of the layer
  const T* panels;        // of this group
  const int32_t* x_sums;  // per output pixel: sum of the input over its taps (max form only)
  int64_t pixels;
  int64_t outputs;        // of this group
  int64_t pixel_outputs;  // values from one pixel of Y to the next: the outputs of all groups
  // Of the first pixel and the first output of this group. Residuals may be null: z_term and r_term
  // then hold the constant that takes their place per output, or are null too.
  const T* z;
  const T* r;
  const float* z_term;
  const int32_t* r_term;
  T* y;
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
