#include "custom_ops/isa/portable_vector.h"
#include "custom_ops/training_epilogue/loops.h"

namespace addersr::training_epilogue {

ADDERSR_DEFINE_EPILOGUE_KERNEL(portable, isa::PortableVector);

}  // namespace addersr::training_epilogue
