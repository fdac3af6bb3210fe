#include "custom_ops/isa/avx512_vector.h"
#include "custom_ops/training_epilogue/loops.h"

namespace addersr::training_epilogue {

ADDERSR_DEFINE_EPILOGUE_KERNEL(avx512, isa::Avx512Vector);

}  // namespace addersr::training_epilogue
