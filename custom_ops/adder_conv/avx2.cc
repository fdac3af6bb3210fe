// AVX2 with FMA.
#include "custom_ops/adder_conv/forms.h"
#include "custom_ops/adder_conv/tile.h"
#include "custom_ops/isa/avx2_vector.h"

namespace addersr::adder_conv {
namespace {

// 12 accumulators, 2 of the filter, 2 temporaries: all 16 registers.
using MaxAddRow = MaxAdd<isa::Avx2Vector, 6>;

// One pixel fewer, since the constant 1 takes a register.
using MaxFmaRow = MaxFma<isa::Avx2Vector, 5>;

}  // namespace

ADDERSR_DEFINE_KERNEL(avx2, avx2_max_add, MaxAddRow);
ADDERSR_DEFINE_KERNEL(avx2, avx2_max_fma, MaxFmaRow);

}  // namespace addersr::adder_conv
