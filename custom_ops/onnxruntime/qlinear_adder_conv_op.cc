#include "custom_ops/onnxruntime/qlinear_adder_conv_op.h"

#include <array>
#include <string>

#include "custom_ops/onnxruntime/attribute_sources.h"
#include "custom_ops/onnxruntime/kernels.h"
#include "custom_ops/onnxruntime/parallel.h"
#include "custom_ops/onnxruntime/shape_inference.h"
#include "custom_ops/onnxruntime/status.h"

namespace addersr::ort {
namespace {

using convolution::Geometry;
using qlinear_adder_conv::Job;
using qlinear_adder_conv::Parameters;
using requantization::Values;

constexpr const char* kName = "QLinearAdderConv";

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

constexpr InputName kNames[kInputCount] = {
    {kName, "X", 4, "[N, H, W, C]"},
    {kName, "W", 4, "[O, C/group, kH, kW]"},
    {kName, "x_zero_point", 1, "[1] or [C]"},
    {kName, "offset", 1, kPerOutput},
    {kName, "multiplier", 1, kPerOutput},
    {kName, "bias", 1, kPerOutput},
    {kName, "Z", 4, kResidual},
    {kName, "z_zero_point", 1, kPerOutput},
    {kName, "z_multiplier", 1, kPerOutput},
    {kName, "table", 2, "[1 or O, size]"},
    {kName, "R", 4, kResidual},
    {kName, "r_zero_point", 1, kPerOutput},
    {kName, "r_multiplier", 1, kPerOutput},
};

// Those that are packed, of which the node needs all to be constant to pack them only once.
constexpr Index kParameters[] = {kW,          kXZeroPoint,  kOffset, kMultiplier, kBias,
                                 kZZeroPoint, kZMultiplier, kTable,  kRZeroPoint, kRMultiplier};

int64_t Required(const KernelInfoAttributes& source, const char* name) {
  if (const auto value = source.Integer(name)) return *value;
  throw Failure(std::string(kName) + " expects the attribute " + name + ", which is missing.");
}

// Throws unless a residual is one value or has the shape of the output.
template <class T>
bool IsOneValue(const Tensor<T>& residual, const InputName& name,
                const std::vector<int64_t>& y_dims) {
  if (residual.size() == 1) return true;
  if (residual.dims == y_dims) return false;
  throw Failure(std::string(kName) + " expects " + name.name + " to be one value or to have the " +
                "shape of the output, " + Join(y_dims) + ", got " + Join(residual.dims) + ".");
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

}  // namespace

template <class T>
QLinearAdderConvKernel<T>::QLinearAdderConvKernel(const Api& api, const OrtKernelInfo* info)
    : api_(api), attributes_(ReadAttributes(kName, KernelInfoAttributes(api, kName, info))) {
  const KernelInfoAttributes source(api, kName, info);
  bits_ = Required(source, "bits");
  table_fraction_ = Required(source, "table_fraction");
  std::string error = ForcedError();
  if (!error.empty()) throw Failure(error);
  kernel_ = qlinear_adder_conv::SelectKernel<T>(&error);
  if (kernel_ == nullptr) throw Failure(error);
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
    const auto r = ReadTensor<T>(api, constant, kNames[kR]);
    adds = r.size() != 1 ||
           !IsNeutral(*r.data, ReadTensor<T>(api, constants[kRZeroPoint], kNames[kRZeroPoint]),
                      ReadTensor<float>(api, constants[kRMultiplier], kNames[kRMultiplier]));
  }
  layer_.emplace(Pack([&](Index index) { return constants[index]; }, adds));
}

template <class T>
template <class Value>
typename QLinearAdderConvKernel<T>::Layer QLinearAdderConvKernel<T>::Pack(const Value& value,
                                                                          bool adds) const {
  const auto w = ReadTensor<T>(api_, value(kW), kNames[kW]);
  const Geometry geometry = ResolveFilter(attributes_, w.dims.data());
  const auto values = [&](Index index, auto type) -> Values<decltype(type)> {
    const auto tensor = ReadTensor<decltype(type)>(api_, value(index), kNames[index]);
    return {tensor.data, tensor.dims[0]};
  };
  const auto table = ReadTensor<int16_t>(api_, value(kTable), kNames[kTable]);
  const auto small = [](int64_t number) {
    return static_cast<int>(number < 0 || number > 100 ? -1 : number);
  };
  const Parameters<T> parameters{
      {small(bits_), small(table_fraction_), values(kOffset, int32_t{}),
       values(kMultiplier, float{}), values(kBias, float{}), values(kZZeroPoint, T{}),
       values(kZMultiplier, float{}), values(kRZeroPoint, T{}), values(kRMultiplier, float{}),
       table.data, table.dims[0], table.dims[1]},
      w.data,
      values(kXZeroPoint, T{})};
  const std::string error = qlinear_adder_conv::Check(geometry, parameters);
  if (!error.empty()) throw Failure(error);
  return {w.dims, {*kernel_, geometry, parameters, adds}};
}

template <class T>
void QLinearAdderConvKernel<T>::Compute(OrtKernelContext* context) const {
  if (layer_) {
    Run(context, *layer_);
  } else {
    Run(context, Pack([&](Index index) { return Input(api_, context, index); }, true));
  }
}

template <class T>
void QLinearAdderConvKernel<T>::Run(OrtKernelContext* context, const Layer& layer) const {
  const auto x = ReadTensor<T>(api_, Input(api_, context, kX), kNames[kX]);
  const auto z = ReadTensor<T>(api_, Input(api_, context, kZ), kNames[kZ]);
  const auto r = ReadTensor<T>(api_, Input(api_, context, kR), kNames[kR]);
  const int64_t x_dims[4] = {x.dims[0], x.dims[3], x.dims[1], x.dims[2]};
  const Geometry geometry = ResolveCall(attributes_, x_dims, layer.w_dims.data());
  const std::vector<int64_t> y_dims = {geometry.batch, geometry.out_height, geometry.out_width,
                                       layer.w_dims[0]};
  const bool z_is_one = IsOneValue(z, kNames[kZ], y_dims);
  const bool r_is_one = IsOneValue(r, kNames[kR], y_dims);
  T* y = Output<T>(api_, context, y_dims);
  const Job<T> job{&geometry, &layer.packed, x.data, z.data, r.data, z_is_one, r_is_one, y};
  RunItems(api_, context, qlinear_adder_conv::ItemCount(geometry),
           qlinear_adder_conv::ScratchBytes(geometry, *kernel_),
           [&job](int64_t item, void* scratch) noexcept {
             qlinear_adder_conv::RunItem(job, item, scratch);
           });
}

template <class T>
void QLinearAdderConvKernel<T>::InferShape(const Api& api, OrtShapeInferContext* context) {
  InferConvolutionShape(api, context, kName, Layout::kChannelsLast);
}

template class QLinearAdderConvKernel<uint8_t>;
template class QLinearAdderConvKernel<int16_t>;

}  // namespace addersr::ort
