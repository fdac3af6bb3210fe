// The two places where onnxruntime shows a node's attributes.
#pragma once

#include "custom_ops/onnxruntime/abi.h"
#include "custom_ops/onnxruntime/attributes.h"

namespace addersr::ort {

// At kernel creation.
class KernelInfoAttributes : public AttributeSource {
 public:
  KernelInfoAttributes(const Api& api, const char* op, const OrtKernelInfo* info)
      : api_(api), op_(op), info_(info) {}
  std::optional<int64_t> Integer(const char* name) const override;
  std::optional<std::vector<int64_t>> Integers(const char* name) const override;
  std::optional<std::string> String(const char* name) const override;

 private:
  // Called after reading `name` as `expected` failed: throws if the attribute exists all the same.
  void CheckAbsent(const char* name, const char* expected) const;

  const Api& api_;
  const char* op_;
  const OrtKernelInfo* info_;
};

// At shape inference. An attribute of another type reads as an empty one.
class ShapeInferenceAttributes : public AttributeSource {
 public:
  ShapeInferenceAttributes(const Api& api, const OrtShapeInferContext* context)
      : api_(api), context_(context) {}
  std::optional<int64_t> Integer(const char* name) const override;
  std::optional<std::vector<int64_t>> Integers(const char* name) const override;
  std::optional<std::string> String(const char* name) const override;

 private:
  bool Find(const char* name, const OrtOpAttr** attribute) const;
  // In bytes.
  size_t Size(const OrtOpAttr* attribute, OrtOpAttrType type) const;

  const Api& api_;
  const OrtShapeInferContext* context_;
};

}  // namespace addersr::ort
