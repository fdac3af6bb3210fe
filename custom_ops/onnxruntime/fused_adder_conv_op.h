// FusedAdderConv as onnxruntime sees it.
#pragma once

#include <optional>
#include <vector>

#include "custom_ops/adder_conv/adder_conv.h"
#include "custom_ops/adder_conv/packed_epilogue.h"
#include "custom_ops/onnxruntime/abi.h"
#include "custom_ops/onnxruntime/attributes.h"
#include "custom_ops/onnxruntime/tensor.h"

namespace addersr::ort {

// One FusedAdderConv node of one session: see op.h.
class FusedAdderConvKernel {
 public:
  static constexpr const char* kName = "FusedAdderConv";
  static constexpr ONNXTensorElementDataType kOutput = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  // X, W, scale, bias, Z, alpha, slope, R, clip_min, clip_max
  static constexpr ONNXTensorElementDataType kInputs[] = {
      kOutput, kOutput, kOutput, kOutput, kOutput, kOutput, kOutput, kOutput, kOutput, kOutput};

  FusedAdderConvKernel(const Api& api, const OrtKernelInfo* info);
  void Compute(OrtKernelContext* context) const;
  static void InferShape(const Api& api, OrtShapeInferContext* context);

 private:
  const Api& api_;
  const adder_conv::Kernel* kernel_;
  NodeAttributes attributes_;
  convolution::Layout layout_;
  std::vector<int64_t> w_dims_;
  // Empty when the graph computes W, or W or one of the parameters.
  std::optional<adder_conv::PackedFilter> filter_;
  std::optional<adder_conv::PackedEpilogue> epilogue_;
};

}  // namespace addersr::ort
