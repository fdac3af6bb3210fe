// Our ops for sessions of onnxruntime.
#pragma once

#include "custom_ops/onnxruntime/abi.h"

namespace addersr::ort {

// Lets sessions that are made from `options` know our ops; a second time it does nothing. A failure
// is a status, which the caller owns.
OrtStatus* RegisterOps(OrtSessionOptions* options, const OrtApiBase* base) noexcept;

}  // namespace addersr::ort
