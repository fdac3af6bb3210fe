// What a kernel is: the values of one channel of one image.
#pragma once

#include <cstdint>

namespace addersr::training_epilogue {

struct Channel {
  float scale, bias;
  bool has_power;
  float alpha;
  float power_high, power_low;  // alpha - 1 in two parts: see adder_conv/power.h
  bool has_slope;
  float slope;
};

struct Kernel {
  const char* isa;
  // `z` and `dz` may be null.
  void (*forward)(const Channel& channel, const float* a, const float* z, float* y, int64_t values);
  void (*backward)(const Channel& channel, const float* dy, const float* a, const float* z,
                   float* da, float* dz, int64_t values, double* sums);
};

}  // namespace addersr::training_epilogue
