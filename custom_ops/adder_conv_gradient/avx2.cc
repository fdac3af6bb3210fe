// AVX2 with FMA: vsubps, vmaxps, vminps, vfmadd per tap.
#include "custom_ops/adder_conv_gradient/tile.h"
#include "custom_ops/isa/avx2_vector.h"

namespace addersr::adder_conv_gradient {
namespace {

// 6 accumulators, 6 inputs, the filter, 2 constants and a temporary: all 16 registers.
struct Avx2 : isa::Avx2Vector {
  static constexpr int kPixels = 6;
  static Vector Accumulate(Vector acc, Vector dy, Vector w, Vector x) {
    const Vector clipped =
        _mm256_min_ps(_mm256_max_ps(_mm256_sub_ps(w, x), Broadcast(-1.0F)), Broadcast(1.0F));
    return _mm256_fmadd_ps(dy, clipped, acc);
  }
};

}  // namespace

extern const Kernel kernel_avx2;
const Kernel kernel_avx2{"avx2", Avx2::kLanes, Row<Avx2>};

}  // namespace addersr::adder_conv_gradient
