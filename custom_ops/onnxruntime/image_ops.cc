#include "custom_ops/onnxruntime/image_ops.h"

#include <string>
#include <vector>

#include "custom_ops/onnxruntime/kernels.h"
#include "custom_ops/onnxruntime/parallel.h"
#include "custom_ops/onnxruntime/shape_inference.h"
#include "custom_ops/onnxruntime/tensor.h"

namespace addersr::ort {
namespace {

const image::Kernel* Selected() {
  std::string error = ForcedError();
  if (!error.empty()) throw Failure(error);
  const image::Kernel* kernel = image::SelectKernel(&error);
  if (kernel == nullptr) throw Failure(error);
  return kernel;
}

Tensor<uint8_t> ReadPixels(const Api& api, OrtKernelContext* context, size_t index,
                           const char* op) {
  auto x = ReadTensor<uint8_t>(api, Input(api, context, index), {op, "X", 4, "[N, H, W, 3]"});
  if (x.dims[3] == 3) return x;
  throw Failure(std::string(op) + " expects X of shape [N, H, W, 3], got " + Join(x.dims) +
                ". Gray values are luma as they are; alpha is not the op's business.");
}

}  // namespace

RgbToLumaKernel::RgbToLumaKernel(const Api& api, const OrtKernelInfo*)
    : api_(api), kernel_(Selected()) {}

void RgbToLumaKernel::Compute(OrtKernelContext* context) const {
  const auto x = ReadPixels(api_, context, 0, kName);
  const image::Shape shape{x.dims[0], x.dims[1], x.dims[2]};
  auto* y = Output<float>(api_, context, {shape.batch, 1, shape.height, shape.width});
  if (x.size() == 0) return;
  const image::LumaJob job{kernel_, shape, x.data, y};
  RunItems(api_, context, image::ItemCount(shape), 1,
           [&job](int64_t item, void*) noexcept { image::RunItem(job, item); });
}

void RgbToLumaKernel::InferShape(const Api& api, OrtShapeInferContext* context) {
  InferLuma(api, context);
}

LumaToRgbKernel::LumaToRgbKernel(const Api& api, const OrtKernelInfo* info)
    : api_(api), kernel_(Selected()) {
  const OrtValue* value = ConstantInput(api, info, 2);
  if (value != nullptr) ReadFilter(value);  // a wrong one is refused when the model loads
}

Tensor<int16_t> LumaToRgbKernel::ReadFilter(const OrtValue* value) const {
  auto filter = ReadTensor<int16_t>(api_, value, {kName, "filter", 2, "[s, 5]"});
  if (filter.dims[1] != image::kTaps) {
    throw Failure(std::string(kName) + " expects filter of shape [s, 5], got " + Join(filter.dims) +
                  ".");
  }
  const std::string error = image::CheckFilter(kName, filter.data, filter.dims[0]);
  if (!error.empty()) throw Failure(error);
  return filter;
}

void LumaToRgbKernel::Compute(OrtKernelContext* context) const {
  const auto y =
      ReadTensor<float>(api_, Input(api_, context, 0), {kName, "Y", 4, "[N, 1, s·H, s·W]"});
  const auto x = ReadPixels(api_, context, 1, kName);
  const auto filter = ReadFilter(Input(api_, context, 2));
  const image::Shape shape{x.dims[0], x.dims[1], x.dims[2]};
  const int64_t scale = filter.dims[0];
  const std::vector<int64_t> luma = {shape.batch, 1, shape.height * scale, shape.width * scale};
  if (y.dims != luma) {
    throw Failure(std::string(kName) + " expects Y of shape " + Join(luma) +
                  ", X's size times the rows of filter, got " + Join(y.dims) + ".");
  }
  auto* z = Output<uint8_t>(api_, context, {luma[0], luma[2], luma[3], 3});
  if (x.size() == 0) return;
  const image::RgbJob job{kernel_, shape, scale, y.data, x.data, filter.data, z};
  RunItems(api_, context, image::ItemCount(shape), image::ScratchBytes(shape, scale),
           [&job](int64_t item, void* scratch) noexcept { image::RunItem(job, item, scratch); });
}

void LumaToRgbKernel::InferShape(const Api& api, OrtShapeInferContext* context) {
  InferRgb(api, context);
}

}  // namespace addersr::ort
