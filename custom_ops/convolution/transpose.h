// Between planes (channels first) and pixels (channels last).
#pragma once

#include <cstdint>

namespace addersr::convolution {

// to[i * pixel_step + c] = from[c * plane_step + i] for all channels c and pixels i.
void PlanesToPixels(const float* from, int64_t plane_step, int64_t channels, int64_t pixels,
                    float* to, int64_t pixel_step);

// to[c * plane_step + i] = from[i * pixel_step + c].
void PixelsToPlanes(const float* from, int64_t pixel_step, int64_t channels, int64_t pixels,
                    float* to, int64_t plane_step);

}  // namespace addersr::convolution
