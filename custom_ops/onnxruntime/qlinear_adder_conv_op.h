// QLinearAdderConv as onnxruntime sees it: one op of that name for each type.
#pragma once

#include "custom_ops/onnxruntime/qlinear_op.h"
#include "custom_ops/qlinear_adder_conv/qlinear_adder_conv.h"

namespace addersr::ort {

template <class Data>
struct QLinearAdderConvLayer {
  using X = Data;
  using W = Data;
  using T = Data;
  using Kernel = qlinear_adder_conv::Kernel<T>;
  using Parameters = qlinear_adder_conv::Parameters<T>;
  using PackedLayer = qlinear_adder_conv::PackedLayer<T>;
  using Job = qlinear_adder_conv::Job<T>;
  static constexpr const char* kName = "QLinearAdderConv";
  static constexpr const char* kXBits = nullptr;  // those of the output
  static constexpr auto SelectKernel = qlinear_adder_conv::SelectKernel<T>;
  static constexpr auto Check = qlinear_adder_conv::Check<T>;
  static constexpr auto ItemCount = qlinear_adder_conv::ItemCount;
  static constexpr auto ScratchBytes = qlinear_adder_conv::ScratchBytes<T>;
  static constexpr auto RunItem = qlinear_adder_conv::RunItem<T>;
  static Parameters Make(const requantization::Parameters<T>& p, int, const W* w,
                         requantization::Values<X> x_zero_point) {
    return {p, w, x_zero_point};
  }
};

template <class Data>
using QLinearAdderConvKernel = QLinearKernel<QLinearAdderConvLayer<Data>>;

}  // namespace addersr::ort
