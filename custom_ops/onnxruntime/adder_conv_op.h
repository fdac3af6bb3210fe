// AdderConv as a custom op of onnxruntime.
#pragma once

#include "custom_ops/onnxruntime/abi.h"

namespace addersr::ort {

// The op as it is registered. Must outlive the domain and all sessions that use it.
struct AdderConvOp : OrtCustomOp {
  explicit AdderConvOp(const Api& runtime);
  AdderConvOp(const AdderConvOp&) = delete;
  AdderConvOp& operator=(const AdderConvOp&) = delete;

  const Api api;  // shape inference gets no table of its own
};

}  // namespace addersr::ort
