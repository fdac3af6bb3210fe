// Four floats in an SSE register. Only files that are compiled for SSE4.1 may include this.
#pragma once

#include <smmintrin.h>

#include <cstdint>

namespace addersr::isa {

struct Sse41Vector {
  static constexpr int kLanes = 4;
  using Vector = __m128;
  static Vector Load(const float* from) { return _mm_loadu_ps(from); }
  static Vector Broadcast(float value) { return _mm_set1_ps(value); }
  static Vector Zero() { return _mm_setzero_ps(); }
  static void Store(float* to, Vector v) { _mm_storeu_ps(to, v); }
  static Vector Add(Vector a, Vector b) { return _mm_add_ps(a, b); }
  static Vector Sub(Vector a, Vector b) { return _mm_sub_ps(a, b); }
  static Vector Mul(Vector a, Vector b) { return _mm_mul_ps(a, b); }
  static Vector Max(Vector a, Vector b) { return _mm_max_ps(a, b); }
  static Vector Min(Vector a, Vector b) { return _mm_min_ps(a, b); }
  static Vector And(Vector a, uint32_t bits) {
    return Float(_mm_and_si128(Bits(a), _mm_set1_epi32(static_cast<int>(bits))));
  }
  static Vector Or(Vector a, uint32_t bits) {
    return Float(_mm_or_si128(Bits(a), _mm_set1_epi32(static_cast<int>(bits))));
  }
  static Vector AddToBits(Vector a, uint32_t bits) {
    return Float(_mm_add_epi32(Bits(a), _mm_set1_epi32(static_cast<int>(bits))));
  }
  static Vector ShiftLeft23(Vector a) { return Float(_mm_slli_epi32(Bits(a), 23)); }
  static Vector ShiftRight23(Vector a) { return Float(_mm_srli_epi32(Bits(a), 23)); }
  // `positive` where t > 0, else `other`.
  static Vector Select(Vector t, Vector positive, Vector other) {
    return _mm_blendv_ps(other, positive, _mm_cmpgt_ps(t, Zero()));
  }

 private:
  static __m128i Bits(Vector a) { return _mm_castps_si128(a); }
  static Vector Float(__m128i a) { return _mm_castsi128_ps(a); }
};

}  // namespace addersr::isa
