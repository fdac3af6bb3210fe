// The loops of loops.h in plain C++.
#include "custom_ops/isa/portable_lanes.h"
#include "custom_ops/quantization/loops.h"

namespace addersr::quantization {

ADDERSR_DEFINE_QUANTIZATION_KERNEL(portable, portable_quantization, isa::PortableLanes);

}  // namespace addersr::quantization
