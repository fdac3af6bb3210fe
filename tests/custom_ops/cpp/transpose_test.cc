// Planes to pixels and back, of every small size, with guard pages.
#include "custom_ops/convolution/transpose.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "guarded_buffer.h"

namespace addersr::test {
namespace {

// Floats of a tensor whose rows, which are not complete, begin `step` floats apart.
size_t Floats(int64_t rows, int64_t columns, int64_t step) {
  return rows == 0 || columns == 0 ? 0 : static_cast<size_t>((rows - 1) * step + columns);
}

TEST(TransposeTest, EverySmallSizeThereAndBack) {
  for (int64_t channels = 0; channels < 10; ++channels) {
    for (const int64_t pixels : {0, 1, 3, 4, 5, 15, 16, 17, 22}) {
      for (const int64_t more : {0, 3}) {
        const int64_t plane_step = pixels + more, pixel_step = channels + 2 * more;
        std::vector<float> numbers(Floats(channels, pixels, plane_step));
        std::iota(numbers.begin(), numbers.end(), 1.0F);
        for (const Side side : kSides) {
          SCOPED_TRACE(testing::Message() << channels << " x " << pixels << ", more: " << more);
          const GuardedBuffer<float> planes(numbers, side);
          GuardedBuffer<float> as_pixels(Floats(pixels, channels, pixel_step), side);
          GuardedBuffer<float> back(planes.size(), side);
          std::fill(as_pixels.begin(), as_pixels.end(), -1.0F);
          std::fill(back.begin(), back.end(), -1.0F);
          convolution::PlanesToPixels(planes.data(), plane_step, channels, pixels, as_pixels.data(),
                                      pixel_step);
          convolution::PixelsToPlanes(as_pixels.data(), pixel_step, channels, pixels, back.data(),
                                      plane_step);
          for (size_t i = 0; i < as_pixels.size(); ++i) {
            const int64_t pixel = static_cast<int64_t>(i) / pixel_step;
            const int64_t channel = static_cast<int64_t>(i) % pixel_step;
            // What lies between the pixels is left as it is.
            const bool inside = channel < channels;
            const size_t from = static_cast<size_t>(channel * plane_step + pixel);
            ASSERT_EQ(as_pixels[i], inside ? planes.data()[from] : -1.0F) << i;
          }
          for (size_t i = 0; i < back.size(); ++i) {
            const bool inside = static_cast<int64_t>(i) % plane_step < pixels;
            ASSERT_EQ(back[i], inside ? planes.data()[i] : -1.0F) << i;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace addersr::test
