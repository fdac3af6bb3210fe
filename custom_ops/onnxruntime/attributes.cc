#include "custom_ops/onnxruntime/attributes.h"

#include <algorithm>

#include "custom_ops/onnxruntime/status.h"

namespace addersr::ort {
namespace {

using convolution::AutoPad;

// Leaves `out` at its default when the attribute is absent. Returns whether it was present.
bool ReadList(const char* op, const AttributeSource& source, const char* name, size_t count,
              int64_t* out) {
  const std::optional<std::vector<int64_t>> values = source.Integers(name);
  if (!values) return false;
  if (values->size() != count) {
    throw Failure(op + std::string(" expects the attribute ") + name + " to be a list of " +
                  std::to_string(count) + " integers, got " + Join(*values) + ".");
  }
  std::copy(values->begin(), values->end(), out);
  return true;
}

AutoPad ReadAutoPad(const char* op, const AttributeSource& source) {
  const std::string mode = source.String("auto_pad").value_or("NOTSET");
  if (mode == "NOTSET") return AutoPad::kNotSet;
  if (mode == "VALID") return AutoPad::kValid;
  if (mode == "SAME_UPPER") return AutoPad::kSameUpper;
  if (mode == "SAME_LOWER") return AutoPad::kSameLower;
  throw Failure(std::string(op) +
                " expects auto_pad to be NOTSET, VALID, SAME_UPPER or SAME_LOWER, got '" + mode +
                "'.");
}

}  // namespace

NodeAttributes ReadAttributes(const char* op, const AttributeSource& source) {
  NodeAttributes attributes{op, {}, {}};
  convolution::Attributes& conv = attributes.conv;
  conv.auto_pad = ReadAutoPad(op, source);
  ReadList(op, source, "strides", 2, conv.strides);
  ReadList(op, source, "dilations", 2, conv.dilations);
  ReadList(op, source, "pads", 4, conv.pads);
  // ONNX forbids both at once; which of them runtimes obey differs, so do not guess.
  const bool padded = std::any_of(conv.pads, conv.pads + 4, [](int64_t pad) { return pad != 0; });
  if (conv.auto_pad != AutoPad::kNotSet && padded) {
    throw Failure(std::string(op) +
                  " expects pads to be absent or zero when auto_pad is set, got " +
                  Join({conv.pads, conv.pads + 4}) + ". Remove one of the two attributes.");
  }
  conv.group = source.Integer("group").value_or(1);
  int64_t kernel_shape[2];
  if (ReadList(op, source, "kernel_shape", 2, kernel_shape)) {
    attributes.kernel_shape.assign(kernel_shape, kernel_shape + 2);
  }
  return attributes;
}

void CheckValues(const NodeAttributes& attributes) {
  NodeAttributes smallest = attributes;
  smallest.kernel_shape.clear();
  const int64_t w_dims[4] = {attributes.conv.group, 1, 1, 1};
  ResolveFilter(smallest, w_dims);
}

convolution::Geometry ResolveFilter(const NodeAttributes& attributes, const int64_t w_dims[4]) {
  NodeAttributes same = attributes;
  same.conv.auto_pad = AutoPad::kSameUpper;  // fits into any X
  const int64_t group = attributes.conv.group;
  if (w_dims[0] > 0 && group > w_dims[0]) {
    throw Failure(std::string(attributes.op) + " expects group to divide the number of filters (" +
                  std::to_string(w_dims[0]) + "), got " + std::to_string(group) + ".");
  }
  int64_t channels = 0;
  if (__builtin_mul_overflow(w_dims[1], group, &channels)) channels = INT64_MAX;
  const int64_t x_dims[4] = {1, channels, 1, 1};
  return ResolveCall(same, x_dims, w_dims);
}

convolution::Geometry ResolveCall(const NodeAttributes& attributes, const int64_t x_dims[4],
                                  const int64_t w_dims[4]) {
  const std::vector<int64_t> size(w_dims + 2, w_dims + 4);
  if (!attributes.kernel_shape.empty() && attributes.kernel_shape != size) {
    throw Failure(std::string(attributes.op) + " expects kernel_shape to equal the filter's size " +
                  Join(size) + ", got " + Join(attributes.kernel_shape) + ".");
  }
  convolution::Geometry geometry;
  const std::string error =
      convolution::Resolve(attributes.op, attributes.conv, x_dims, w_dims, &geometry);
  if (!error.empty()) throw Failure(error);
  return geometry;
}

}  // namespace addersr::ort
