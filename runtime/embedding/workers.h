// The threads on which an engine converts frames while the network does not run.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace addersr::embedding {

// Several threads may give work at the same time; each works along, and waits for its own.
class Workers {
 public:
  // `threads` in all, the caller's included. Throws std::system_error.
  explicit Workers(int threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Calls run(item) for the items [0, count), in any order and on any threads, and returns when all
  // are done. `run` must not throw. Allocates nothing.
  template <typename RunItem>
  void Run(int count, const RunItem& run) {
    Batch batch;
    batch.run = [](const void* data, int item) { (*static_cast<const RunItem*>(data))(item); };
    batch.data = &run;
    batch.count = count;
    Do(&batch);
  }

 private:
  struct Batch {
    void (*run)(const void* data, int item);
    const void* data;
    int count;
    std::atomic<int> next{0};
    int helpers = 0;  // workers inside; like `following` under the lock
    Batch* following = nullptr;
  };

  static void Work(Batch* batch);
  void Do(Batch* batch);
  Batch* Open();
  void Loop();
  void Stop();

  std::mutex mutex_;
  std::condition_variable work_, done_;
  Batch* batches_ = nullptr;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace addersr::embedding
