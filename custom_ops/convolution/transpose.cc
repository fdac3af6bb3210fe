// Blocks of pixels whose channels' cache lines stay in L1 meanwhile, and in them four planes at a
// time: planes are often a multiple of 4096 bytes apart, and then more of them than a cache has
// ways evict each other.
#include "custom_ops/convolution/transpose.h"

#include <cstring>

namespace addersr::convolution {
namespace {

// Four floats; the compiler makes the vector instructions that every CPU of the platform has.
typedef float Four __attribute__((vector_size(16)));

// The halves of a and b, value by value in turn. Clang has no __builtin_shuffle, and GCC before 12
// nothing else.
inline Four Low(Four a, Four b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
#else
  typedef int32_t Places __attribute__((vector_size(16)));
  return __builtin_shuffle(a, b, Places{0, 4, 1, 5});
#endif
}

inline Four High(Four a, Four b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
#else
  typedef int32_t Places __attribute__((vector_size(16)));
  return __builtin_shuffle(a, b, Places{2, 6, 3, 7});
#endif
}

// to[k * to_step + i] = from[i * from_step + k], i and k below 4.
inline void Transpose4(const float* from, int64_t from_step, float* to, int64_t to_step) {
  Four row[4];
  for (int i = 0; i < 4; ++i) std::memcpy(&row[i], from + i * from_step, sizeof(Four));
  const Four even_low = Low(row[0], row[2]), even_high = High(row[0], row[2]);
  const Four odd_low = Low(row[1], row[3]), odd_high = High(row[1], row[3]);
  row[0] = Low(even_low, odd_low);
  row[1] = High(even_low, odd_low);
  row[2] = Low(even_high, odd_high);
  row[3] = High(even_high, odd_high);
  for (int i = 0; i < 4; ++i) std::memcpy(to + i * to_step, &row[i], sizeof(Four));
}

// Calls whole(channel, pixel) for blocks of 4 x 4, and single(channel, pixel) for what is left.
template <class Whole, class Single>
inline void ForEachBlock(int64_t channels, int64_t pixels, const Whole& whole,
                         const Single& single) {
  constexpr int64_t kBlock = 16;
  for (int64_t begin = 0; begin < pixels; begin += kBlock) {
    const int64_t end = begin + kBlock < pixels ? begin + kBlock : pixels;
    int64_t c = 0;
    for (; c + 4 <= channels; c += 4) {
      int64_t i = begin;
      for (; i + 4 <= end; i += 4) whole(c, i);
      for (; i < end; ++i) {
        for (int64_t k = c; k < c + 4; ++k) single(k, i);
      }
    }
    for (; c < channels; ++c) {
      for (int64_t i = begin; i < end; ++i) single(c, i);
    }
  }
}

}  // namespace

void PlanesToPixels(const float* from, int64_t plane_step, int64_t channels, int64_t pixels,
                    float* to, int64_t pixel_step) {
  ForEachBlock(
      channels, pixels,
      [=](int64_t c, int64_t i) {
        Transpose4(from + c * plane_step + i, plane_step, to + i * pixel_step + c, pixel_step);
      },
      [=](int64_t c, int64_t i) { to[i * pixel_step + c] = from[c * plane_step + i]; });
}

void PixelsToPlanes(const float* from, int64_t pixel_step, int64_t channels, int64_t pixels,
                    float* to, int64_t plane_step) {
  ForEachBlock(
      channels, pixels,
      [=](int64_t c, int64_t i) {
        Transpose4(from + i * pixel_step + c, pixel_step, to + c * plane_step + i, plane_step);
      },
      [=](int64_t c, int64_t i) { to[c * plane_step + i] = from[i * pixel_step + c]; });
}

}  // namespace addersr::convolution
