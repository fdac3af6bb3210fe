// Cuts a call into work items, and brings values into the order of the output for the kernels.
#include <algorithm>
#include <type_traits>

#include "custom_ops/quantization/quantization.h"

namespace addersr::quantization {
namespace {

// Values that an item has at least, so that it is worth its start.
constexpr int64_t kItemValues = 16384;
// Pixels whose values are reordered before the kernel takes them: they stay in L1.
constexpr int64_t kChunk = 128;

int64_t RowsPerItem(const Shape& s) {
  return 1 + kItemValues / std::max<int64_t>(1, s.width * s.channels);
}

// Rows [first, end) of all images together.
struct Rows {
  int64_t first, end;

  Rows(const Shape& s, int64_t item)
      : first(item * RowsPerItem(s)), end(std::min(s.batch * s.height, first + RowsPerItem(s))) {}
};

template <class T>
Quantize<T> QuantizeOf(const Kernel& kernel) {
  if constexpr (std::is_same_v<T, uint8_t>)
    return kernel.quantize_uint8;
  else
    return kernel.quantize_int16;
}

template <class T>
Dequantize<T> DequantizeOf(const Kernel& kernel) {
  if constexpr (std::is_same_v<T, uint8_t>)
    return kernel.dequantize_uint8;
  else
    return kernel.dequantize_int16;
}

template <class X, class Y>
Requantize<X, Y> RequantizeOf(const Kernel& kernel) {
  constexpr bool kFrom8 = std::is_same_v<X, uint8_t>, kTo8 = std::is_same_v<Y, uint8_t>;
  if constexpr (kFrom8 && kTo8)
    return kernel.uint8_to_uint8;
  else if constexpr (kFrom8)
    return kernel.uint8_to_int16;
  else if constexpr (kTo8)
    return kernel.int16_to_uint8;
  else
    return kernel.int16_to_int16;
}

// `count` values from each of `pixels` places that are `step` apart, end to end.
template <int64_t kCount, class T>
void GatherFixed(const T* from, int64_t step, int64_t pixels, T* to) {
  for (int64_t p = 0; p < pixels; ++p, from += step, to += kCount) std::copy_n(from, kCount, to);
}

template <class T>
void Gather(const T* from, int64_t step, int64_t count, int64_t pixels, T* to) {
  switch (count) {
    case 1:
      return GatherFixed<1>(from, step, pixels, to);
    case 2:
      return GatherFixed<2>(from, step, pixels, to);
    case 3:
      return GatherFixed<3>(from, step, pixels, to);
    case 4:
      return GatherFixed<4>(from, step, pixels, to);
    default:
      for (int64_t p = 0; p < pixels; ++p, from += step) to = std::copy_n(from, count, to);
  }
}

}  // namespace

int64_t ItemCount(const Shape& s) {
  if (s.width == 0 || s.channels == 0) return 0;
  return (s.batch * s.height + RowsPerItem(s) - 1) / RowsPerItem(s);
}

size_t ScratchBytes(const Shape& s) {
  return static_cast<size_t>(s.channels * kChunk) * sizeof(float);
}

template <class T>
void RunItem(const QuantizeJob<T>& job, int64_t item, void* scratch) noexcept {
  const Shape& s = job.shape;
  const Pattern pattern = job.parameters->pattern();
  const Quantize<T> quantize = QuantizeOf<T>(*job.kernel);
  const int64_t plane = s.height * s.width;
  const Rows rows(s, item);
  for (int64_t row = rows.first; row < rows.end; ++row) {
    const float* const x = job.x + row / s.height * s.channels * plane + row % s.height * s.width;
    T* const y = job.y + row * s.width * s.channels;
    if (s.channels == 1) {
      quantize(x, s.width, pattern, y);
      continue;
    }
    for (int64_t first = 0; first < s.width; first += kChunk) {
      const int64_t pixels = std::min(kChunk, s.width - first);
      auto* const values = static_cast<float*>(scratch);
      for (int64_t c = 0; c < s.channels; ++c) {
        const float* const from = x + c * plane + first;
        for (int64_t p = 0; p < pixels; ++p) values[p * s.channels + c] = from[p];
      }
      quantize(values, pixels * s.channels, pattern, y + first * s.channels);
    }
  }
}

template <class T>
void RunItem(const DequantizeJob<T>& job, int64_t item) noexcept {
  const Shape& s = job.shape;
  const int64_t b = job.block;
  const int64_t planes = s.channels / (b * b);
  const Dequantize<T> dequantize = DequantizeOf<T>(*job.kernel);
  alignas(64) T values[kChunk * kMostBlock];
  alignas(64) float anchors[kChunk * kMostBlock];
  const Rows rows(s, item);
  for (int64_t row = rows.first; row < rows.end; ++row) {
    const int64_t image = row / s.height, line = row % s.height;
    for (int64_t c = 0; c < planes; ++c) {
      const int64_t plane = (image * planes + c) * s.height + line;  // in rows of X
      for (int64_t first = 0; first < s.width; first += kChunk) {
        const int64_t pixels = std::min(kChunk, s.width - first);
        if (!job.anchor_is_one) {
          const float* const from = job.anchor + plane * s.width + first;
          for (int64_t p = 0; p < pixels; ++p) std::fill_n(anchors + p * b, b, from[p]);
        }
        for (int64_t i = 0; i < b; ++i) {
          const int64_t channel = c * b * b + i * b;
          Gather(job.x + (row * s.width + first) * s.channels + channel, s.channels, b, pixels,
                 values);
          const Pattern pattern = (*job.parameters)[static_cast<size_t>(c * b + i)].pattern();
          dequantize(values, job.anchor_is_one ? nullptr : anchors,
                     job.anchor_is_one ? *job.anchor : 0.0F, pixels * b, pattern,
                     job.y + ((plane * b + i) * s.width + first) * b);
        }
      }
    }
  }
}

template <class X, class Y>
void RunItem(const RequantizeJob<X, Y>& job, int64_t item) noexcept {
  const int64_t row = job.shape.width * job.shape.channels;
  const Rows rows(job.shape, item);
  const int64_t first = rows.first * row;
  RequantizeOf<X, Y> (*job.kernel)(job.x + first, (rows.end - rows.first) * row,
                                   job.parameters->pattern(), job.y + first);
}

template void RunItem(const QuantizeJob<uint8_t>&, int64_t, void*) noexcept;
template void RunItem(const QuantizeJob<int16_t>&, int64_t, void*) noexcept;
template void RunItem(const DequantizeJob<uint8_t>&, int64_t) noexcept;
template void RunItem(const DequantizeJob<int16_t>&, int64_t) noexcept;
template void RunItem(const RequantizeJob<uint8_t, uint8_t>&, int64_t) noexcept;
template void RunItem(const RequantizeJob<uint8_t, int16_t>&, int64_t) noexcept;
template void RunItem(const RequantizeJob<int16_t, uint8_t>&, int64_t) noexcept;
template void RunItem(const RequantizeJob<int16_t, int16_t>&, int64_t) noexcept;

}  // namespace addersr::quantization
