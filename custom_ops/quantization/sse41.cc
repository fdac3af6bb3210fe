// The loops of loops.h in SSE4.1.
#include "custom_ops/isa/sse41_lanes.h"
#include "custom_ops/quantization/loops.h"

namespace addersr::quantization {

ADDERSR_DEFINE_QUANTIZATION_KERNEL(sse41, sse41_quantization, isa::Sse41Lanes);

}  // namespace addersr::quantization
