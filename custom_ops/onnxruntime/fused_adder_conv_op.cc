#include "custom_ops/onnxruntime/fused_adder_conv_op.h"

#include <algorithm>
#include <array>
#include <string>

#include "custom_ops/adder_conv/power.h"
#include "custom_ops/onnxruntime/attribute_sources.h"
#include "custom_ops/onnxruntime/parallel.h"
#include "custom_ops/onnxruntime/shape_inference.h"
#include "custom_ops/onnxruntime/status.h"

namespace addersr::ort {
namespace {

using adder_conv::PackedEpilogue;
using adder_conv::PackedFilter;
using adder_conv::PerOutput;
using adder_conv::Residual;
using convolution::Geometry;

constexpr const char* kOp = FusedAdderConvKernel::kName;
constexpr const char* kPerOutput = "[1] or [O]";
constexpr const char* kResidual = "[1, 1, 1, 1] or those of Y";

enum Index { kX, kW, kScale, kBias, kZ, kAlpha, kSlope, kR, kClipMin, kClipMax };
constexpr InputName kNames[] = {
    {kOp, "X", 4, "[N, C, H, W], or [N, H, W, C] if channels_last is 1"},
    {kOp, "W", 4, "[O, C/group, kH, kW]"},
    {kOp, "scale", 1, kPerOutput},
    {kOp, "bias", 1, kPerOutput},
    {kOp, "Z", 4, kResidual},
    {kOp, "alpha", 1, kPerOutput},
    {kOp, "slope", 1, kPerOutput},
    {kOp, "R", 4, kResidual},
    {kOp, "clip_min", 0, "(a scalar)"},
    {kOp, "clip_max", 0, "(a scalar)"},
};

convolution::Layout ReadLayout(const AttributeSource& source) {
  const int64_t value = source.Integer("channels_last").value_or(0);
  if (value != 0 && value != 1) {
    throw Failure(std::string(kOp) + " expects channels_last to be 0 (NCHW) or 1 (NHWC), got " +
                  std::to_string(value) + ".");
  }
  return value == 1 ? convolution::Layout::kChannelsLast : convolution::Layout::kChannelsFirst;
}

// `find` gives the tensor of an input's index, or null where it is computed by the graph.
template <typename Find>
std::optional<PackedEpilogue> ReadEpilogue(const Api& api, const adder_conv::Kernel& kernel,
                                           const Geometry& geometry, const Find& find) {
  std::array<Tensor<float>, std::size(kNames)> tensors;
  for (const Index index : {kScale, kBias, kAlpha, kSlope, kClipMin, kClipMax}) {
    const OrtValue* value = find(index);
    if (value == nullptr) return std::nullopt;
    tensors[index] = ReadTensor<float>(api, value, kNames[index]);
  }
  const int64_t outputs = geometry.groups * geometry.out_channels;
  const auto per_output = [&](Index index) {
    const int64_t count = tensors[index].dims[0];
    if (count != 1 && count != outputs) {
      throw Failure(std::string(kOp) + " expects " + kNames[index].name +
                    " to have 1 value or one per filter (" + std::to_string(outputs) + "), got " +
                    std::to_string(count) + ".");
    }
    return PerOutput{tensors[index].data, count};
  };
  const adder_conv::EpilogueParameters parameters{per_output(kScale),      per_output(kBias),
                                                  per_output(kAlpha),      per_output(kSlope),
                                                  *tensors[kClipMin].data, *tensors[kClipMax].data};
  const PerOutput& alpha = parameters.alpha;
  for (int64_t i = 0; i < alpha.count; ++i) {
    if (!(alpha.data[i] >= 0.0F && alpha.data[i] <= adder_conv::kLargestAlpha)) {
      throw Failure(std::string(kOp) + " expects alpha to lie between 0 and 1024, got " +
                    std::to_string(alpha.data[i]) + ". Use 1 for a layer without power.");
    }
  }
  return PackedEpilogue(kernel, geometry, parameters);
}

Residual ReadResidual(const Api& api, OrtKernelContext* context, Index index,
                      const std::vector<int64_t>& y_dims) {
  const Tensor<float> tensor = ReadTensor<float>(api, Input(api, context, index), kNames[index]);
  if (tensor.dims == y_dims) return {tensor.data, true};
  if (tensor.size() != 1) {
    throw Failure(std::string(kOp) + " expects " + kNames[index].name +
                  " to have the shape of Y, " + Join(y_dims) + ", or [1, 1, 1, 1], got " +
                  Join(tensor.dims) + ". Use one 0 for a layer without it.");
  }
  return {tensor.data, false};
}

}  // namespace

FusedAdderConvKernel::FusedAdderConvKernel(const Api& api, const OrtKernelInfo* info)
    : api_(api), attributes_(ReadAttributes(kName, KernelInfoAttributes(api, kName, info))) {
  layout_ = ReadLayout(KernelInfoAttributes(api, kName, info));
  std::string error;
  kernel_ = adder_conv::SelectKernel(&error);
  if (kernel_ == nullptr) throw Failure(error);
  const OrtValue* constant = ConstantInput(api, info, kW);
  if (constant == nullptr) {
    CheckValues(attributes_);
    return;
  }
  const Tensor<float> w = ReadTensor<float>(api, constant, kNames[kW]);
  const Geometry geometry = ResolveFilter(attributes_, w.dims.data());
  w_dims_ = w.dims;
  filter_.emplace(*kernel_, geometry, w.data);
  epilogue_ = ReadEpilogue(api, *kernel_, geometry,
                           [&](Index index) { return ConstantInput(api, info, index); });
}

void FusedAdderConvKernel::Compute(OrtKernelContext* context) const {
  const bool last = layout_ == convolution::Layout::kChannelsLast;
  const Tensor<float> x = ReadTensor<float>(api_, Input(api_, context, kX), kNames[kX]);
  std::vector<int64_t> x_dims = x.dims;  // NCHW
  if (last) std::rotate(x_dims.begin() + 1, x_dims.begin() + 3, x_dims.end());

  std::vector<int64_t> w_dims = w_dims_;
  std::optional<PackedFilter> filter;  // unless it is packed for good
  if (!filter_) {
    const Tensor<float> w = ReadTensor<float>(api_, Input(api_, context, kW), kNames[kW]);
    w_dims = w.dims;
    filter.emplace(*kernel_, ResolveFilter(attributes_, w.dims.data()), w.data);
  }
  const Geometry geometry = ResolveCall(attributes_, x_dims.data(), w_dims.data());
  std::optional<PackedEpilogue> epilogue;  // likewise
  if (!epilogue_) {
    epilogue = ReadEpilogue(api_, *kernel_, geometry,
                            [&](Index index) { return Input(api_, context, index); });
    if (!epilogue) throw Failure(std::string(kOp) + " expects all its 10 inputs to be present.");
  }
  std::vector<int64_t> y_dims = {geometry.batch, w_dims[0], geometry.out_height,
                                 geometry.out_width};
  if (last) std::rotate(y_dims.begin() + 1, y_dims.begin() + 2, y_dims.end());
  const Residual z = ReadResidual(api_, context, kZ, y_dims);
  const Residual r = ReadResidual(api_, context, kR, y_dims);

  float* y = Output<float>(api_, context, y_dims);
  const adder_conv::Job job{&geometry, filter_ ? &*filter_ : &*filter,       layout_, x.data, y,
                            nullptr,   epilogue_ ? &*epilogue_ : &*epilogue, z,       r};
  RunItems(api_, context, adder_conv::ItemCount(geometry),
           adder_conv::ScratchFloats(job) * sizeof(float),
           [&job](int64_t item, void* scratch) noexcept {
             adder_conv::RunItem(job, item, static_cast<float*>(scratch));
           });
}

void FusedAdderConvKernel::InferShape(const Api& api, OrtShapeInferContext* context) {
  InferConvolutionShape(api, context, kName, ReadLayout(ShapeInferenceAttributes(api, context)));
}

}  // namespace addersr::ort
