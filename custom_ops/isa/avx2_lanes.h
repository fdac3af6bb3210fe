// Eight int32 and floats in AVX registers, see lanes.h. Only files that are compiled for AVX2 may
// include this.
#pragma once

#include <immintrin.h>

#include <cstring>

#include "custom_ops/isa/lanes.h"

namespace addersr::isa {

struct Avx2LanesOfAnyData {
  using Int = __m256i;
  using Float = __m256;
  static constexpr int kLanes = 8;
  static Int IntZero() { return _mm256_setzero_si256(); }
  static Int IntBroadcast(int32_t value) { return _mm256_set1_epi32(value); }
  static Float FloatBroadcast(float value) { return _mm256_set1_ps(value); }
  static Int LoadInt(const int32_t* from) { return _mm256_loadu_si256((const __m256i*)from); }
  static Float LoadFloat(const float* from) { return _mm256_loadu_ps(from); }
  static void StoreInt(int32_t* to, Int v) { _mm256_storeu_si256((__m256i*)to, v); }
  static void StoreFloat(float* to, Float v) { _mm256_storeu_ps(to, v); }
  static Int Add(Int a, Int b) { return _mm256_add_epi32(a, b); }
  static Int Sub(Int a, Int b) { return _mm256_sub_epi32(a, b); }
  static Int Min(Int a, Int b) { return _mm256_min_epi32(a, b); }
  static Int Max(Int a, Int b) { return _mm256_max_epi32(a, b); }
  static Int ShiftRight(Int a, int bits) { return _mm256_sra_epi32(a, _mm_cvtsi32_si128(bits)); }
  static Float ToFloat(Int a) { return _mm256_cvtepi32_ps(a); }
  static Float Multiply(Float a, Float b) { return _mm256_mul_ps(a, b); }
  static Float AddFloat(Float a, Float b) { return _mm256_add_ps(a, b); }
  static Float MinFloat(Float a, Float b) { return _mm256_min_ps(a, b); }
  static Float MaxFloat(Float a, Float b) { return _mm256_max_ps(a, b); }
  static Int Round(Float a) { return _mm256_cvtps_epi32(a); }
};

template <class T>
struct Avx2Lanes;

template <>
struct Avx2Lanes<uint8_t> : Avx2LanesOfAnyData {
  using Data = uint8_t;
  static Int LoadData(const Data* from) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)from));
  }
  static void StoreHigh(Data* to, __m128i v) {
    const long long high = _mm_extract_epi64(v, 1);
    std::memcpy(to, &high, sizeof(high));
  }
  // Four pixels at a time: packing interleaves them, and one permutation puts all in order.
  template <int kCount>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kCount], int32_t low,
                           int32_t high) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i least = _mm256_set1_epi8(static_cast<char>(low));
    const __m256i most = _mm256_set1_epi8(static_cast<char>(high));
#pragma GCC unroll 4
    for (int p = 0; p < kCount; p += 4) {
      // The last pixel stands in for those that do not exist.
      const auto at = [&](int i) { return u[p + i < kCount ? p + i : kCount - 1]; };
      __m256i bytes =
          _mm256_packus_epi16(_mm256_packs_epi32(at(0), at(1)), _mm256_packs_epi32(at(2), at(3)));
      bytes = _mm256_min_epu8(_mm256_max_epu8(bytes, least), most);
      bytes = _mm256_permutevar8x32_epi32(bytes, order);
      const __m128i first = _mm256_castsi256_si128(bytes);
      const __m128i second = _mm256_extracti128_si256(bytes, 1);
      Data* const to = y + p * step;
      _mm_storel_epi64((__m128i*)to, first);
      if (p + 1 < kCount) StoreHigh(to + step, first);
      if (p + 2 < kCount) _mm_storel_epi64((__m128i*)(to + 2 * step), second);
      if (p + 3 < kCount) StoreHigh(to + 3 * step, second);
    }
  }
};

template <>
struct Avx2Lanes<int16_t> : Avx2LanesOfAnyData {
  using Data = int16_t;
  static Int LoadData(const Data* from) {
    return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i*)from));
  }
  template <int kCount>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kCount], int32_t low,
                           int32_t high) {
    const __m256i least = _mm256_set1_epi16(static_cast<int16_t>(low));
    const __m256i most = _mm256_set1_epi16(static_cast<int16_t>(high));
#pragma GCC unroll 8
    for (int p = 0; p < kCount; p += 2) {
      __m256i words = _mm256_packs_epi32(u[p], u[p + 1 < kCount ? p + 1 : p]);
      words = _mm256_min_epi16(_mm256_max_epi16(words, least), most);
      words = _mm256_permute4x64_epi64(words, 0xd8);
      _mm_storeu_si128((__m128i*)(y + p * step), _mm256_castsi256_si128(words));
      if (p + 1 < kCount) {
        _mm_storeu_si128((__m128i*)(y + (p + 1) * step), _mm256_extracti128_si256(words, 1));
      }
    }
  }
};

}  // namespace addersr::isa
