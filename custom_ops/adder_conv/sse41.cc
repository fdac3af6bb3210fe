// SSE4.1, for x86 CPUs and emulators without AVX2.
#include "custom_ops/adder_conv/forms.h"
#include "custom_ops/adder_conv/tile.h"
#include "custom_ops/isa/sse41_vector.h"

namespace addersr::adder_conv {
namespace {

// 12 accumulators, 2 of the filter, 2 temporaries: all 16 registers.
using MaxAddRow = MaxAdd<isa::Sse41Vector, 6>;

}  // namespace

ADDERSR_DEFINE_KERNEL(sse41, sse41_max_add, MaxAddRow);

}  // namespace addersr::adder_conv
