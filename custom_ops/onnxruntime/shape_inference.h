// The output shape of AdderConv while a model loads, when some sizes are only names.
#pragma once

#include <string>

#include "custom_ops/onnxruntime/abi.h"

namespace addersr::ort {

// Sets the shape of output 0, or leaves it open when it cannot be told.
void InferAdderConvShape(const Api& api, OrtShapeInferContext* context);

}  // namespace addersr::ort
