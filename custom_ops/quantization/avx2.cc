// The loops of loops.h in AVX2.
#include "custom_ops/isa/avx2_lanes.h"
#include "custom_ops/quantization/loops.h"

namespace addersr::quantization {

ADDERSR_DEFINE_QUANTIZATION_KERNEL(avx2, avx2_quantization, isa::Avx2Lanes);

}  // namespace addersr::quantization
