// Ctrl-C, SIGTERM and SIGHUP as a question that may be asked between two steps, instead of a blow.
#pragma once

#include <addersr.hpp>

namespace addersr::tool {

// Once, before any other thread begins. From now on SIGPIPE is ignored (writing fails instead), and
// the first signal sets what Check looks at and cancels the engine; a second one ends the process.
void WatchSignals();

// Throws Interrupted after a signal.
void CheckInterrupted();
bool WasInterrupted();

// A file descriptor that becomes readable with the first signal, for poll.
int InterruptionDescriptor();

// The engine to cancel, for as long as this object lives.
class Cancellable {
 public:
  explicit Cancellable(const Engine& engine);
  ~Cancellable();
  Cancellable(const Cancellable&) = delete;
  Cancellable& operator=(const Cancellable&) = delete;
};

}  // namespace addersr::tool
