// Sixteen floats in an AVX-512 register. Only files that are compiled for AVX-512 may include this.
#pragma once

#include <immintrin.h>

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
  static Vector Max(Vector a, Vector b) { return _mm512_max_ps(a, b); }
  static Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
};

}  // namespace addersr::isa
