// The attributes that all adder ops share, those of Conv. onnxruntime checks none of them for a
// custom op: a wrong type, length or value must be found here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "custom_ops/convolution/geometry.h"

namespace addersr::ort {

// Where a node's attributes are read from: kernel creation and shape inference differ in that.
// Each function returns nullopt for an absent attribute; one of another type is a Failure.
class AttributeSource {
 public:
  virtual ~AttributeSource() = default;
  virtual std::optional<int64_t> Integer(const char* name) const = 0;
  virtual std::optional<std::vector<int64_t>> Integers(const char* name) const = 0;
  virtual std::optional<std::string> String(const char* name) const = 0;
};

struct NodeAttributes {
  const char* op;  // name of the op, for sentences
  convolution::Attributes conv;
  std::vector<int64_t> kernel_shape;  // empty when the node leaves it to W
};

// Types and lengths are checked here; values need W or a call below.
NodeAttributes ReadAttributes(const char* op, const AttributeSource& source);

// Checks values (strides >= 1 and so on) while neither X nor W is known.
void CheckValues(const NodeAttributes& attributes);

// Checks values and W's dimensions. The geometry is good for packing the filter, not for running.
convolution::Geometry ResolveFilter(const NodeAttributes& attributes, const int64_t w_dims[4]);

// Checks everything. The geometry of one call.
convolution::Geometry ResolveCall(const NodeAttributes& attributes, const int64_t x_dims[4],
                                  const int64_t w_dims[4]);

}  // namespace addersr::ort
