// Sixteen int32 and floats in AVX-512 registers, see lanes.h. Only files that are compiled for
// AVX-512 may include this.
#pragma once

#include <immintrin.h>

#include <cstring>

#include "custom_ops/isa/lanes.h"

namespace addersr::isa {

struct Avx512LanesOfAnyData {
  using Int = __m512i;
  using Float = __m512;
  static constexpr int kLanes = 16;
  static Int IntZero() { return _mm512_setzero_si512(); }
  static Int IntBroadcast(int32_t value) { return _mm512_set1_epi32(value); }
  static Float FloatBroadcast(float value) { return _mm512_set1_ps(value); }
  static Int LoadInt(const int32_t* from) { return _mm512_loadu_si512(from); }
  static Float LoadFloat(const float* from) { return _mm512_loadu_ps(from); }
  static void StoreInt(int32_t* to, Int v) { _mm512_storeu_si512(to, v); }
  static void StoreFloat(float* to, Float v) { _mm512_storeu_ps(to, v); }
  static Int Add(Int a, Int b) { return _mm512_add_epi32(a, b); }
  static Int Sub(Int a, Int b) { return _mm512_sub_epi32(a, b); }
  static Int Min(Int a, Int b) { return _mm512_min_epi32(a, b); }
  static Int Max(Int a, Int b) { return _mm512_max_epi32(a, b); }
  static Int ShiftRight(Int a, int bits) { return _mm512_sra_epi32(a, _mm_cvtsi32_si128(bits)); }
  static Float ToFloat(Int a) { return _mm512_cvtepi32_ps(a); }
  static Float Multiply(Float a, Float b) { return _mm512_mul_ps(a, b); }
  static Float AddFloat(Float a, Float b) { return _mm512_add_ps(a, b); }
  static Float MinFloat(Float a, Float b) { return _mm512_min_ps(a, b); }
  static Float MaxFloat(Float a, Float b) { return _mm512_max_ps(a, b); }
  static Int Round(Float a) { return _mm512_cvtps_epi32(a); }
};

template <class T>
struct Avx512Lanes;

template <>
struct Avx512Lanes<uint8_t> : Avx512LanesOfAnyData {
  using Data = uint8_t;
  static Int LoadData(const Data* from) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)from));
  }
  template <int kCount>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kCount], int32_t low,
                           int32_t high) {
    const __m128i least = _mm_set1_epi8(static_cast<char>(low));
    const __m128i most = _mm_set1_epi8(static_cast<char>(high));
#pragma GCC unroll 16
    for (int p = 0; p < kCount; ++p) {
      const __m128i bytes = _mm512_cvtusepi32_epi8(_mm512_max_epi32(u[p], IntZero()));
      _mm_storeu_si128((__m128i*)(y + p * step), _mm_min_epu8(_mm_max_epu8(bytes, least), most));
    }
  }
};

template <>
struct Avx512Lanes<int16_t> : Avx512LanesOfAnyData {
  using Data = int16_t;
  static Int LoadData(const Data* from) {
    return _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i*)from));
  }
  template <int kCount>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kCount], int32_t low,
                           int32_t high) {
    const __m256i least = _mm256_set1_epi16(static_cast<int16_t>(low));
    const __m256i most = _mm256_set1_epi16(static_cast<int16_t>(high));
#pragma GCC unroll 16
    for (int p = 0; p < kCount; ++p) {
      const __m256i words = _mm512_cvtsepi32_epi16(u[p]);
      _mm256_storeu_si256((__m256i*)(y + p * step),
                          _mm256_min_epi16(_mm256_max_epi16(words, least), most));
    }
  }
};

}  // namespace addersr::isa
