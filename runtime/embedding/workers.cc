#include "runtime/embedding/workers.h"

#include <pthread.h>
#include <signal.h>

namespace addersr::embedding {
namespace {

// Threads that begin in its scope get no signals: those are the application's.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    // Faults of a thread's own must reach whoever reports crashes.
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) {
      sigdelset(&all, fault);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

Workers::Workers(int threads) {
  const SignalsBlocked blocked;
  try {
    for (int i = 1; i < threads; ++i) threads_.emplace_back([this] { Loop(); });
  } catch (...) {
    Stop();
    throw;
  }
}

Workers::~Workers() { Stop(); }

void Workers::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::Work(Batch* batch) {
  for (;;) {
    const int item = batch->next.fetch_add(1, std::memory_order_relaxed);
    if (item >= batch->count) return;
    batch->run(batch->data, item);
  }
}

// A batch with items that nobody took yet. The caller holds the lock.
Workers::Batch* Workers::Open() {
  for (Batch* batch = batches_; batch != nullptr; batch = batch->following) {
    if (batch->next.load(std::memory_order_relaxed) < batch->count) return batch;
  }
  return nullptr;
}

void Workers::Loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    Batch* batch = nullptr;
    work_.wait(lock, [&] { return stopping_ || (batch = Open()) != nullptr; });
    if (stopping_) return;
    ++batch->helpers;
    lock.unlock();
    Work(batch);
    lock.lock();
    if (--batch->helpers == 0) done_.notify_all();
  }
}

void Workers::Do(Batch* batch) {
  if (threads_.empty() || batch->count < 2) {
    Work(batch);
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    batch->following = batches_;
    batches_ = batch;
  }
  work_.notify_all();
  Work(batch);
  std::unique_lock<std::mutex> lock(mutex_);
  Batch** link = &batches_;
  while (*link != batch) link = &(*link)->following;
  *link = batch->following;
  done_.wait(lock, [&] { return batch->helpers == 0; });
}

}  // namespace addersr::embedding
