// An onnxruntime in name only: OrtGetApiBase gives the table that a running onnxruntime handed to
// RegisterCustomOps before. See README.md.
#include <atomic>

#include "custom_ops/onnxruntime/abi.h"

namespace {

std::atomic<const addersr::ort::OrtApiBase*> table{nullptr};

}  // namespace

#define ADDERSR_EXPORT extern "C" __attribute__((visibility("default")))

// What onnxruntime calls for SessionOptions.register_custom_ops_library. Registers nothing.
ADDERSR_EXPORT addersr::ort::OrtStatus* RegisterCustomOps(addersr::ort::OrtSessionOptions*,
                                                          const addersr::ort::OrtApiBase* base) {
  table = base;
  return nullptr;
}

// nullptr before that.
ADDERSR_EXPORT const addersr::ort::OrtApiBase* OrtGetApiBase() { return table; }
