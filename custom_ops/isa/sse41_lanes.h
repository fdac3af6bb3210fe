// Four int32 and floats in SSE registers, see lanes.h. Only files that are compiled for SSE4.1 may
// include this.
#pragma once

#include <smmintrin.h>

#include <cstring>

#include "custom_ops/isa/lanes.h"

namespace addersr::isa {

struct Sse41LanesOfAnyData {
  using Int = __m128i;
  using Float = __m128;
  static constexpr int kLanes = 4;
  static Int IntZero() { return _mm_setzero_si128(); }
  static Int IntBroadcast(int32_t value) { return _mm_set1_epi32(value); }
  static Float FloatBroadcast(float value) { return _mm_set1_ps(value); }
  static Int LoadInt(const int32_t* from) { return _mm_loadu_si128((const __m128i*)from); }
  static Float LoadFloat(const float* from) { return _mm_loadu_ps(from); }
  static void StoreInt(int32_t* to, Int v) { _mm_storeu_si128((__m128i*)to, v); }
  static void StoreFloat(float* to, Float v) { _mm_storeu_ps(to, v); }
  static Int Add(Int a, Int b) { return _mm_add_epi32(a, b); }
  static Int Sub(Int a, Int b) { return _mm_sub_epi32(a, b); }
  static Int Min(Int a, Int b) { return _mm_min_epi32(a, b); }
  static Int Max(Int a, Int b) { return _mm_max_epi32(a, b); }
  static Int ShiftRight(Int a, int bits) { return _mm_sra_epi32(a, _mm_cvtsi32_si128(bits)); }
  static Float ToFloat(Int a) { return _mm_cvtepi32_ps(a); }
  static Float Multiply(Float a, Float b) { return _mm_mul_ps(a, b); }
  static Float AddFloat(Float a, Float b) { return _mm_add_ps(a, b); }
  static Float MinFloat(Float a, Float b) { return _mm_min_ps(a, b); }
  static Float MaxFloat(Float a, Float b) { return _mm_max_ps(a, b); }
  static Int Round(Float a) { return _mm_cvtps_epi32(a); }
};

template <class T>
struct Sse41Lanes;

template <>
struct Sse41Lanes<uint8_t> : Sse41LanesOfAnyData {
  using Data = uint8_t;
  static Int LoadData(const Data* from) {
    int four;
    std::memcpy(&four, from, sizeof(four));
    return _mm_cvtepu8_epi32(_mm_cvtsi32_si128(four));
  }
  static void StoreData(Data* to, Int v) {
    const __m128i words = _mm_packs_epi32(v, v);
    const int four = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    std::memcpy(to, &four, sizeof(four));
  }
  template <int kPixels>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kPixels], int32_t low,
                           int32_t high) {
    StoreEach<Sse41Lanes>(y, step, u, low, high);
  }
};

template <>
struct Sse41Lanes<int16_t> : Sse41LanesOfAnyData {
  using Data = int16_t;
  static Int LoadData(const Data* from) {
    return _mm_cvtepi16_epi32(_mm_loadl_epi64((const __m128i*)from));
  }
  static void StoreData(Data* to, Int v) { _mm_storel_epi64((__m128i*)to, _mm_packs_epi32(v, v)); }
  template <int kPixels>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kPixels], int32_t low,
                           int32_t high) {
    StoreEach<Sse41Lanes>(y, step, u, low, high);
  }
};

}  // namespace addersr::isa
