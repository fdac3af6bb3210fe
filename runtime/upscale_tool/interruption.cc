#include "interruption.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>

#include "failure.h"

namespace addersr::tool {
namespace {

constexpr int kShellsStatus = 130;  // what a shell expects after Ctrl-C

// Without destructors: the watching thread lives until the process ends.
std::atomic<bool> interrupted{false};
std::mutex* const engine_mutex = new std::mutex;
const Engine* engine_to_cancel = nullptr;
int wake[2] = {-1, -1};

void Watch(sigset_t signals) {
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (interrupted.exchange(true)) _exit(kShellsStatus);
    close(wake[1]);  // poll sees the end of the pipe from now on
    const std::lock_guard<std::mutex> lock(*engine_mutex);
    if (engine_to_cancel != nullptr) engine_to_cancel->Cancel();
  }
}

}  // namespace

void WatchSignals() {
  if (pipe2(wake, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before{};
    sigaction(one, nullptr, &before);
    // A background job of a script, or nohup, does not want to hear of it.
    if (before.sa_handler != SIG_IGN) sigaddset(&signals, one);
  }
  // All threads that begin later inherit this, so that only the watching one gets them.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread(Watch, signals).detach();
}

bool WasInterrupted() { return interrupted; }

void CheckInterrupted() {
  if (interrupted) throw Interrupted{};
}

int InterruptionDescriptor() { return wake[0]; }

Cancellable::Cancellable(const Engine& engine) {
  const std::lock_guard<std::mutex> lock(*engine_mutex);
  engine_to_cancel = &engine;
}

Cancellable::~Cancellable() {
  const std::lock_guard<std::mutex> lock(*engine_mutex);
  engine_to_cancel = nullptr;
}

}  // namespace addersr::tool
