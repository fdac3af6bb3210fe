// What a node says about the requantisation of its integers, and the limits of it.
#pragma once

#include <cstdint>
#include <string>

#include "custom_ops/requantization/range.h"

namespace addersr::requantization {

// Offsets and sums stay below, so that neither they nor their difference leave int32.
constexpr int64_t kMaxSum = int64_t{1} << 30;

// A parameter of a node: one value for all channels, or one per channel.
template <class V>
struct Values {
  const V* data;
  int64_t count;

  const V& operator[](int64_t channel) const { return data[count == 1 ? 0 : channel]; }
};

// Names and meanings as in SPECIFICATION.md. All values are of the O outputs; T is the type of Z, R
// and Y.
template <class T>
struct Parameters {
  int bits;
  int table_fraction;
  Values<int32_t> offset;
  Values<float> multiplier;
  Values<float> bias;
  Values<T> z_zero_point;
  Values<float> z_multiplier;
  Values<T> r_zero_point;
  Values<float> r_multiplier;
  const int16_t* table;  // [table_rows][table_size]
  int64_t table_rows;    // 1 or O
  int64_t table_size;
};

// Empty, or the sentence that says which value of a node of `op` is out of its range and what was
// expected.
template <class T>
std::string Check(const char* op, int64_t outputs, const Parameters<T>& parameters);

// The same for single parameters. V is uint8_t, int16_t, int32_t or float.
template <class V>
std::string CheckCount(const char* op, const char* name, const Values<V>& values, int64_t channels);
template <class V>
std::string CheckValues(const char* op, const char* name, const V* values, int64_t count,
                        int64_t low, int64_t high);
// Bits of data of T; `name` is the attribute.
template <class T>
std::string CheckBits(const char* op, const char* name, int bits);
// One float or one per channel, each so small that no product with an int32 overflows.
std::string CheckFloats(const char* op, const char* name, const Values<float>& values,
                        int64_t channels);

}  // namespace addersr::requantization
