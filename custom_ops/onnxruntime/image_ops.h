// RgbToLuma and LumaToRgb as onnxruntime sees them.
#pragma once

#include "custom_ops/image/image.h"
#include "custom_ops/onnxruntime/abi.h"
#include "custom_ops/onnxruntime/element_type.h"
#include "custom_ops/onnxruntime/tensor.h"

namespace addersr::ort {

// One node of one session each: see op.h.
class RgbToLumaKernel {
 public:
  static constexpr const char* kName = "RgbToLuma";
  static constexpr ONNXTensorElementDataType kInputs[] = {kElementType<uint8_t>};  // X
  static constexpr ONNXTensorElementDataType kOutput = kElementType<float>;

  RgbToLumaKernel(const Api& api, const OrtKernelInfo* info);
  void Compute(OrtKernelContext* context) const;
  static void InferShape(const Api& api, OrtShapeInferContext* context);

 private:
  const Api& api_;
  const image::Kernel* kernel_;
};

class LumaToRgbKernel {
 public:
  static constexpr const char* kName = "LumaToRgb";
  // Y, X, filter
  static constexpr ONNXTensorElementDataType kInputs[] = {
      kElementType<float>, kElementType<uint8_t>, kElementType<int16_t>};
  static constexpr ONNXTensorElementDataType kOutput = kElementType<uint8_t>;

  LumaToRgbKernel(const Api& api, const OrtKernelInfo* info);
  void Compute(OrtKernelContext* context) const;
  static void InferShape(const Api& api, OrtShapeInferContext* context);

 private:
  Tensor<int16_t> ReadFilter(const OrtValue* value) const;

  const Api& api_;
  const image::Kernel* kernel_;
};

}  // namespace addersr::ort
