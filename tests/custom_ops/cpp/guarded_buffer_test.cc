// The guard pages themselves: what lies inside can be used, one byte beyond kills.
#include "guarded_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace addersr::test {
namespace {

template <typename T>
void Touch(T* element) {
  volatile T* kept = element;
  *kept = T{1};
}

template <typename T>
class GuardedBufferTest : public testing::Test {};
using Types = testing::Types<float, uint8_t, int16_t, int32_t>;
TYPED_TEST_SUITE(GuardedBufferTest, Types);

TYPED_TEST(GuardedBufferTest, AllInsideCanBeUsed) {
  for (const Side side : kSides) {
    for (const size_t size : {size_t{1}, size_t{3}, size_t{4096}, size_t{5001}}) {
      GuardedBuffer<TypeParam> buffer(size, side);
      std::fill(buffer.begin(), buffer.end(), TypeParam{7});
      EXPECT_EQ(std::count(buffer.begin(), buffer.end(), TypeParam{7}), static_cast<long>(size));
    }
  }
}

TYPED_TEST(GuardedBufferTest, OneElementTooFarDies) {
  for (const size_t size : {size_t{0}, size_t{3}, size_t{5001}}) {
    GuardedBuffer<TypeParam> at_end(size, Side::kEnd);
    EXPECT_DEATH(Touch(at_end.data() + size), "");
    GuardedBuffer<TypeParam> at_begin(size, Side::kBegin);
    EXPECT_DEATH(Touch(at_begin.data() - 1), "");
  }
}

TEST(GuardedBufferTest, StartsAsNan) {
  const GuardedBuffer<float> buffer(3, Side::kEnd);
  for (const float value : buffer) EXPECT_NE(value, value);
}

}  // namespace
}  // namespace addersr::test
