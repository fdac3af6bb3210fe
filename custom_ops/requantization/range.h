// The values that data of a type and a number of bits may have.
#pragma once

#include <cstdint>
#include <type_traits>

namespace addersr::requantization {

struct Range {
  int32_t low, high;
};

template <class T>
constexpr int kMinBits = std::is_signed_v<T> ? 2 : 1;
template <class T>
constexpr int kMaxBits = 8 * sizeof(T);

template <class T>
Range DataRange(int bits) {
  if (std::is_signed_v<T>) return {-(1 << (bits - 1)), (1 << (bits - 1)) - 1};
  return {0, (1 << bits) - 1};
}

}  // namespace addersr::requantization
