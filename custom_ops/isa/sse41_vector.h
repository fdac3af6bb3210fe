// Four floats in an SSE register. Only files that are compiled for SSE4.1 may include this.
#pragma once

#include <smmintrin.h>

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
  static Vector Max(Vector a, Vector b) { return _mm_max_ps(a, b); }
};

}  // namespace addersr::isa
