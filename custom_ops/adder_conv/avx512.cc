// AVX-512.
#include "custom_ops/adder_conv/forms.h"
#include "custom_ops/adder_conv/tile.h"
#include "custom_ops/isa/avx512_vector.h"

namespace addersr::adder_conv {
namespace {

// 24 accumulators, 2 of the filter and temporaries: within 32 registers.
using MaxAddRow = MaxAdd<isa::Avx512Vector, 12>;

// And the constant 1.
using MaxFmaRow = MaxFma<isa::Avx512Vector, 12>;

}  // namespace

ADDERSR_DEFINE_KERNEL(avx512, avx512_max_add, MaxAddRow);
ADDERSR_DEFINE_KERNEL(avx512, avx512_max_fma, MaxFmaRow);

}  // namespace addersr::adder_conv
