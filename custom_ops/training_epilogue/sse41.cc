#include "custom_ops/isa/sse41_vector.h"
#include "custom_ops/training_epilogue/loops.h"

namespace addersr::training_epilogue {

ADDERSR_DEFINE_EPILOGUE_KERNEL(sse41, isa::Sse41Vector);

}  // namespace addersr::training_epilogue
