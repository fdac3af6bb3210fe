#include "custom_ops/onnxruntime/quantization_ops.h"

#include <string>

#include "custom_ops/onnxruntime/attribute_sources.h"
#include "custom_ops/onnxruntime/kernels.h"
#include "custom_ops/onnxruntime/parallel.h"
#include "custom_ops/onnxruntime/shape_inference.h"
#include "custom_ops/onnxruntime/tensor.h"

namespace addersr::ort {
namespace {

using quantization::Kernel;
using quantization::Parameters;
using requantization::Values;
using Recurring = Parameters::Recurring;

constexpr char kPerChannel[] = "[1] or [C]";
constexpr char kLast[] = "[N, H, W, C]";

int64_t Required(const Api& api, const OrtKernelInfo* info, const char* op, const char* name) {
  if (const auto value = KernelInfoAttributes(api, op, info).Integer(name)) return *value;
  throw Failure(std::string(op) + " expects the attribute " + name + ", which is missing.");
}

template <class T>
int RequiredBits(const Api& api, const OrtKernelInfo* info, const char* op) {
  const int64_t bits = Required(api, info, op, "bits");
  const int small = static_cast<int>(bits < 0 || bits > 100 ? -1 : bits);
  const std::string error = requantization::CheckBits<T>(op, "bits", small);
  if (!error.empty()) throw Failure(error);
  return small;
}

const Kernel* Selected() {
  std::string error = ForcedError();
  if (!error.empty()) throw Failure(error);
  const Kernel* kernel = quantization::SelectKernel(&error);
  if (kernel == nullptr) throw Failure(error);
  return kernel;
}

template <class T>
Tensor<T> Read(const Api& api, OrtKernelContext* context, size_t index, const InputName& name) {
  return ReadTensor<T>(api, Input(api, context, index), name);
}

template <class T>
Values<T> ReadValues(const Api& api, OrtKernelContext* context, size_t index, const char* op,
                     const char* name) {
  const auto tensor = Read<T>(api, context, index, {op, name, 1, kPerChannel});
  return {tensor.data, tensor.dims[0]};
}

void Demand(const std::string& error) {
  if (!error.empty()) throw Failure(error);
}

}  // namespace

template <class T>
QuantizeChannelsLastKernel<T>::QuantizeChannelsLastKernel(const Api& api, const OrtKernelInfo* info)
    : api_(api), kernel_(Selected()), bits_(RequiredBits<T>(api, info, kName)) {}

template <class T>
void QuantizeChannelsLastKernel<T>::Compute(OrtKernelContext* context) const {
  const auto x = Read<float>(api_, context, 0, {kName, "X", 4, "[N, C, H, W]"});
  const auto multiplier = ReadValues<float>(api_, context, 1, kName, "multiplier");
  const auto zero_point = ReadValues<T>(api_, context, 2, kName, "zero_point");
  const quantization::Shape shape{x.dims[0], x.dims[2], x.dims[3], x.dims[1]};
  Demand(quantization::CheckMultiplier(kName, multiplier, shape.channels));
  Demand(quantization::CheckOutput(kName, "zero_point", zero_point, bits_, shape.channels));
  T* y = Output<T>(api_, context, {shape.batch, shape.height, shape.width, shape.channels});
  if (x.size() == 0) return;
  Parameters parameters(*kernel_, shape.channels, multiplier);
  parameters.SetOutput(zero_point, bits_);
  const Recurring recurring(parameters, 0, shape.channels);
  const quantization::QuantizeJob<T> job{kernel_, shape, &recurring, x.data, y};
  RunItems(
      api_, context, quantization::ItemCount(shape), quantization::ScratchBytes(shape),
      [&job](int64_t item, void* scratch) noexcept { quantization::RunItem(job, item, scratch); });
}

template <class T>
void QuantizeChannelsLastKernel<T>::InferShape(const Api& api, OrtShapeInferContext* context) {
  InferMoved(api, context, Move::kToLast, 1, 2);
}

template <class T>
DequantizeChannelsFirstKernel<T>::DequantizeChannelsFirstKernel(const Api& api,
                                                                const OrtKernelInfo* info)
    : api_(api), kernel_(Selected()), block_(Required(api, info, kName, "blocksize")) {
  if (block_ >= 1 && block_ <= quantization::kMostBlock) return;
  throw Failure(std::string(kName) + " expects blocksize from 1 to " +
                std::to_string(quantization::kMostBlock) + ", got " + std::to_string(block_) + ".");
}

template <class T>
void DequantizeChannelsFirstKernel<T>::Compute(OrtKernelContext* context) const {
  const auto x = Read<T>(api_, context, 0, {kName, "X", 4, kLast});
  const auto multiplier = ReadValues<float>(api_, context, 1, kName, "multiplier");
  const auto zero_point = ReadValues<T>(api_, context, 2, kName, "zero_point");
  const auto anchor =
      Read<float>(api_, context, 3, {kName, "anchor", 4, "[N, C/b², H, W] or [1, 1, 1, 1]"});
  const quantization::Shape shape{x.dims[0], x.dims[1], x.dims[2], x.dims[3]};
  const int64_t area = block_ * block_;
  if (shape.channels % area != 0) {
    throw Failure(std::string(kName) + " expects X to have a multiple of blocksize² = " +
                  std::to_string(area) + " channels, got " + std::to_string(shape.channels) + ".");
  }
  Demand(quantization::CheckMultiplier(kName, multiplier, shape.channels));
  Demand(requantization::CheckCount(kName, "zero_point", zero_point, shape.channels));
  const int64_t planes = shape.channels / area;
  const std::vector<int64_t> whole = {shape.batch, planes, shape.height, shape.width};
  const bool anchor_is_one = anchor.dims == std::vector<int64_t>{1, 1, 1, 1};
  if (!anchor_is_one && anchor.dims != whole) {
    throw Failure(std::string(kName) + " expects anchor to be [1, 1, 1, 1] or " + Join(whole) +
                  ", got " + Join(anchor.dims) + ".");
  }
  auto* y = Output<float>(api_, context,
                          {shape.batch, planes, shape.height * block_, shape.width * block_});
  if (x.size() == 0) return;
  Parameters parameters(*kernel_, shape.channels, multiplier);
  parameters.SetInput(zero_point);
  std::vector<Recurring> recurring;
  for (int64_t c = 0; c < shape.channels; c += block_)
    recurring.emplace_back(parameters, c, block_);
  const quantization::DequantizeJob<T> job{kernel_, shape,       block_,        &recurring,
                                           x.data,  anchor.data, anchor_is_one, y};
  RunItems(api_, context, quantization::ItemCount(shape), 1,
           [&job](int64_t item, void*) noexcept { quantization::RunItem(job, item); });
}

template <class T>
void DequantizeChannelsFirstKernel<T>::InferShape(const Api& api, OrtShapeInferContext* context) {
  const auto block = ShapeInferenceAttributes(api, context).Integer("blocksize");
  if (!block || *block < 1 || *block > quantization::kMostBlock) return;
  InferMoved(api, context, Move::kToFirst, *block, 1);
}

template <class X, class Y>
RequantizeChannelsLastKernel<X, Y>::RequantizeChannelsLastKernel(const Api& api,
                                                                 const OrtKernelInfo* info)
    : api_(api), kernel_(Selected()), bits_(RequiredBits<Y>(api, info, kName)) {}

template <class X, class Y>
void RequantizeChannelsLastKernel<X, Y>::Compute(OrtKernelContext* context) const {
  const auto x = Read<X>(api_, context, 0, {kName, "X", 4, kLast});
  const auto x_zero_point = ReadValues<X>(api_, context, 1, kName, "x_zero_point");
  const auto multiplier = ReadValues<float>(api_, context, 2, kName, "multiplier");
  const auto y_zero_point = ReadValues<Y>(api_, context, 3, kName, "y_zero_point");
  const quantization::Shape shape{x.dims[0], x.dims[1], x.dims[2], x.dims[3]};
  Demand(requantization::CheckCount(kName, "x_zero_point", x_zero_point, shape.channels));
  Demand(quantization::CheckMultiplier(kName, multiplier, shape.channels));
  Demand(quantization::CheckOutput(kName, "y_zero_point", y_zero_point, bits_, shape.channels));
  Y* y = Output<Y>(api_, context, x.dims);
  if (x.size() == 0) return;
  Parameters parameters(*kernel_, shape.channels, multiplier);
  parameters.SetInput(x_zero_point);
  parameters.SetOutput(y_zero_point, bits_);
  const Recurring recurring(parameters, 0, shape.channels);
  const quantization::RequantizeJob<X, Y> job{kernel_, shape, &recurring, x.data, y};
  RunItems(api_, context, quantization::ItemCount(shape), 1,
           [&job](int64_t item, void*) noexcept { quantization::RunItem(job, item); });
}

template <class X, class Y>
void RequantizeChannelsLastKernel<X, Y>::InferShape(const Api& api, OrtShapeInferContext* context) {
  InferMoved(api, context, Move::kNot, 1, 3);
}

template class QuantizeChannelsLastKernel<uint8_t>;
template class QuantizeChannelsLastKernel<int16_t>;
template class DequantizeChannelsFirstKernel<uint8_t>;
template class DequantizeChannelsFirstKernel<int16_t>;
template class RequantizeChannelsLastKernel<uint8_t, uint8_t>;
template class RequantizeChannelsLastKernel<uint8_t, int16_t>;
template class RequantizeChannelsLastKernel<int16_t, uint8_t>;
template class RequantizeChannelsLastKernel<int16_t, int16_t>;

}  // namespace addersr::ort
