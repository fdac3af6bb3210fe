#include "custom_ops/onnxruntime/adder_conv_op.h"

#include <string>

#include "custom_ops/onnxruntime/attribute_sources.h"
#include "custom_ops/onnxruntime/kernels.h"
#include "custom_ops/onnxruntime/parallel.h"
#include "custom_ops/onnxruntime/shape_inference.h"
#include "custom_ops/onnxruntime/status.h"

namespace addersr::ort {
namespace {

using adder_conv::PackedFilter;
using convolution::Geometry;

constexpr InputName kX{AdderConvKernel::kName, "X", 4, "[N, C, H, W]"};
constexpr InputName kW{AdderConvKernel::kName, "W", 4, "[O, C/group, kH, kW]"};
constexpr InputName kB{AdderConvKernel::kName, "B", 1, "[O]"};

}  // namespace

AdderConvKernel::AdderConvKernel(const Api& api, const OrtKernelInfo* info)
    : api_(api), attributes_(ReadAttributes(kName, KernelInfoAttributes(api, kName, info))) {
  std::string error = ForcedError();
  if (!error.empty()) throw Failure(error);
  kernel_ = adder_conv::SelectKernel(&error);
  if (kernel_ == nullptr) throw Failure(error);
  if (const OrtValue* constant = ConstantInput(api, info, 1)) {
    const Tensor<float> w = ReadTensor<float>(api, constant, kW);
    w_dims_ = w.dims;
    filter_.emplace(*kernel_, ResolveFilter(attributes_, w.dims.data()), w.data);
  } else {
    CheckValues(attributes_);
  }
}

void AdderConvKernel::Compute(OrtKernelContext* context) const {
  const Tensor<float> x = ReadTensor<float>(api_, Input(api_, context, 0), kX);
  const Tensor<float> bias = ReadTensor<float>(api_, Input(api_, context, 2), kB);
  if (filter_) {
    Run(context, x, w_dims_, bias, *filter_);
  } else {
    const Tensor<float> w = ReadTensor<float>(api_, Input(api_, context, 1), kW);
    const PackedFilter filter(*kernel_, ResolveFilter(attributes_, w.dims.data()), w.data);
    Run(context, x, w.dims, bias, filter);
  }
}

void AdderConvKernel::Run(OrtKernelContext* context, const Tensor<float>& x,
                          const std::vector<int64_t>& w_dims, const Tensor<float>& bias,
                          const PackedFilter& filter) const {
  const Geometry geometry = ResolveCall(attributes_, x.dims.data(), w_dims.data());
  if (bias.dims[0] != w_dims[0]) {
    throw Failure("AdderConv expects B to have one value per filter (" + std::to_string(w_dims[0]) +
                  "), got " + std::to_string(bias.dims[0]) +
                  ". Use zeros for a layer without bias.");
  }
  float* y = Output<float>(api_, context,
                           {geometry.batch, w_dims[0], geometry.out_height, geometry.out_width});
  const adder_conv::Job job{&geometry, &filter, convolution::Layout::kChannelsFirst,
                            x.data,    y,       bias.data,
                            nullptr,   {},      {}};
  RunItems(api_, context, adder_conv::ItemCount(geometry),
           adder_conv::ScratchFloats(job) * sizeof(float),
           [&job](int64_t item, void* scratch) noexcept {
             adder_conv::RunItem(job, item, static_cast<float*>(scratch));
           });
}

void AdderConvKernel::InferShape(const Api& api, OrtShapeInferContext* context) {
  InferConvolutionShape(api, context, kName, Layout::kChannelsFirst);
}

}  // namespace addersr::ort
