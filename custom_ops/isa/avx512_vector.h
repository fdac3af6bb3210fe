// Sixteen floats in an AVX-512 register. Only files that are compiled for AVX-512 may include this.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace addersr::isa {

struct Avx512Vector {
  static constexpr int kLanes = 16;
  using Vector = __m512;
  static Vector Load(const float* from) { return _mm512_loadu_ps(from); }
  static Vector Broadcast(float value) { return _mm512_set1_ps(value); }
  static Vector Zero() { return _mm512_setzero_ps(); }
  static void Store(float* to, Vector v) { _mm512_storeu_ps(to, v); }
  static Vector Add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  static Vector Sub(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
  static Vector Mul(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
  static Vector Max(Vector a, Vector b) { return _mm512_max_ps(a, b); }
  static Vector Min(Vector a, Vector b) { return _mm512_min_ps(a, b); }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  static Vector And(Vector a, uint32_t bits) {
    return Float(_mm512_and_si512(Bits(a), _mm512_set1_epi32(static_cast<int>(bits))));
  }
  static Vector Or(Vector a, uint32_t bits) {
    return Float(_mm512_or_si512(Bits(a), _mm512_set1_epi32(static_cast<int>(bits))));
  }
  static Vector AddToBits(Vector a, uint32_t bits) {
    return Float(_mm512_add_epi32(Bits(a), _mm512_set1_epi32(static_cast<int>(bits))));
  }
  static Vector ShiftLeft23(Vector a) { return Float(_mm512_slli_epi32(Bits(a), 23)); }
  static Vector ShiftRight23(Vector a) { return Float(_mm512_srli_epi32(Bits(a), 23)); }
  // `positive` where t > 0, else `other`.
  static Vector Select(Vector t, Vector positive, Vector other) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(t, Zero(), _CMP_GT_OQ), other, positive);
  }

 private:
  static __m512i Bits(Vector a) { return _mm512_castps_si512(a); }
  static Vector Float(__m512i a) { return _mm512_castsi512_ps(a); }
};

}  // namespace addersr::isa
