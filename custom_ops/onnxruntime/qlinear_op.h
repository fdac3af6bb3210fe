// A layer in integers as onnxruntime sees it, for both QLinear ops: they have the same inputs.
#pragma once

#include <optional>
#include <vector>

#include "custom_ops/onnxruntime/abi.h"
#include "custom_ops/onnxruntime/attributes.h"
#include "custom_ops/onnxruntime/element_type.h"
#include "custom_ops/onnxruntime/tensor.h"

namespace addersr::ort {

// One node of one session: see op.h. What differs between the ops is in a class Layer:
// - X, W, T: types of X and x_zero_point, of W, and of Z, R and Y
// - Kernel, Parameters, PackedLayer, Job: those of the op for these types
// - static constexpr const char* kName, and kXBits: the attribute for the bits of X, or null
// - SelectKernel(geometry, bits, error), Check, ItemCount, ScratchBytes, RunItem: those of the op
// - Parameters Make(requantization::Parameters<T>, int x_bits, const W*, Values<X> x_zero_point)
template <class Layer>
class QLinearKernel {
  using X = typename Layer::X;
  using W = typename Layer::W;
  using T = typename Layer::T;
  static constexpr ONNXTensorElementDataType kT = kElementType<T>;
  static constexpr ONNXTensorElementDataType kFloat = kElementType<float>;

 public:
  static constexpr const char* kName = Layer::kName;
  static constexpr ONNXTensorElementDataType kInputs[] = {
      kElementType<X>,
      kElementType<W>,
      kElementType<X>,        // X, W, x_zero_point
      kElementType<int32_t>,  // offset
      kFloat,                 // multiplier
      kFloat,                 // bias
      kT,
      kT,
      kFloat,                 // Z, z_zero_point, z_multiplier
      kElementType<int16_t>,  // table
      kT,
      kT,
      kFloat,  // R, r_zero_point, r_multiplier
  };
  static constexpr ONNXTensorElementDataType kOutput = kT;

  QLinearKernel(const Api& api, const OrtKernelInfo* info);
  void Compute(OrtKernelContext* context) const;
  static void InferShape(const Api& api, OrtShapeInferContext* context);

 private:
  struct Packed {
    std::vector<int64_t> w_dims;
    typename Layer::PackedLayer layer;
  };

  // Packs what `value(index)` gives for the parameters; `adds` as in PackedLayer.
  template <class Value>
  Packed Pack(const Value& value, bool adds) const;
  void Run(OrtKernelContext* context, const Packed& packed) const;

  const Api& api_;
  NodeAttributes attributes_;
  int64_t bits_, x_bits_, table_fraction_;
  std::optional<Packed> packed_;  // empty when the graph computes one of the parameters
};

}  // namespace addersr::ort
