// Eight floats in an AVX register. Only files that are compiled for AVX2 may include this.
#pragma once

#include <immintrin.h>

namespace addersr::isa {

struct Avx2Vector {
  static constexpr int kLanes = 8;
  using Vector = __m256;
  static Vector Load(const float* from) { return _mm256_loadu_ps(from); }
  static Vector Broadcast(float value) { return _mm256_set1_ps(value); }
  static Vector Zero() { return _mm256_setzero_ps(); }
  static void Store(float* to, Vector v) { _mm256_storeu_ps(to, v); }
  static Vector Add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  static Vector Sub(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
  static Vector Max(Vector a, Vector b) { return _mm256_max_ps(a, b); }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
};

}  // namespace addersr::isa
