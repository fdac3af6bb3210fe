// The output shape of a convolution while a model loads, when some sizes are only names.
#pragma once

#include <string>

#include "custom_ops/convolution/geometry.h"
#include "custom_ops/onnxruntime/abi.h"

namespace addersr::ort {

using convolution::Layout;

// Sets shape and type (that of input `like`) of output 0 of a node of `op` with X as input 0 and W
// as input 1, or leaves them open when the shape cannot be told.
void InferConvolutionShape(const Api& api, OrtShapeInferContext* context, const char* op,
                           Layout layout, size_t like = 0);

// Where the channels go from input 0 to output 0.
enum class Move { kNot, kToLast, kToFirst };

// Sets shape and type (that of input `like`) of output 0 of a node that moves channels and, when
// they go to the front, makes blocks of `block` x `block` pixels of them.
void InferMoved(const Api& api, OrtShapeInferContext* context, Move move, int64_t block,
                size_t like);

// Sets shape and type of output 0 of RgbToLuma and LumaToRgb.
void InferLuma(const Api& api, OrtShapeInferContext* context);
void InferRgb(const Api& api, OrtShapeInferContext* context);

}  // namespace addersr::ort
