#include "custom_ops/onnxruntime/qlinear_adder_conv_op.h"

#include "custom_ops/onnxruntime/qlinear_op_impl.h"

namespace addersr::ort {

template class QLinearKernel<QLinearAdderConvLayer<uint8_t>>;
template class QLinearKernel<QLinearAdderConvLayer<int16_t>>;

}  // namespace addersr::ort
