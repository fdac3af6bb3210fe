#include "custom_ops/onnxruntime/shape_inference.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>

#include "custom_ops/onnxruntime/attribute_sources.h"
#include "custom_ops/onnxruntime/status.h"
#include "custom_ops/onnxruntime/tensor.h"

namespace addersr::ort {
namespace {

using convolution::AutoPad;

// A known size, or the name of an unknown one; without a name when nothing is known.
struct Size {
  int64_t value;  // -1: unknown
  std::string name;

  bool known() const { return value >= 0; }
};

// The sizes of an input, or nothing when its rank is not `rank`.
std::optional<std::vector<Size>> InputSizes(const Api& api, OrtShapeInferContext* context,
                                            size_t index, size_t rank = 4) {
  OrtTensorTypeAndShapeInfo* info = nullptr;  // belongs to the context
  Check(api, api.ShapeInferContext_GetInputTypeShape(context, index, &info));
  const std::vector<int64_t> dims = Dimensions(api, info);
  if (dims.size() != rank) return std::nullopt;
  std::vector<const char*> names(rank);
  Check(api, api.GetSymbolicDimensions(info, names.data(), rank));
  std::vector<Size> sizes;
  for (size_t i = 0; i < rank; ++i) sizes.push_back({dims[i], names[i] == nullptr ? "" : names[i]});
  return sizes;
}

// The name of (size + offset) / stride, rounded down: an expression such as "(H+1)//2".
// onnxruntime takes two sizes of one name for equal, so a name is made from everything that the
// size depends on, always in the same way.
std::string DerivedName(const std::string& name, int64_t offset, int64_t stride) {
  if (offset == 0 && stride == 1) return name;
  const bool simple = std::all_of(name.begin(), name.end(),
                                  [](unsigned char c) { return std::isalnum(c) || c == '_'; });
  std::string derived = simple ? name : "(" + name + ")";
  if (offset != 0) derived += (offset > 0 ? "+" : "") + std::to_string(offset);
  if (stride == 1) return derived;
  return (offset == 0 ? derived : "(" + derived + ")") + "//" + std::to_string(stride);
}

// The output size of an axis whose input size is only a name.
Size DerivedSize(const Size& in, const convolution::Attributes& conv, int64_t kernel, int axis) {
  if (in.name.empty()) return in;
  const int64_t stride = conv.strides[axis];
  int64_t offset = stride - 1;  // SAME: the input size over the stride, rounded up
  if (conv.auto_pad == AutoPad::kNotSet || conv.auto_pad == AutoPad::kValid) {
    const int64_t extent = (kernel - 1) * conv.dilations[axis] + 1;
    offset = conv.pads[axis] + conv.pads[axis + 2] - extent + stride;  // (n - extent) / stride + 1
  }
  return {-1, DerivedName(in.name, offset, stride)};
}

std::optional<std::vector<Size>> OutputSizes(const NodeAttributes& attributes,
                                             const std::vector<Size>& x,
                                             const std::vector<Size>& w) {
  // W is a constant in every ordinary model; when it is computed, its sizes may be open.
  int64_t w_dims[4];
  for (size_t i = 0; i < 4; ++i) {
    if (!w[i].known()) return std::nullopt;
    w_dims[i] = w[i].value;
  }
  ResolveFilter(attributes, w_dims);  // bounds every value, so that nothing below overflows

  // The axes do not depend on each other: resolve with fitting sizes in place of unknown ones.
  const convolution::Attributes& conv = attributes.conv;
  int64_t x_dims[4] = {x[0].value, x[1].value, x[2].value, x[3].value};
  if (!x[0].known()) x_dims[0] = 1;
  if (!x[1].known()) x_dims[1] = w_dims[1] * conv.group;
  for (int axis = 0; axis < 2; ++axis) {
    if (!x[2 + axis].known()) x_dims[2 + axis] = (w_dims[2 + axis] - 1) * conv.dilations[axis] + 1;
  }
  const convolution::Geometry geometry = ResolveCall(attributes, x_dims, w_dims);

  std::vector<Size> out = {x[0], w[0], {geometry.out_height, ""}, {geometry.out_width, ""}};
  for (int axis = 0; axis < 2; ++axis) {
    if (!x[2 + axis].known())
      out[2 + axis] = DerivedSize(x[2 + axis], conv, w_dims[2 + axis], axis);
  }
  return out;
}

// A size with neither value nor name cannot be expressed in this interface.
bool IsOpen(const Size& size) { return !size.known() && size.name.empty(); }

// The name of a product is as good as any other, as long as equal sizes have equal names.
void Scale(Size* size, int64_t factor) {
  if (factor == 1) return;
  if (size->known()) size->value *= factor;
  if (!size->name.empty()) size->name = "(" + size->name + ")*" + std::to_string(factor);
}

// Leaves the shape open when one of the sizes is.
void SetOutput(const Api& api, OrtShapeInferContext* context, const std::vector<Size>& sizes,
               ONNXTensorElementDataType type) {
  if (std::any_of(sizes.begin(), sizes.end(), IsOpen)) return;
  OrtTensorTypeAndShapeInfo* info = nullptr;
  Check(api, api.CreateTensorTypeAndShapeInfo(&info));
  const std::unique_ptr<OrtTensorTypeAndShapeInfo, void (*)(OrtTensorTypeAndShapeInfo*)> owner(
      info, api.ReleaseTensorTypeAndShapeInfo);
  int64_t dims[4];
  const char* names[4];
  for (size_t i = 0; i < 4; ++i) {
    dims[i] = sizes[i].value;
    names[i] = sizes[i].known() ? "" : sizes[i].name.c_str();
  }
  Check(api, api.SetTensorElementType(info, type));
  Check(api, api.SetDimensions(info, dims, 4));
  Check(api, api.SetSymbolicDimensions(info, names, 4));
  Check(api, api.ShapeInferContext_SetOutputTypeShape(context, 0, info));
}

// Ops of one name and several types share the function of one of them, so it asks for the type.
void SetOutputLike(const Api& api, OrtShapeInferContext* context, const std::vector<Size>& sizes,
                   size_t like) {
  OrtTensorTypeAndShapeInfo* of_input = nullptr;  // belongs to the context
  Check(api, api.ShapeInferContext_GetInputTypeShape(context, like, &of_input));
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  Check(api, api.GetTensorElementType(of_input, &type));
  SetOutput(api, context, sizes, type);
}

}  // namespace

void InferConvolutionShape(const Api& api, OrtShapeInferContext* context, const char* op,
                           Layout layout, size_t like) {
  auto x = InputSizes(api, context, 0);
  const auto w = InputSizes(api, context, 1);
  if (!x || !w) return;
  if (layout == Layout::kChannelsLast) std::rotate(x->begin() + 1, x->begin() + 3, x->end());
  const NodeAttributes attributes = ReadAttributes(op, ShapeInferenceAttributes(api, context));
  auto sizes = OutputSizes(attributes, *x, *w);
  if (!sizes) return;
  if (layout == Layout::kChannelsLast) {
    std::rotate(sizes->begin() + 1, sizes->begin() + 2, sizes->end());
  }
  SetOutputLike(api, context, *sizes, like);
}

void InferMoved(const Api& api, OrtShapeInferContext* context, Move move, int64_t block,
                size_t like) {
  auto sizes = InputSizes(api, context, 0);
  if (!sizes) return;
  if (move == Move::kToLast) std::rotate(sizes->begin() + 1, sizes->begin() + 2, sizes->end());
  if (move == Move::kToFirst) {
    std::rotate(sizes->begin() + 1, sizes->begin() + 3, sizes->end());
    Size& planes = (*sizes)[1];
    if (planes.known()) planes.value /= block * block;
    if (block > 1 && !planes.name.empty()) {
      planes.name = "(" + planes.name + ")//" + std::to_string(block * block);
    }
    for (size_t i : {2, 3}) Scale(&(*sizes)[i], block);
  }
  SetOutputLike(api, context, *sizes, like);
}

void InferLuma(const Api& api, OrtShapeInferContext* context) {
  const auto x = InputSizes(api, context, 0);
  if (!x) return;
  SetOutput(api, context, {(*x)[0], {1, ""}, (*x)[1], (*x)[2]},
            ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
}

void InferRgb(const Api& api, OrtShapeInferContext* context) {
  auto x = InputSizes(api, context, 1);
  const auto filter = InputSizes(api, context, 2, 2);
  if (!x || !filter || !(*filter)[0].known()) return;
  for (size_t i : {1, 2}) Scale(&(*x)[i], (*filter)[0].value);
  SetOutput(api, context, {(*x)[0], (*x)[1], (*x)[2], {3, ""}},
            ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8);
}

}  // namespace addersr::ort
