// AVX2 with FMA. Two forms of acc + max(x, w) with equal results, bit for bit:
//   max_add  vmaxps, vaddps         best where additions have pipes of their own (Zen 1)
//   max_fma  vmaxps, vfmadd(m,1,a)  best where max and add share their pipes (Zen 4, Haswell)
#include "custom_ops/adder_conv/tile.h"
#include "custom_ops/isa/avx2_vector.h"

namespace addersr::adder_conv {
namespace {

struct Avx2 : isa::Avx2Vector {
  static Vector Finish(Vector offset, Vector x_sum, Vector acc) {
    return _mm256_sub_ps(_mm256_add_ps(offset, x_sum), _mm256_add_ps(acc, acc));
  }
};

// 12 accumulators, 2 of the filter, 2 temporaries: all 16 registers.
struct MaxAdd : Avx2 {
  static constexpr int kPixels = 6;
  static Vector AccumulateMax(Vector acc, Vector x, Vector w) {
    return _mm256_add_ps(acc, _mm256_max_ps(x, w));
  }
};

// One pixel fewer, since the constant 1 takes a register.
struct MaxFma : Avx2 {
  static constexpr int kPixels = 5;
  static Vector AccumulateMax(Vector acc, Vector x, Vector w) {
    return _mm256_fmadd_ps(_mm256_max_ps(x, w), _mm256_set1_ps(1.0F), acc);
  }
};

}  // namespace

ADDERSR_DEFINE_KERNEL(avx2, avx2_max_add, MaxAdd);
ADDERSR_DEFINE_KERNEL(avx2, avx2_max_fma, MaxFma);

}  // namespace addersr::adder_conv
