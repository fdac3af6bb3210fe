// The loops of loops.h in AVX-512.
#include "custom_ops/isa/avx512_lanes.h"
#include "custom_ops/quantization/loops.h"

namespace addersr::quantization {

ADDERSR_DEFINE_QUANTIZATION_KERNEL(avx512, avx512_quantization, isa::Avx512Lanes);

}  // namespace addersr::quantization
