// NEON, for every 64-bit Arm CPU.
//
// FABD and FADD would take as many instructions per tap as FMAX and FADD and use the same units. So
// Arm takes the max form like everybody else, and its results are those of x86, bit for bit.
#include "custom_ops/adder_conv/forms.h"
#include "custom_ops/adder_conv/tile.h"
#include "custom_ops/isa/double_vector.h"
#include "custom_ops/isa/neon_vector.h"

namespace addersr::adder_conv {
namespace {

// 24 accumulators, 4 of the filter, a pixel and 2 temporaries: 31 of 32 registers. A pixel's
// broadcast (DUP) occupies an arithmetic unit; 16 outputs per pixel halve its share against 8.
using MaxAddRow = MaxAdd<isa::DoubleVector<isa::NeonVector>, 6>;

}  // namespace

ADDERSR_DEFINE_KERNEL(neon, neon_max_add, MaxAddRow);

}  // namespace addersr::adder_conv
