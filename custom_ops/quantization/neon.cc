// The loops of loops.h in NEON.
#include "custom_ops/isa/neon_lanes.h"
#include "custom_ops/quantization/loops.h"

namespace addersr::quantization {

ADDERSR_DEFINE_QUANTIZATION_KERNEL(neon, neon_quantization, isa::NeonLanes);

}  // namespace addersr::quantization
