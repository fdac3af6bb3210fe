// AVX-512, in the same two forms as AVX2 (avx2.cc).
#include "custom_ops/adder_conv/tile.h"
#include "custom_ops/isa/avx512_vector.h"

namespace addersr::adder_conv {
namespace {

// 24 accumulators, 2 of the filter, the constant 1 of MaxFma and temporaries: within 32 registers.
struct Avx512 : isa::Avx512Vector {
  static constexpr int kPixels = 12;
  static Vector Finish(Vector offset, Vector x_sum, Vector acc) {
    return _mm512_sub_ps(_mm512_add_ps(offset, x_sum), _mm512_add_ps(acc, acc));
  }
};

struct MaxAdd : Avx512 {
  static Vector AccumulateMax(Vector acc, Vector x, Vector w) {
    return _mm512_add_ps(acc, _mm512_max_ps(x, w));
  }
};

struct MaxFma : Avx512 {
  static Vector AccumulateMax(Vector acc, Vector x, Vector w) {
    return _mm512_fmadd_ps(_mm512_max_ps(x, w), _mm512_set1_ps(1.0F), acc);
  }
};

}  // namespace

ADDERSR_DEFINE_KERNEL(avx512, avx512_max_add, MaxAdd);
ADDERSR_DEFINE_KERNEL(avx512, avx512_max_fma, MaxFma);

}  // namespace addersr::adder_conv
