// C interface of the training kernels, called by addersr.models through ctypes.
#include <algorithm>
#include <new>
#include <string>
#include <vector>

#include "custom_ops/adder_conv/adder_conv.h"
#include "custom_ops/adder_conv_gradient/adder_conv_gradient.h"
#include "custom_ops/training_epilogue/training_epilogue.h"

namespace {

namespace conv = addersr::adder_conv;

thread_local std::string last_error;

int Fail(std::string sentence) {
  last_error = std::move(sentence);
  return 1;
}

}  // namespace

extern "C" {

// The dimensions and attributes of one call; mirrored by addersr.models.kernels.Call.
struct AddersrCall {
  int64_t x_dims[4];
  int64_t w_dims[4];
  int64_t strides[2];
  int64_t pads[4];
  int64_t dilations[2];
  int64_t group;
};

// Mirrored by addersr.models.kernels.EpilogueLayer.
using AddersrEpilogue = addersr::training_epilogue::Layer;

}  // extern "C"

namespace {

struct Prepared {
  addersr::convolution::Geometry geometry;
  const conv::Kernel* kernel;
};

// Empty, or the sentence that says why the call cannot be served.
std::string Prepare(const AddersrCall& call, Prepared* prepared) {
  addersr::convolution::Attributes attributes;
  std::copy_n(call.strides, 2, attributes.strides);
  std::copy_n(call.pads, 4, attributes.pads);
  std::copy_n(call.dilations, 2, attributes.dilations);
  attributes.group = call.group;
  std::string error = addersr::convolution::Resolve("AdderConv", attributes, call.x_dims,
                                                    call.w_dims, &prepared->geometry);
  if (error.empty()) prepared->kernel = conv::SelectKernel(&error);
  return error;
}

}  // namespace

#define ADDERSR_EXPORT extern "C" __attribute__((visibility("default")))

// The sentence of the last failed call on this thread.
ADDERSR_EXPORT const char* AddersrTrainingError() { return last_error.c_str(); }

// Y = B - sum |X - W| of the images [first, first + images). Returns 0, or 1 with a sentence.
ADDERSR_EXPORT int AddersrForward(const AddersrCall* call, const float* x, const float* w,
                                  const float* bias, float* y, int64_t first, int64_t images) {
  try {
    Prepared prepared;
    std::string error = Prepare(*call, &prepared);
    if (!error.empty()) return Fail(error);
    const addersr::convolution::Geometry& g = prepared.geometry;
    const conv::PackedFilter filter(*prepared.kernel, g, w);
    const conv::Job job{&g, &filter, conv::Layout::kChannelsFirst, x, y, bias, nullptr, {}, {}};
    std::vector<float> scratch(conv::ScratchFloats(job));
    const int64_t items = g.batch == 0 ? 0 : conv::ItemCount(g) / g.batch;
    for (int64_t item = first * items; item < (first + images) * items; ++item) {
      conv::RunItem(job, item, scratch.data());
    }
    return 0;
  } catch (const std::bad_alloc&) {
    return Fail("AdderConv ran out of memory.");
  }
}

// dX of the images [first, first + images). Returns 0, or 1 with a sentence.
ADDERSR_EXPORT int AddersrInputGradient(const AddersrCall* call, const float* dy, const float* x,
                                        const float* w, float* dx, int64_t first, int64_t images) {
  try {
    Prepared prepared;
    std::string error = Prepare(*call, &prepared);
    if (!error.empty()) return Fail(error);
    addersr::adder_conv_gradient::InputGradient(
        prepared.geometry, conv::KernelIsa(*prepared.kernel), dy, x, w, dx, first, images);
    return 0;
  } catch (const std::bad_alloc&) {
    return Fail("The input gradient of AdderConv ran out of memory.");
  }
}

// What follows an adder convolution in training: see training_epilogue.h. Parameters that are null
// are left out. Returns 0, or 1 with a sentence.
ADDERSR_EXPORT int AddersrEpilogueForward(const AddersrEpilogue* layer, const float* a,
                                          const float* z, float* y, int64_t first, int64_t images) {
  std::string error;
  const conv::Kernel* kernel = conv::SelectKernel(&error);
  if (kernel == nullptr) return Fail(error);
  addersr::training_epilogue::Forward(*layer, conv::KernelIsa(*kernel), a, z, y, first, images);
  return 0;
}

// Its gradients. Returns 0, or 1 with a sentence.
ADDERSR_EXPORT int AddersrEpilogueBackward(const AddersrEpilogue* layer, const float* dy,
                                           const float* a, const float* z, float* da, float* dz,
                                           double* sums, int64_t first, int64_t images) {
  std::string error;
  const conv::Kernel* kernel = conv::SelectKernel(&error);
  if (kernel == nullptr) return Fail(error);
  addersr::training_epilogue::Backward(*layer, conv::KernelIsa(*kernel), dy, a, z, da, dz, sums,
                                       first, images);
  return 0;
}
