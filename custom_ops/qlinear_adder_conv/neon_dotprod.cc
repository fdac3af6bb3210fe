// NEON with dot products (optional from Armv8.2 on). uint8: UABD takes 16 differences, and UDOT
// with ones adds four channels of each of four outputs, in 32 bits, so nothing has to be emptied.
#include "custom_ops/isa/neon_lanes.h"
#include "custom_ops/qlinear_adder_conv/tile.h"

namespace addersr::qlinear_adder_conv {
namespace {

// 24 accumulators, 4 of the filter, ones, the input and a difference: 31 of 32 registers.
struct Uint8 : isa::NeonLanes<uint8_t> {
  using Vector = uint8x16_t;
  using Accumulator = uint32x4_t;
  static constexpr bool kMaxForm = false;
  static constexpr int kSlots[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7};
  static Vector Load(const Data* from) { return vld1q_u8(from); }
  static constexpr int kChannels = 4, kUnit = 4, kAccumulators = 2, kPixels = 6, kGroups = 2;
  static constexpr int kAccumulator = 0;
  static constexpr int kBits = 8;
  static Accumulator Zero() { return vdupq_n_u32(0); }
  static Vector Broadcast(const Data* from) {
    uint32_t channels;
    std::memcpy(&channels, from, sizeof(channels));
    return vreinterpretq_u8_u32(vdupq_n_u32(channels));
  }
  static Accumulator Accumulate(Accumulator acc, Vector x, Vector w) {
    return vdotq_u32(acc, vabdq_u8(x, w), vdupq_n_u8(1));
  }
  static Int Total(const Accumulator* acc) {
    return {vreinterpretq_s32_u32(acc[0]), vreinterpretq_s32_u32(acc[1])};
  }
};

}  // namespace

ADDERSR_DEFINE_QLINEAR_KERNEL(neon_dotprod, neon_dotprod_uint8, Uint8);

}  // namespace addersr::qlinear_adder_conv
