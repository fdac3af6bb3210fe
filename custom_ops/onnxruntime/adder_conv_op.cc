#include "custom_ops/onnxruntime/adder_conv_op.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "custom_ops/adder_conv/adder_conv.h"
#include "custom_ops/onnxruntime/attribute_sources.h"
#include "custom_ops/onnxruntime/scratch.h"
#include "custom_ops/onnxruntime/shape_inference.h"
#include "custom_ops/onnxruntime/status.h"
#include "custom_ops/onnxruntime/tensor.h"

namespace addersr::ort {
namespace {

using adder_conv::Geometry;
using adder_conv::PackedFilter;

// What the threads of one call share.
struct Call {
  adder_conv::Job job;
  size_t scratch_floats;
  std::atomic<bool> out_of_memory{false};
};

void RunOne(void* data, size_t item) noexcept {
  thread_local Scratch thread_scratch;
  Call& call = *static_cast<Call*>(data);
  float* scratch = thread_scratch.Get(call.scratch_floats);
  if (scratch == nullptr) {
    call.out_of_memory = true;
    return;
  }
  adder_conv::RunItem(call.job, static_cast<int64_t>(item), scratch);
}

// One AdderConv node of one session. Compute may run on several threads at once.
class AdderConvKernel {
 public:
  AdderConvKernel(const Api& api, const OrtKernelInfo* info) : api_(api) {
    std::string error;
    kernel_ = adder_conv::SelectKernel(&error);
    if (kernel_ == nullptr) throw Failure(error);
    attributes_ = ReadAttributes(KernelInfoAttributes(api, info));

    int is_constant = 0;
    const OrtValue* value = nullptr;
    Check(api, api.KernelInfoGetConstantInput_tensor(info, 1, &is_constant, &value));
    if (is_constant != 0) {
      const Tensor w = ReadFilter(value);
      w_dims_ = w.dims;
      filter_.emplace(*kernel_, ResolveFilter(attributes_, w.dims.data()), w.data);
    } else {
      CheckValues(attributes_);
    }
  }

  void Compute(OrtKernelContext* context) const {
    const Tensor x = ReadTensor(api_, Input(context, 0), "X", 4, "[N, C, H, W]");
    const Tensor bias = ReadTensor(api_, Input(context, 2), "B", 1, "[O]");
    if (filter_) {
      Run(context, x, w_dims_, bias, *filter_);
    } else {
      const Tensor w = ReadFilter(Input(context, 1));
      const PackedFilter filter(*kernel_, ResolveFilter(attributes_, w.dims.data()), w.data);
      Run(context, x, w.dims, bias, filter);
    }
  }

  const Api& api() const { return api_; }

 private:
  const OrtValue* Input(OrtKernelContext* context, size_t index) const {
    const OrtValue* value = nullptr;
    Check(api_, api_.KernelContext_GetInput(context, index, &value));
    return value;
  }

  Tensor ReadFilter(const OrtValue* value) const {
    return ReadTensor(api_, value, "W", 4, "[O, C/group, kH, kW]");
  }

  void Run(OrtKernelContext* context, const Tensor& x, const std::vector<int64_t>& w_dims,
           const Tensor& bias, const PackedFilter& filter) const {
    const Geometry geometry = ResolveCall(attributes_, x.dims.data(), w_dims.data());
    if (bias.dims[0] != w_dims[0]) {
      throw Failure("AdderConv expects B to have one value per filter (" +
                    std::to_string(w_dims[0]) + "), got " + std::to_string(bias.dims[0]) +
                    ". Use zeros for a layer without bias.");
    }
    const int64_t dims[4] = {geometry.batch, w_dims[0], geometry.out_height, geometry.out_width};
    OrtValue* output = nullptr;
    Check(api_, api_.KernelContext_GetOutput(context, 0, dims, 4, &output));
    void* y = nullptr;
    Check(api_, api_.GetTensorMutableData(output, &y));

    Call call;
    call.job = {&geometry, &filter, x.data, bias.data, static_cast<float*>(y)};
    call.scratch_floats = adder_conv::ScratchFloats(geometry, *kernel_);
    const auto items = static_cast<size_t>(adder_conv::ItemCount(geometry));
    Check(api_, api_.KernelContext_ParallelFor(context, RunOne, items, 0, &call));
    if (call.out_of_memory) {
      throw Failure("AdderConv ran out of memory: it needs " +
                        std::to_string(call.scratch_floats * sizeof(float)) +
                        " bytes of scratch memory per thread. Use fewer threads or smaller tiles.",
                    ORT_FAIL);
    }
  }

  const Api& api_;
  const adder_conv::Kernel* kernel_;
  NodeAttributes attributes_;
  std::vector<int64_t> w_dims_;
  std::optional<PackedFilter> filter_;  // empty when the graph computes W
};

// "Node 'body.0.adder': ", so that the user finds it; at run time onnxruntime says it itself.
std::string NodePrefix(const Api& api, const OrtKernelInfo* info) {
  size_t size = 0;
  if (!Succeeded(api, api.KernelInfo_GetNodeName(info, nullptr, &size))) return {};
  std::string name(size, '\0');
  if (!Succeeded(api, api.KernelInfo_GetNodeName(info, name.data(), &size))) return {};
  name.resize(std::min(size, name.find('\0')));
  return name.empty() ? "" : "Node '" + name + "': ";
}

const Api& ApiOf(const OrtCustomOp* op) { return static_cast<const AdderConvOp*>(op)->api; }

OrtStatus* NewKernel(const OrtCustomOp* op, const OrtApi*, const OrtKernelInfo* info,
                     void** kernel) {
  const Api& api = ApiOf(op);
  return Guard(api, [&] {
    try {
      *kernel = new AdderConvKernel(api, info);
    } catch (const Failure& failure) {
      throw Failure(NodePrefix(api, info) + failure.what(), failure.code());
    }
  });
}

OrtStatus* InferShape(const OrtCustomOp* op, OrtShapeInferContext* context) {
  try {
    InferAdderConvShape(ApiOf(op), context);
  } catch (...) {
    // onnxruntime ignores the status of this callback, and would leak it. An open shape is no
    // error, and whatever is wrong with the node is reported when its kernel is created or run.
  }
  return nullptr;
}

}  // namespace

AdderConvOp::AdderConvOp(const Api& runtime) : OrtCustomOp{}, api(runtime) {
  version = kApiVersion;
  GetName = [](const OrtCustomOp*) { return "AdderConv"; };
  GetExecutionProviderType = [](const OrtCustomOp*) { return "CPUExecutionProvider"; };
  GetInputType = [](const OrtCustomOp*, size_t) { return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT; };
  GetInputTypeCount = [](const OrtCustomOp*) { return size_t{3}; };
  GetOutputType = [](const OrtCustomOp*, size_t) { return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT; };
  GetOutputTypeCount = [](const OrtCustomOp*) { return size_t{1}; };
  GetInputCharacteristic = [](const OrtCustomOp*, size_t) { return INPUT_OUTPUT_REQUIRED; };
  GetOutputCharacteristic = [](const OrtCustomOp*, size_t) { return INPUT_OUTPUT_REQUIRED; };
  GetInputMemoryType = [](const OrtCustomOp*, size_t) { return OrtMemTypeDefault; };
  GetStartVersion = [](const OrtCustomOp*) { return 1; };
  GetEndVersion = [](const OrtCustomOp*) { return 1; };
  CreateKernelV2 = NewKernel;
  KernelComputeV2 = [](void* kernel, OrtKernelContext* context) {
    const auto& self = *static_cast<const AdderConvKernel*>(kernel);
    return Guard(self.api(), [&] { self.Compute(context); });
  };
  KernelDestroy = [](void* kernel) { delete static_cast<AdderConvKernel*>(kernel); };
  InferOutputShapeFn = InferShape;
}

}  // namespace addersr::ort
