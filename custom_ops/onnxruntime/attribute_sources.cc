#include "custom_ops/onnxruntime/attribute_sources.h"

#include <algorithm>

#include "custom_ops/onnxruntime/status.h"

namespace addersr::ort {

void KernelInfoAttributes::CheckAbsent(const char* name, const char* expected) const {
  // Nothing lists a node's attributes, so try the types in turn.
  int64_t integer;
  float real;
  size_t size = 0;
  if (Succeeded(api_, api_.KernelInfoGetAttribute_int64(info_, name, &integer)) ||
      Succeeded(api_, api_.KernelInfoGetAttribute_float(info_, name, &real)) ||
      Succeeded(api_, api_.KernelInfoGetAttribute_string(info_, name, nullptr, &size)) ||
      Succeeded(api_, api_.KernelInfoGetAttributeArray_int64(info_, name, nullptr, &size)) ||
      Succeeded(api_, api_.KernelInfoGetAttributeArray_float(info_, name, nullptr, &size))) {
    throw Failure(op_ + std::string(" expects the attribute ") + name + " to be " + expected +
                  ", got an attribute of another type.");
  }
}

std::optional<int64_t> KernelInfoAttributes::Integer(const char* name) const {
  int64_t value;
  if (Succeeded(api_, api_.KernelInfoGetAttribute_int64(info_, name, &value))) return value;
  CheckAbsent(name, "an integer");
  return std::nullopt;
}

std::optional<std::vector<int64_t>> KernelInfoAttributes::Integers(const char* name) const {
  size_t size = 0;
  if (Succeeded(api_, api_.KernelInfoGetAttributeArray_int64(info_, name, nullptr, &size))) {
    std::vector<int64_t> values(size);
    // Without values data() may be null, which would ask for the size again: harmless.
    Check(api_, api_.KernelInfoGetAttributeArray_int64(info_, name, values.data(), &size));
    return values;
  }
  CheckAbsent(name, "a list of integers");
  return std::nullopt;
}

std::optional<std::string> KernelInfoAttributes::String(const char* name) const {
  size_t size = 0;  // with the terminating zero
  if (Succeeded(api_, api_.KernelInfoGetAttribute_string(info_, name, nullptr, &size))) {
    std::string value(size, '\0');
    Check(api_, api_.KernelInfoGetAttribute_string(info_, name, value.data(), &size));
    value.resize(size - 1);
    return value;
  }
  CheckAbsent(name, "a string");
  return std::nullopt;
}

std::optional<int64_t> ShapeInferenceAttributes::Integer(const char* name) const {
  const OrtOpAttr* attribute = nullptr;
  if (!Find(name, &attribute)) return std::nullopt;
  int64_t value = 0;
  size_t bytes = 0;
  Check(api_, api_.ReadOpAttr(attribute, ORT_OP_ATTR_INT, &value, sizeof(value), &bytes));
  return value;
}

std::optional<std::vector<int64_t>> ShapeInferenceAttributes::Integers(const char* name) const {
  const OrtOpAttr* attribute = nullptr;
  if (!Find(name, &attribute)) return std::nullopt;
  std::vector<int64_t> values(Size(attribute, ORT_OP_ATTR_INTS) / sizeof(int64_t));
  size_t bytes = values.size() * sizeof(int64_t);
  Check(api_, api_.ReadOpAttr(attribute, ORT_OP_ATTR_INTS, values.data(), bytes, &bytes));
  return values;
}

std::optional<std::string> ShapeInferenceAttributes::String(const char* name) const {
  const OrtOpAttr* attribute = nullptr;
  if (!Find(name, &attribute)) return std::nullopt;
  std::string value(Size(attribute, ORT_OP_ATTR_STRING), '\0');
  size_t bytes = value.size();
  Check(api_, api_.ReadOpAttr(attribute, ORT_OP_ATTR_STRING, value.data(), bytes, &bytes));
  value.resize(std::min(value.size(), value.find('\0')));  // 1.18 counts a terminating zero
  return value;
}

bool ShapeInferenceAttributes::Find(const char* name, const OrtOpAttr** attribute) const {
  return Succeeded(api_, api_.ShapeInferContext_GetAttribute(context_, name, attribute));
}

size_t ShapeInferenceAttributes::Size(const OrtOpAttr* attribute, OrtOpAttrType type) const {
  // Asking with no room fails, unless the attribute is empty, and tells the size either way.
  size_t bytes = 0;
  char nothing = 0;
  Succeeded(api_, api_.ReadOpAttr(attribute, type, &nothing, 0, &bytes));
  return bytes;
}

}  // namespace addersr::ort
