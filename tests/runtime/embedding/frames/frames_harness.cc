#include "frames_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>

#include "tests/custom_ops/cpp/allocations.h"

namespace addersr::test {
namespace {

using embedding::Region;
using embedding::TileJob;

// Values that a pixel has in a tensor, and planes of them.
struct Channels {
  int64_t planes, values;
};
Channels ChannelsOf(NetworkKind kind) {
  if (kind == NetworkKind::kPicture) return {1, 3};
  return {kind == NetworkKind::kRgb ? 3 : 1, 1};
}

// Region of a tensor of width x height pixels.
template <class T>
std::vector<T> Crop(const std::vector<T>& values, const Channels& channels, int64_t width,
                    int64_t height, const Region& region, int64_t scale) {
  std::vector<T> out;
  for (int64_t plane = 0; plane < channels.planes; ++plane) {
    for (int64_t row = region.top * scale; row < (region.top + region.height) * scale; ++row) {
      const int64_t first = (plane * height + row) * width + region.left * scale;
      const auto from = values.begin() + first * channels.values;
      out.insert(out.end(), from, from + region.width * scale * channels.values);
    }
  }
  return out;
}

Region Grown(const Region& inside, int32_t by, int32_t width, int32_t height) {
  const int32_t left = std::max(0, inside.left - by), top = std::max(0, inside.top - by);
  return {left, top, std::min(width, inside.left + inside.width + by) - left,
          std::min(height, inside.top + inside.height + by) - top};
}

// A network's output for a tile: right where the halo reaches, else wrong.
template <class T>
std::vector<T> TileOutput(const std::vector<T>& whole, const FramesProblem& problem,
                          const Region& source, int32_t halo, T wrong) {
  const Picture& small = problem.small;
  const int64_t scale = problem.scale;
  const Channels channels = ChannelsOf(problem.kind);
  std::vector<T> out =
      Crop(whole, channels, small.width * scale, small.height * scale, source, scale);
  size_t i = 0;
  for (int64_t plane = 0; plane < channels.planes; ++plane) {
    for (int64_t row = 0; row < source.height * scale; ++row) {
      for (int64_t column = 0; column < source.width * scale; ++column) {
        const int64_t x = column / scale, y = row / scale;
        const bool reached =
            (source.left == 0 || x >= halo) && (source.top == 0 || y >= halo) &&
            (source.left + source.width == small.width || x < source.width - halo) &&
            (source.top + source.height == small.height || y < source.height - halo);
        for (int64_t v = 0; v < channels.values; ++v, ++i) {
          if (!reached) out[i] = wrong;
        }
      }
    }
  }
  return out;
}

// All items, in an order of their own, without allocations.
template <class Item>
void RunItems(int count, std::mt19937* random, const Item& item) {
  std::vector<int> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), *random);
  const uint64_t before = Allocations();
  for (const int i : order) item(i);
  EXPECT_EQ(Allocations(), before);
}

// One tile with tensors of T.
template <class T>
void RunTile(const FramesProblem& problem, TileJob job, int32_t halo, Side side, T wrong,
             const std::vector<T>& true_input, const std::vector<T>& output, std::mt19937* random) {
  const Picture& small = problem.small;
  const std::vector<T> expected =
      Crop(true_input, ChannelsOf(problem.kind), small.width, small.height, job.source, 1);
  GuardedBuffer<T> network_input(expected.size(), side);
  const GuardedBuffer<T> network_output(TileOutput(output, problem, job.source, halo, wrong), side);
  GuardedBuffer<char> scratch(embedding::ScratchBytes(small.format, problem.kind, problem.scale,
                                                      job.source.width, job.source.height),
                              side);
  job.network_input = network_input.data();
  job.network_output = network_output.data();
  job.scratch = scratch.data();
  RunItems(embedding::ReadItems(job), random, [&](int i) { embedding::ReadItem(job, i); });
  EXPECT_EQ(std::memcmp(expected.data(), network_input.data(), expected.size() * sizeof(T)), 0)
      << "the network's input differs";
  RunItems(embedding::WriteItems(job), random, [&](int i) { embedding::WriteItem(job, i); });
}

}  // namespace

Tensor RandomOutput(NetworkKind kind, int64_t width, int64_t height, uint32_t seed) {
  std::mt19937 random(seed);
  const Channels channels = ChannelsOf(kind);
  const auto count = static_cast<size_t>(width * height * channels.planes * channels.values);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float rare[] = {std::numeric_limits<float>::quiet_NaN(),
                        kInfinity,
                        -kInfinity,
                        3e38F,
                        -3e38F,
                        -0.0F,
                        1e-45F,
                        0.5F / 255.0F};
  std::uniform_real_distribution<float> unit(-0.1F, 1.1F);
  std::uniform_int_distribution<int> byte(0, 255);
  Tensor tensor;
  if (kind == NetworkKind::kPicture) {
    for (size_t i = 0; i < count; ++i) tensor.bytes.push_back(static_cast<uint8_t>(byte(random)));
    return tensor;
  }
  for (size_t i = 0; i < count; ++i) {
    const int draw = byte(random);
    tensor.floats.push_back(draw < 8 ? rare[draw] : unit(random));
  }
  return tensor;
}

FramesProblem::FramesProblem(int32_t format, NetworkKind of_kind, int of_scale, int32_t width,
                             int32_t height, uint32_t seed)
    : small(RandomPicture(format, width, height, seed)),
      empty{format, width * of_scale, height * of_scale, {}},
      kind(of_kind),
      scale(of_scale),
      true_input(ReferenceInput(small, kind)),
      output(RandomOutput(kind, empty.width, empty.height, seed)),
      true_large(ReferenceOutput(small, kind, scale, output)) {}

void FramesProblem::Check(int32_t tile, int32_t halo, Side side, int64_t gap) const {
  const GuardedFrame input(small, side, gap);
  const GuardedFrame large(empty, side, 2 * gap);
  ASSERT_EQ(embedding::CheckFrames(&input.frame(), &large.frame(), scale), "");
  std::mt19937 random(static_cast<uint32_t>(tile));
  const int32_t margin = embedding::Margin(small.format, kind, halo);
  for (int32_t top = 0; top < small.height; top += tile) {
    for (int32_t left = 0; left < small.width; left += tile) {
      const Region inside{left, top, std::min(tile, small.width - left),
                          std::min(tile, small.height - top)};
      const TileJob job{&input.frame(),
                        &large.frame(),
                        kind,
                        scale,
                        Grown(inside, margin, small.width, small.height),
                        inside,
                        nullptr,
                        nullptr,
                        nullptr};
      if (kind == NetworkKind::kPicture) {
        RunTile<uint8_t>(*this, job, halo, side, 0x55, true_input.bytes, output.bytes, &random);
      } else {
        RunTile<float>(*this, job, halo, side, 0.3F, true_input.floats, output.floats, &random);
      }
    }
  }
  const Picture written = large.Contents();
  for (int p = 0; p < 3; ++p) {
    EXPECT_EQ(written.planes[p], true_large.planes[p]) << "plane " << p << " differs";
  }
  EXPECT_TRUE(large.GapsAreUntouched());
}

}  // namespace addersr::test
