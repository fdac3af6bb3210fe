// Runs a kernel over the channels of some images.
#include "custom_ops/adder_conv/power.h"
#include "custom_ops/isa/at_or_below.h"
#include "custom_ops/training_epilogue/kernel.h"
#include "custom_ops/training_epilogue/training_epilogue.h"

namespace addersr::training_epilogue {

#define ADDERSR_EPILOGUE_KERNEL(isa) extern const Kernel kernel_##isa;
#include "custom_ops/training_epilogue/kernels.inc"
#undef ADDERSR_EPILOGUE_KERNEL

namespace {

const Kernel* const kKernels[] = {
#define ADDERSR_EPILOGUE_KERNEL(isa) &kernel_##isa,
#include "custom_ops/training_epilogue/kernels.inc"
#undef ADDERSR_EPILOGUE_KERNEL
};

Channel ChannelOf(const Layer& layer, int64_t channel) {
  Channel c{};
  c.scale = layer.scale == nullptr ? 1.0F : layer.scale[channel];
  c.bias = layer.bias == nullptr ? 0.0F : layer.bias[channel];
  c.has_power = layer.alpha != nullptr;
  if (c.has_power) {
    c.alpha = layer.alpha[channel];
    adder_conv::SplitExponent(c.alpha, &c.power_high, &c.power_low);
  }
  c.has_slope = layer.slope != nullptr;
  if (c.has_slope) c.slope = layer.slope[channel];
  return c;
}

}  // namespace

void Forward(const Layer& layer, const char* isa, const float* a, const float* z, float* y,
             int64_t first, int64_t images) {
  const Kernel& kernel = isa::AtOrBelow(kKernels, isa);
  for (int64_t channel = 0; channel < layer.channels; ++channel) {
    const Channel c = ChannelOf(layer, channel);
    for (int64_t image = first; image < first + images; ++image) {
      const int64_t at = (image * layer.channels + channel) * layer.pixels;
      kernel.forward(c, a + at, z == nullptr ? z : z + at, y + at, layer.pixels);
    }
  }
}

void Backward(const Layer& layer, const char* isa, const float* dy, const float* a, const float* z,
              float* da, float* dz, double* sums, int64_t first, int64_t images) {
  const Kernel& kernel = isa::AtOrBelow(kKernels, isa);
  for (int64_t channel = 0; channel < layer.channels; ++channel) {
    const Channel c = ChannelOf(layer, channel);
    for (int64_t image = first; image < first + images; ++image) {
      const int64_t plane = image * layer.channels + channel;
      const int64_t at = plane * layer.pixels;
      kernel.backward(c, dy + at, a + at, z == nullptr ? z : z + at, da + at,
                      z == nullptr ? dz : dz + at, layer.pixels, sums + 4 * plane);
    }
  }
}

}  // namespace addersr::training_epilogue
