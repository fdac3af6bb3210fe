// QuantizeChannelsLast, DequantizeChannelsFirst and RequantizeChannelsLast as onnxruntime sees
// them: one op of a name for each type, or pair of types.
#pragma once

#include "custom_ops/onnxruntime/abi.h"
#include "custom_ops/onnxruntime/element_type.h"
#include "custom_ops/quantization/quantization.h"

namespace addersr::ort {

// One node of one session each: see op.h. Parameters are few, and packed in each call.
template <class T>
class QuantizeChannelsLastKernel {
 public:
  static constexpr const char* kName = "QuantizeChannelsLast";
  // X, multiplier, zero_point
  static constexpr ONNXTensorElementDataType kInputs[] = {kElementType<float>, kElementType<float>,
                                                          kElementType<T>};
  static constexpr ONNXTensorElementDataType kOutput = kElementType<T>;

  QuantizeChannelsLastKernel(const Api& api, const OrtKernelInfo* info);
  void Compute(OrtKernelContext* context) const;
  static void InferShape(const Api& api, OrtShapeInferContext* context);

 private:
  const Api& api_;
  const quantization::Kernel* kernel_;
  int bits_;
};

template <class T>
class DequantizeChannelsFirstKernel {
 public:
  static constexpr const char* kName = "DequantizeChannelsFirst";
  // X, multiplier, zero_point, anchor
  static constexpr ONNXTensorElementDataType kInputs[] = {kElementType<T>, kElementType<float>,
                                                          kElementType<T>, kElementType<float>};
  static constexpr ONNXTensorElementDataType kOutput = kElementType<float>;

  DequantizeChannelsFirstKernel(const Api& api, const OrtKernelInfo* info);
  void Compute(OrtKernelContext* context) const;
  static void InferShape(const Api& api, OrtShapeInferContext* context);

 private:
  const Api& api_;
  const quantization::Kernel* kernel_;
  int64_t block_;
};

template <class X, class Y>
class RequantizeChannelsLastKernel {
 public:
  static constexpr const char* kName = "RequantizeChannelsLast";
  // X, x_zero_point, multiplier, y_zero_point
  static constexpr ONNXTensorElementDataType kInputs[] = {kElementType<X>, kElementType<X>,
                                                          kElementType<float>, kElementType<Y>};
  static constexpr ONNXTensorElementDataType kOutput = kElementType<Y>;

  RequantizeChannelsLastKernel(const Api& api, const OrtKernelInfo* info);
  void Compute(OrtKernelContext* context) const;
  static void InferShape(const Api& api, OrtShapeInferContext* context);

 private:
  const Api& api_;
  const quantization::Kernel* kernel_;
  int bits_;
};

extern template class QuantizeChannelsLastKernel<uint8_t>;
extern template class QuantizeChannelsLastKernel<int16_t>;
extern template class DequantizeChannelsFirstKernel<uint8_t>;
extern template class DequantizeChannelsFirstKernel<int16_t>;
extern template class RequantizeChannelsLastKernel<uint8_t, uint8_t>;
extern template class RequantizeChannelsLastKernel<uint8_t, int16_t>;
extern template class RequantizeChannelsLastKernel<int16_t, uint8_t>;
extern template class RequantizeChannelsLastKernel<int16_t, int16_t>;

}  // namespace addersr::ort
