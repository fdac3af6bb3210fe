// The attributes of an AdderConv node. onnxruntime checks none of them for a custom op: a wrong
// type, length or value must be found here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "custom_ops/adder_conv/adder_conv.h"

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
  adder_conv::Attributes conv;
  std::vector<int64_t> kernel_shape;  // empty when the node leaves it to W
};

// Types, lengths and names. Values (strides >= 1 and so on) are checked by adder_conv::Resolve.
NodeAttributes ReadAttributes(const AttributeSource& source);

// Throws unless `kernel_shape` is empty or equals the last two of W's four dimensions.
void CheckKernelShape(const NodeAttributes& attributes, const int64_t w_dims[4]);

}  // namespace addersr::ort
