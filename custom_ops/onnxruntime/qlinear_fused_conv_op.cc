#include "custom_ops/onnxruntime/qlinear_fused_conv_op.h"

#include "custom_ops/onnxruntime/qlinear_op_impl.h"

namespace addersr::ort {

template class QLinearKernel<QLinearFusedConvLayer<uint8_t, uint8_t>>;
template class QLinearKernel<QLinearFusedConvLayer<uint8_t, int16_t>>;
template class QLinearKernel<QLinearFusedConvLayer<int16_t, uint8_t>>;
template class QLinearKernel<QLinearFusedConvLayer<int16_t, int16_t>>;

}  // namespace addersr::ort
