// Runs the independent work items of one call on the runtime's threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "custom_ops/onnxruntime/abi.h"
#include "custom_ops/onnxruntime/scratch.h"
#include "custom_ops/onnxruntime/status.h"

namespace addersr::ort {

// Calls run(item, scratch) for the items [0, count), each with `scratch_bytes` of memory of its
// thread's own. `run` must not throw.
template <typename Run>
void RunItems(const Api& api, OrtKernelContext* context, int64_t count, size_t scratch_bytes,
              const Run& run) {
  struct Call {
    const Run& run;
    size_t scratch_bytes;
    std::atomic<bool> out_of_memory{false};
  } call{run, scratch_bytes};
  const auto one = [](void* data, size_t item) noexcept {
    thread_local Scratch thread_scratch;
    Call& shared = *static_cast<Call*>(data);
    void* scratch = thread_scratch.Get(shared.scratch_bytes);
    if (scratch == nullptr) {
      shared.out_of_memory = true;
      return;
    }
    shared.run(static_cast<int64_t>(item), scratch);
  };
  Check(api, api.KernelContext_ParallelFor(context, one, static_cast<size_t>(count), 0, &call));
  if (call.out_of_memory) {
    throw Failure("It ran out of memory: it needs " + std::to_string(scratch_bytes) +
                      " bytes of scratch memory per thread. Use fewer threads or smaller tiles.",
                  ORT_FAIL);
  }
}

}  // namespace addersr::ort
