// SSE4.1, for x86 CPUs and emulators without AVX2.
#include "custom_ops/adder_conv/tile.h"
#include "custom_ops/isa/sse41_vector.h"

namespace addersr::adder_conv {
namespace {

// 12 accumulators, 2 of the filter, 2 temporaries: all 16 registers.
struct Sse41 : isa::Sse41Vector {
  static constexpr int kPixels = 6;
  static Vector AccumulateMax(Vector acc, Vector x, Vector w) {
    return _mm_add_ps(acc, _mm_max_ps(x, w));
  }
  static Vector Finish(Vector offset, Vector x_sum, Vector acc) {
    return _mm_sub_ps(_mm_add_ps(offset, x_sum), _mm_add_ps(acc, acc));
  }
};

}  // namespace

ADDERSR_DEFINE_KERNEL(sse41, sse41_max_add, Sse41);

}  // namespace addersr::adder_conv
