#include "custom_ops/isa/avx2_vector.h"
#include "custom_ops/training_epilogue/loops.h"

namespace addersr::training_epilogue {

ADDERSR_DEFINE_EPILOGUE_KERNEL(avx2, isa::Avx2Vector);

}  // namespace addersr::training_epilogue
