// NEON, for every 64-bit Arm CPU. uint8: UABD takes 16 differences and UADALP adds them in pairs,
// each pair two channels of one output. int16: SABA takes and adds 8 differences in one
// instruction.
#include "custom_ops/isa/neon_lanes.h"
#include "custom_ops/qlinear_adder_conv/tile.h"

namespace addersr::qlinear_adder_conv {
namespace {

// 12 accumulators, 2 of the filter, the input and temporaries of 32 registers: cores that run in
// order need some to have several differences on their way.
struct Uint8 : isa::NeonLanes<uint8_t> {
  using Vector = uint8x16_t;
  using Accumulator = uint16x8_t;
  static constexpr bool kMaxForm = false;
  static constexpr int kSlots[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7};
  static Vector Load(const Data* from) { return vld1q_u8(from); }
  static constexpr int kChannels = 2, kUnit = 2, kAccumulators = 1, kPixels = 6, kGroups = 2;
  static constexpr int kAccumulator = 65535 / 2;  // a step adds two values
  static constexpr int kBits = 8;
  static Accumulator Zero() { return vdupq_n_u16(0); }
  static Vector Broadcast(const Data* from) {
    uint16_t channels;
    std::memcpy(&channels, from, sizeof(channels));
    return vreinterpretq_u8_u16(vdupq_n_u16(channels));
  }
  static Accumulator Accumulate(Accumulator acc, Vector x, Vector w) {
    return vpadalq_u8(acc, vabdq_u8(x, w));
  }
  static Int Total(const Accumulator* acc) {
    return {vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(*acc))),
            vreinterpretq_s32_u32(vmovl_u16(vget_high_u16(*acc)))};
  }
};

// Up to 6 bits four differences fit into 8 bits: UABA takes and adds 16 of them in one instruction,
// and only every fourth needs UADALP. 5 instructions for 64 differences instead of 8.
struct Uint6 : Uint8 {
  struct Vector {
    uint8x16_t part[4];
  };
  static constexpr int kChannels = 8, kUnit = 2, kPixels = 4, kGroups = 2;
  static constexpr int kAccumulator = 65535 / 8;  // a step adds eight values
  static constexpr int kBits = 6;
  static Vector Load(const Data* from, int64_t step) {
    return {{vld1q_u8(from), vld1q_u8(from + step), vld1q_u8(from + 2 * step),
             vld1q_u8(from + 3 * step)}};
  }
  static Vector Broadcast(const Data* from) {
    return {{Uint8::Broadcast(from), Uint8::Broadcast(from + 2), Uint8::Broadcast(from + 4),
             Uint8::Broadcast(from + 6)}};
  }
  static Accumulator Accumulate(Accumulator acc, const Vector& x, const Vector& w) {
    uint8x16_t sums = vabdq_u8(x.part[0], w.part[0]);
    sums = vabaq_u8(sums, x.part[1], w.part[1]);
    sums = vabaq_u8(sums, x.part[2], w.part[2]);
    sums = vabaq_u8(sums, x.part[3], w.part[3]);
    return vpadalq_u8(acc, sums);
  }
};

// 24 accumulators of 4 outputs and 2 channels, 4 of the filter, and the input.
struct Int16 : isa::NeonLanes<int16_t> {
  using Vector = int16x8_t;
  using Accumulator = int16x8_t;
  static constexpr bool kMaxForm = false;
  static constexpr int kSlots[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7};
  static constexpr int kChannels = 2, kUnit = 2, kAccumulators = 2, kPixels = 6, kGroups = 2;
  static constexpr int kAccumulator = 65535;  // read as unsigned at the end
  static constexpr int kBits = 16;
  static Accumulator Zero() { return vdupq_n_s16(0); }
  static Vector Load(const Data* from) { return vld1q_s16(from); }
  static Vector Broadcast(const Data* from) {
    int32_t channels;
    std::memcpy(&channels, from, sizeof(channels));
    return vreinterpretq_s16_s32(vdupq_n_s32(channels));
  }
  static Accumulator Accumulate(Accumulator acc, Vector x, Vector w) {
    return vabaq_s16(acc, x, w);
  }
  static Int Total(const Accumulator* acc) {
    return {vreinterpretq_s32_u32(vpaddlq_u16(vreinterpretq_u16_s16(acc[0]))),
            vreinterpretq_s32_u32(vpaddlq_u16(vreinterpretq_u16_s16(acc[1])))};
  }
};

}  // namespace

ADDERSR_DEFINE_QLINEAR_KERNEL(neon, neon_uint6, Uint6);
ADDERSR_DEFINE_QLINEAR_KERNEL(neon, neon_uint8, Uint8);
ADDERSR_DEFINE_QLINEAR_KERNEL(neon, neon_int16, Int16);

}  // namespace addersr::qlinear_adder_conv
