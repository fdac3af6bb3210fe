// Plain C++ for every CPU; the compiler vectorises the loops over lanes as far as it can.
#include "custom_ops/adder_conv/forms.h"
#include "custom_ops/adder_conv/tile.h"
#include "custom_ops/isa/portable_vector.h"

namespace addersr::adder_conv {
namespace {

// Small enough for any register file.
using MaxAddRow = MaxAdd<isa::PortableVector, 4>;

}  // namespace

ADDERSR_DEFINE_KERNEL(portable, portable_max_add, MaxAddRow);

}  // namespace addersr::adder_conv
