// The members of QLinearKernel. Only the files that instantiate it include this.
#pragma once

#include <array>
#include <string>

#include "custom_ops/onnxruntime/attribute_sources.h"
#include "custom_ops/onnxruntime/kernels.h"
#include "custom_ops/onnxruntime/parallel.h"
#include "custom_ops/onnxruntime/qlinear_op.h"
#include "custom_ops/onnxruntime/shape_inference.h"
#include "custom_ops/onnxruntime/status.h"
#include "custom_ops/requantization/parameters.h"

namespace addersr::ort {
namespace qlinear {

enum Index {
  kX,
  kW,
  kXZeroPoint,
  kOffset,
  kMultiplier,
  kBias,
  kZ,
  kZZeroPoint,
  kZMultiplier,
  kTable,
  kR,
  kRZeroPoint,
  kRMultiplier,
  kInputCount
};

constexpr char kPerOutput[] = "[1] or [O]";
constexpr char kResidual[] = "[N, OH, OW, O] or [1, 1, 1, 1]";

template <class Layer>
constexpr InputName kNames[kInputCount] = {
    {Layer::kName, "X", 4, "[N, H, W, C]"},
    {Layer::kName, "W", 4, "[O, C/group, kH, kW]"},
    {Layer::kName, "x_zero_point", 1, "[1] or [C]"},
    {Layer::kName, "offset", 1, kPerOutput},
    {Layer::kName, "multiplier", 1, kPerOutput},
    {Layer::kName, "bias", 1, kPerOutput},
    {Layer::kName, "Z", 4, kResidual},
    {Layer::kName, "z_zero_point", 1, kPerOutput},
    {Layer::kName, "z_multiplier", 1, kPerOutput},
    {Layer::kName, "table", 2, "[1 or O, size]"},
    {Layer::kName, "R", 4, kResidual},
    {Layer::kName, "r_zero_point", 1, kPerOutput},
    {Layer::kName, "r_multiplier", 1, kPerOutput},
};

// Those that are packed, of which the node needs all to be constant to pack them only once.
constexpr Index kParameters[] = {kW,          kXZeroPoint,  kOffset, kMultiplier, kBias,
                                 kZZeroPoint, kZMultiplier, kTable,  kRZeroPoint, kRMultiplier};

inline int64_t Required(const char* op, const KernelInfoAttributes& source, const char* name) {
  if (const auto value = source.Integer(name)) return *value;
  throw Failure(std::string(op) + " expects the attribute " + name + ", which is missing.");
}

// Throws unless a residual is one value or has the shape of the output.
template <class T>
bool IsOneValue(const Tensor<T>& residual, const InputName& name,
                const std::vector<int64_t>& y_dims) {
  if (residual.size() == 1) return true;
  if (residual.dims == y_dims) return false;
  throw Failure(std::string(name.op) + " expects " + name.name +
                " to be one value or to have the " + "shape of the output, " + Join(y_dims) +
                ", got " + Join(residual.dims) + ".");
}

// Whether the constant R adds nothing to any output.
template <class T>
bool IsNeutral(T r, const Tensor<T>& zero_point, const Tensor<float>& multiplier) {
  for (int64_t i = 0; i < zero_point.size(); ++i) {
    if (zero_point.data[i] != r && !(multiplier.size() == 1 && multiplier.data[0] == 0.0F)) {
      return false;
    }
  }
  return true;
}

template <class Layer, class T>
Tensor<T> Read(const Api& api, const OrtValue* value, Index index) {
  return ReadTensor<T>(api, value, kNames<Layer>[index]);
}

}  // namespace qlinear

template <class Layer>
QLinearKernel<Layer>::QLinearKernel(const Api& api, const OrtKernelInfo* info)
    : api_(api), attributes_(ReadAttributes(kName, KernelInfoAttributes(api, kName, info))) {
  using namespace qlinear;
  const KernelInfoAttributes source(api, kName, info);
  bits_ = Required(kName, source, "bits");
  x_bits_ = Layer::kXBits == nullptr ? 0 : Required(kName, source, Layer::kXBits);
  table_fraction_ = Required(kName, source, "table_fraction");
  const std::string error = ForcedError();
  if (!error.empty()) throw Failure(error);
  std::array<const OrtValue*, kInputCount> constants{};
  bool all_constant = true;
  for (const Index index : kParameters) {
    constants[index] = ConstantInput(api, info, index);
    all_constant = all_constant && constants[index] != nullptr;
  }
  if (!all_constant) {
    CheckValues(attributes_);
    return;
  }
  bool adds = true;
  if (const OrtValue* constant = ConstantInput(api, info, kR)) {
    const auto r = Read<Layer, T>(api, constant, kR);
    adds = r.size() != 1 ||
           !IsNeutral(*r.data, Read<Layer, T>(api, constants[kRZeroPoint], kRZeroPoint),
                      Read<Layer, float>(api, constants[kRMultiplier], kRMultiplier));
  }
  packed_.emplace(Pack([&](Index index) { return constants[index]; }, adds));
}

template <class Layer>
template <class Value>
typename QLinearKernel<Layer>::Packed QLinearKernel<Layer>::Pack(const Value& value,
                                                                 bool adds) const {
  using namespace qlinear;
  const auto w = Read<Layer, W>(api_, value(kW), kW);
  const convolution::Geometry geometry = ResolveFilter(attributes_, w.dims.data());
  const auto values = [&](Index index, auto type) -> requantization::Values<decltype(type)> {
    const auto tensor = ReadTensor<decltype(type)>(api_, value(index), kNames<Layer>[index]);
    return {tensor.data, tensor.dims[0]};
  };
  const auto table = Read<Layer, int16_t>(api_, value(kTable), kTable);
  const auto small = [](int64_t number) {
    return static_cast<int>(number < 0 || number > 100 ? -1 : number);
  };
  const typename Layer::Parameters parameters =
      Layer::Make({small(bits_), small(table_fraction_), values(kOffset, int32_t{}),
                   values(kMultiplier, float{}), values(kBias, float{}), values(kZZeroPoint, T{}),
                   values(kZMultiplier, float{}), values(kRZeroPoint, T{}),
                   values(kRMultiplier, float{}), table.data, table.dims[0], table.dims[1]},
                  small(x_bits_), w.data, values(kXZeroPoint, X{}));
  std::string error = Layer::Check(geometry, parameters);
  if (!error.empty()) throw Failure(error);
  const auto* kernel = Layer::SelectKernel(geometry, parameters.bits, &error);
  if (kernel == nullptr) throw Failure(error);
  return {w.dims, {*kernel, geometry, parameters, adds}};
}

template <class Layer>
void QLinearKernel<Layer>::Compute(OrtKernelContext* context) const {
  using namespace qlinear;
  if (packed_) {
    Run(context, *packed_);
  } else {
    Run(context, Pack([&](Index index) { return Input(api_, context, index); }, true));
  }
}

template <class Layer>
void QLinearKernel<Layer>::Run(OrtKernelContext* context, const Packed& packed) const {
  using namespace qlinear;
  const auto x = Read<Layer, X>(api_, Input(api_, context, kX), kX);
  const auto z = Read<Layer, T>(api_, Input(api_, context, kZ), kZ);
  const auto r = Read<Layer, T>(api_, Input(api_, context, kR), kR);
  const int64_t x_dims[4] = {x.dims[0], x.dims[3], x.dims[1], x.dims[2]};
  const convolution::Geometry geometry = ResolveCall(attributes_, x_dims, packed.w_dims.data());
  const std::vector<int64_t> y_dims = {geometry.batch, geometry.out_height, geometry.out_width,
                                       packed.w_dims[0]};
  const bool z_is_one = IsOneValue(z, kNames<Layer>[kZ], y_dims);
  const bool r_is_one = IsOneValue(r, kNames<Layer>[kR], y_dims);
  T* y = Output<T>(api_, context, y_dims);
  const typename Layer::Job job{&geometry, &packed.layer, x.data,   z.data,
                                r.data,    z_is_one,      r_is_one, y};
  RunItems(api_, context, Layer::ItemCount(geometry),
           Layer::ScratchBytes(geometry, packed.layer.kernel()),
           [&job](int64_t item, void* scratch) noexcept { Layer::RunItem(job, item, scratch); });
}

template <class Layer>
void QLinearKernel<Layer>::InferShape(const Api& api, OrtShapeInferContext* context) {
  InferConvolutionShape(api, context, kName, Layout::kChannelsLast, qlinear::kZ);
}

}  // namespace addersr::ort
