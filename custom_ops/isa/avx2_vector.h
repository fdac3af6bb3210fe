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
};

}  // namespace addersr::isa
