// The function that onnxruntime calls when the op library is registered with session options.
#include "custom_ops/onnxruntime/register.h"

extern "C" __attribute__((visibility("default"))) addersr::ort::OrtStatus* RegisterCustomOps(
    addersr::ort::OrtSessionOptions* options, const addersr::ort::OrtApiBase* base) {
  return addersr::ort::RegisterOps(options, base);
}
