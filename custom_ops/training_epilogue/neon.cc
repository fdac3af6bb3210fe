#include "custom_ops/isa/neon_vector.h"
#include "custom_ops/training_epilogue/loops.h"

namespace addersr::training_epilogue {

ADDERSR_DEFINE_EPILOGUE_KERNEL(neon, isa::NeonVector);

}  // namespace addersr::training_epilogue
