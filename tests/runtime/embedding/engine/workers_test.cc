#include "runtime/embedding/workers.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace addersr::embedding {
namespace {

TEST(Workers, RunEveryItemOnce) {
  for (const int threads : {1, 2, 5}) {
    Workers workers(threads);
    for (int count = 0; count < 40; ++count) {
      std::vector<std::atomic<int>> ran(static_cast<size_t>(count));
      workers.Run(count, [&](int item) { ++ran[static_cast<size_t>(item)]; });
      for (const std::atomic<int>& times : ran) ASSERT_EQ(times, 1);
    }
  }
}

TEST(Workers, ServeSeveralThreadsAtOnce) {
  Workers workers(3);
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        // What was given must be done when Run returns, and be seen.
        std::vector<int> ran(17, 0);
        workers.Run(17, [&](int item) { ++ran[static_cast<size_t>(item)]; });
        wrong += ran != std::vector<int>(17, 1);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Workers, UseOtherThreads) {
  Workers workers(2);
  // Each of two items waits for the other: one thread would wait for ever.
  std::atomic<int> inside{0};
  workers.Run(2, [&](int) {
    ++inside;
    while (inside < 2) std::this_thread::yield();
  });
  EXPECT_EQ(inside, 2);
}

}  // namespace
}  // namespace addersr::embedding
