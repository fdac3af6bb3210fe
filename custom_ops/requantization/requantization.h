// What requantisation reads and writes while a kernel runs.
#pragma once

#include <cstdint>

namespace addersr::requantization {

// R's part of the sum before the last shift: its range, so that nothing overflows.
constexpr float kResidualLimit = 1048576.0F;  // 2^20

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
  const int32_t* offset;  // with the constants of the kernel's way to form the sums
  const float* multiplier;
  const float* bias;
  const int32_t* z_zero_point;
  const float* z_multiplier;
  const int32_t* r_zero_point;
  const float* r_multiplier;
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

// Where the integers of neighbouring output pixels go. A kernel's task is one of these, and says
// where its sums come from.
template <class T>
struct Row {
  const Requantization<T>* layer;
  int64_t first_output;  // of this group in the arrays of the layer
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

}  // namespace addersr::requantization
