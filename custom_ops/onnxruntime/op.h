// The callbacks that onnxruntime wants of an op, written once for every kernel class.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>

#include "custom_ops/onnxruntime/abi.h"
#include "custom_ops/onnxruntime/status.h"

namespace addersr::ort {

// "Node 'body.0.adder': ", so that the user finds it; at run time onnxruntime says it itself.
std::string NodePrefix(const Api& api, const OrtKernelInfo* info);

// An op whose nodes are objects of the class Kernel, which provides
//   static constexpr const char* kName
//   static constexpr ONNXTensorElementDataType kInputs[], kOutput: all inputs are required
//   Kernel(const Api&, const OrtKernelInfo*): may throw Failure
//   void Compute(OrtKernelContext*) const: may throw Failure; several threads may call it at once
//   static void InferShape(const Api&, OrtShapeInferContext*): may throw anything
template <class Kernel>
struct Op : OrtCustomOp {
  Api api;

  explicit Op(const Api& runtime) : OrtCustomOp{}, api(runtime) {
    version = kApiVersion;
    GetName = [](const OrtCustomOp*) { return Kernel::kName; };
    GetExecutionProviderType = [](const OrtCustomOp*) { return "CPUExecutionProvider"; };
    GetInputType = [](const OrtCustomOp*, size_t index) { return Kernel::kInputs[index]; };
    GetInputTypeCount = [](const OrtCustomOp*) { return std::size(Kernel::kInputs); };
    GetOutputType = [](const OrtCustomOp*, size_t) { return Kernel::kOutput; };
    GetOutputTypeCount = [](const OrtCustomOp*) { return size_t{1}; };
    GetInputCharacteristic = [](const OrtCustomOp*, size_t) { return INPUT_OUTPUT_REQUIRED; };
    GetOutputCharacteristic = [](const OrtCustomOp*, size_t) { return INPUT_OUTPUT_REQUIRED; };
    GetInputMemoryType = [](const OrtCustomOp*, size_t) { return OrtMemTypeDefault; };
    GetStartVersion = [](const OrtCustomOp*) { return 1; };
    GetEndVersion = [](const OrtCustomOp*) { return 1; };
    CreateKernelV2 = [](const OrtCustomOp* op, const OrtApi*, const OrtKernelInfo* info,
                        void** kernel) {
      const Api& of_op = static_cast<const Op*>(op)->api;
      return Guard(of_op, [&] {
        try {
          *kernel = new Node{of_op, Kernel(of_op, info)};
        } catch (const Failure& failure) {
          throw Failure(NodePrefix(of_op, info) + failure.what(), failure.code());
        }
      });
    };
    KernelComputeV2 = [](void* kernel, OrtKernelContext* context) {
      const auto& node = *static_cast<const Node*>(kernel);
      return Guard(node.api, [&] { node.kernel.Compute(context); });
    };
    KernelDestroy = [](void* kernel) { delete static_cast<Node*>(kernel); };
    InferOutputShapeFn = [](const OrtCustomOp* op, OrtShapeInferContext* context) -> OrtStatus* {
      try {
        Kernel::InferShape(static_cast<const Op*>(op)->api, context);
      } catch (...) {
        // onnxruntime ignores the status of this callback, and would leak it. An open shape is no
        // error, and whatever is wrong with the node is reported when its kernel is created or run.
      }
      return nullptr;
    };
  }

 private:
  struct Node {
    const Api& api;
    Kernel kernel;
  };
};

}  // namespace addersr::ort
