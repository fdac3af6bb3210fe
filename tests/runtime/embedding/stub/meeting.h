// Lets threads wait for each other.
#pragma once

#include <condition_variable>
#include <mutex>

namespace addersr::test {

class Meeting {
 public:
  explicit Meeting(int threads) : missing_(threads) {}

  // Returns when so many threads have come; at once for those that come later.
  void Arrive() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (missing_ > 0 && --missing_ == 0) all_.notify_all();
    all_.wait(lock, [this] { return missing_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  int missing_;
};

}  // namespace addersr::test
