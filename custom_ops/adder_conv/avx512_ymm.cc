// The 32 registers of AVX-512 with vectors of 256 bits: twice the pixels of AVX2's tile share the
// loads of the filter. On a Zen 4, which runs wide vectors in two halves, nothing is faster.
#include "custom_ops/adder_conv/forms.h"
#include "custom_ops/adder_conv/tile.h"
#include "custom_ops/isa/avx2_vector.h"

namespace addersr::adder_conv {
namespace {

// 20 accumulators, 2 of the filter, the constant 1 and temporaries. 12 pixels would fit as well,
// and are slower.
using YmmMaxFmaRow = MaxFma<isa::Avx2Vector, 10>;

}  // namespace

ADDERSR_DEFINE_KERNEL(avx512, avx512_ymm_max_fma, YmmMaxFmaRow);

}  // namespace addersr::adder_conv
