// AdderConv as onnxruntime sees it.
#pragma once

#include <optional>
#include <vector>

#include "custom_ops/adder_conv/adder_conv.h"
#include "custom_ops/onnxruntime/abi.h"
#include "custom_ops/onnxruntime/attributes.h"
#include "custom_ops/onnxruntime/tensor.h"

namespace addersr::ort {

// One AdderConv node of one session: see op.h.
class AdderConvKernel {
 public:
  static constexpr const char* kName = "AdderConv";
  static constexpr ONNXTensorElementDataType kInputs[] = {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
                                                          ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
                                                          ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT};
  static constexpr ONNXTensorElementDataType kOutput = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;

  AdderConvKernel(const Api& api, const OrtKernelInfo* info);
  void Compute(OrtKernelContext* context) const;
  static void InferShape(const Api& api, OrtShapeInferContext* context);

 private:
  void Run(OrtKernelContext* context, const Tensor<float>& x, const std::vector<int64_t>& w_dims,
           const Tensor<float>& bias, const adder_conv::PackedFilter& filter) const;

  const Api& api_;
  const adder_conv::Kernel* kernel_;
  NodeAttributes attributes_;
  std::vector<int64_t> w_dims_;
  std::optional<adder_conv::PackedFilter> filter_;  // empty when the graph computes W
};

}  // namespace addersr::ort
