// QLinearFusedConv as onnxruntime sees it: one op of that name for each pair of types.
#pragma once

#include <string>

#include "custom_ops/onnxruntime/qlinear_op.h"
#include "custom_ops/qlinear_fused_conv/qlinear_fused_conv.h"

namespace addersr::ort {

template <class In, class Out>
struct QLinearFusedConvLayer {
  using X = In;
  using W = int16_t;
  using T = Out;
  using Kernel = qlinear_fused_conv::Kernel<T>;
  using Parameters = qlinear_fused_conv::Parameters<X, T>;
  using PackedLayer = qlinear_fused_conv::PackedLayer<T>;
  using Job = qlinear_fused_conv::Job<X, T>;
  static constexpr const char* kName = "QLinearFusedConv";
  static constexpr const char* kXBits = "x_bits";
  static const Kernel* SelectKernel(const convolution::Geometry&, int, std::string* error) {
    return qlinear_fused_conv::SelectKernel<T>(error);
  }
  static constexpr auto Check = qlinear_fused_conv::Check<X, T>;
  static constexpr auto ItemCount = qlinear_fused_conv::ItemCount;
  static constexpr auto ScratchBytes = qlinear_fused_conv::ScratchBytes<T>;
  static constexpr auto RunItem = qlinear_fused_conv::RunItem<X, T>;
  static Parameters Make(const requantization::Parameters<T>& p, int x_bits, const W* w,
                         requantization::Values<X> x_zero_point) {
    return {p, x_bits, w, x_zero_point};
  }
};

template <class In, class Out>
using QLinearFusedConvKernel = QLinearKernel<QLinearFusedConvLayer<In, Out>>;

}  // namespace addersr::ort
