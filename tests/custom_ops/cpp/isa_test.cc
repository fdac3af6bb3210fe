// Which instruction sets this CPU has, and what the dispatcher makes of them.
#include "custom_ops/isa/isa.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "adder_conv_harness.h"
#include "allocations.h"

namespace addersr::test {
namespace {

TEST(IsaTest, TheCpuHasWhatItsModelSays) {
  const char* expected = std::getenv("ADDERSR_EXPECTED_ISAS");
  if (expected == nullptr) GTEST_SKIP() << "ADDERSR_EXPECTED_ISAS does not say what to expect";
  std::string supported;
  for (const isa::Isa& one : isa::All()) {
    if (one.supported) supported += (supported.empty() ? "" : " ") + std::string(one.name);
  }
  EXPECT_EQ(supported, expected);
}

TEST(IsaTest, TheChosenKernelRunsHere) {
  std::string error;
  const adder_conv::Kernel* chosen = adder_conv::SelectKernel(&error);
  ASSERT_NE(chosen, nullptr) << error;
  EXPECT_TRUE(isa::Supported(chosen->isa));
}

TEST(AllocationsTest, AreCounted) {
  const uint64_t before = Allocations();
  const std::vector<int> values(static_cast<size_t>(RandomCaseCount()));
  struct alignas(128) Wide {
    char bytes[128];
  };
  const auto wide = std::make_unique<Wide>();
  EXPECT_EQ(Allocations(), before + 2) << values.size() << wide->bytes;
}

}  // namespace
}  // namespace addersr::test
