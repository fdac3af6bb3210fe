// What a kernel is: the arithmetic of the three ops on values in the order of the output.
#pragma once

#include <atomic>
#include <cstdint>

namespace addersr::quantization {

// The most lanes of any instruction set.
constexpr int kMostLanes = 16;

// The parameters of the channels, which recur: those of the value i are at i modulo
// vectors * lanes, where lanes are the kernel's.
struct Pattern {
  int64_t vectors;
  const float* multiplier;
  const int32_t* x_zero_point;  // where X is in integers
  const int32_t* y_zero_point;  // where Y is: these, and the limits before it is added
  const float* least;
  const float* most;
  int32_t low, high;  // of Y
};

// `count` values; the first has the parameters at 0. T, X and Y are uint8_t or int16_t.
template <class T>
using Quantize = void (*)(const float* x, int64_t count, const Pattern& pattern, T* y);
template <class X, class Y>
using Requantize = void (*)(const X* x, int64_t count, const Pattern& pattern, Y* y);
// `anchors` may be null: then `anchor` is added to all.
template <class T>
using Dequantize = void (*)(const T* x, const float* anchors, float anchor, int64_t count,
                            const Pattern& pattern, float* y);

struct Kernel {
  const char* isa;
  const char* name;
  int lanes;
  Quantize<uint8_t> quantize_uint8;
  Quantize<int16_t> quantize_int16;
  Dequantize<uint8_t> dequantize_uint8;
  Dequantize<int16_t> dequantize_int16;
  Requantize<uint8_t, uint8_t> uint8_to_uint8;
  Requantize<uint8_t, int16_t> uint8_to_int16;
  Requantize<int16_t, uint8_t> int16_to_uint8;
  Requantize<int16_t, int16_t> int16_to_int16;
  std::atomic<uint64_t>* calls;
};

}  // namespace addersr::quantization
