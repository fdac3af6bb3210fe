// QLinearAdderConv as onnxruntime sees it: one op of that name for each type.
#pragma once

#include <optional>
#include <type_traits>
#include <vector>

#include "custom_ops/onnxruntime/abi.h"
#include "custom_ops/onnxruntime/attributes.h"
#include "custom_ops/onnxruntime/tensor.h"
#include "custom_ops/qlinear_adder_conv/qlinear_adder_conv.h"

namespace addersr::ort {

// One QLinearAdderConv node of one session, for uint8_t or int16_t: see op.h.
template <class T>
class QLinearAdderConvKernel {
  static constexpr ONNXTensorElementDataType kT = std::is_same_v<T, uint8_t>
                                                      ? ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8
                                                      : ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16;
  static constexpr ONNXTensorElementDataType kFloat = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;

 public:
  static constexpr const char* kName = "QLinearAdderConv";
  static constexpr ONNXTensorElementDataType kInputs[] = {
      kT,                                   // X
      kT,                                   // W
      kT,                                   // x_zero_point
      ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32,  // offset
      kFloat,                               // multiplier
      kFloat,                               // bias
      kT,
      kT,
      kFloat,                               // Z, z_zero_point, z_multiplier
      ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16,  // table
      kT,
      kT,
      kFloat,  // R, r_zero_point, r_multiplier
  };
  static constexpr ONNXTensorElementDataType kOutput = kT;

  QLinearAdderConvKernel(const Api& api, const OrtKernelInfo* info);
  void Compute(OrtKernelContext* context) const;
  static void InferShape(const Api& api, OrtShapeInferContext* context);

 private:
  struct Layer {
    std::vector<int64_t> w_dims;
    qlinear_adder_conv::PackedLayer<T> packed;
  };

  // Packs what `value(index)` gives for the parameters; `adds` as in PackedLayer.
  template <class Value>
  Layer Pack(const Value& value, bool adds) const;
  void Run(OrtKernelContext* context, const Layer& layer) const;

  const Api& api_;
  NodeAttributes attributes_;
  int64_t bits_, table_fraction_;
  std::optional<Layer> layer_;  // empty when the graph computes one of the parameters
};

extern template class QLinearAdderConvKernel<uint8_t>;
extern template class QLinearAdderConvKernel<int16_t>;

}  // namespace addersr::ort
