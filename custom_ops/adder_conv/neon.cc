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

// 16 accumulators, 4 of the filter, a pixel, and 11 left over: Cortex-A55 and its like run in order
// and need the maxima of a pixel in registers of their own, well before they are added. The 24
// accumulators of 6 pixels leave 3; predictions for the other CPUs are the same for both tiles.
// A pixel's broadcast (DUP) occupies an arithmetic unit; 16 outputs per pixel halve its share
// against 8. `make arm-predictions` prints the loop.
using MaxAddRow = MaxAdd<isa::DoubleVector<isa::NeonVector>, 4>;

}  // namespace

ADDERSR_DEFINE_KERNEL(neon, neon_max_add, MaxAddRow);

}  // namespace addersr::adder_conv
