// Eight floats in an AVX register. Only files that are compiled for AVX2 may include this.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace addersr::isa {
// Without a name, so that each file has a type of its own: a file that is compiled for AVX-512 uses
// this one too, and its code must not be linked into the others.
namespace {

struct Avx2Vector {
  static constexpr int kLanes = 8;
  using Vector = __m256;
  static Vector Load(const float* from) { return _mm256_loadu_ps(from); }
  static Vector Broadcast(float value) { return _mm256_set1_ps(value); }
  static Vector Zero() { return _mm256_setzero_ps(); }
  static void Store(float* to, Vector v) { _mm256_storeu_ps(to, v); }
  static Vector Add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  static Vector Sub(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
  static Vector Mul(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
  static Vector Max(Vector a, Vector b) { return _mm256_max_ps(a, b); }
  static Vector Min(Vector a, Vector b) { return _mm256_min_ps(a, b); }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
  static Vector And(Vector a, uint32_t bits) {
    return Float(_mm256_and_si256(Bits(a), _mm256_set1_epi32(static_cast<int>(bits))));
  }
  static Vector Or(Vector a, uint32_t bits) {
    return Float(_mm256_or_si256(Bits(a), _mm256_set1_epi32(static_cast<int>(bits))));
  }
  static Vector AddToBits(Vector a, uint32_t bits) {
    return Float(_mm256_add_epi32(Bits(a), _mm256_set1_epi32(static_cast<int>(bits))));
  }
  static Vector ShiftLeft23(Vector a) { return Float(_mm256_slli_epi32(Bits(a), 23)); }
  static Vector ShiftRight23(Vector a) { return Float(_mm256_srli_epi32(Bits(a), 23)); }
  // `positive` where t > 0, else `other`.
  static Vector Select(Vector t, Vector positive, Vector other) {
    return _mm256_blendv_ps(other, positive, _mm256_cmp_ps(t, Zero(), _CMP_GT_OQ));
  }

 private:
  static __m256i Bits(Vector a) { return _mm256_castps_si256(a); }
  static Vector Float(__m256i a) { return _mm256_castsi256_ps(a); }
};

}  // namespace
}  // namespace addersr::isa
