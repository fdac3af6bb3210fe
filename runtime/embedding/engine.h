// A loaded model that enlarges frames: what an addersr_engine is.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/embedding/model_info.h"
#include "runtime/embedding/session.h"
#include "runtime/embedding/tiles.h"
#include "runtime/embedding/workers.h"

namespace addersr::embedding {

class Engine {
 public:
  // Loads the model and runs it once on a few pixels. `name` is what sentences call it. Throws
  // Error.
  Engine(const void* model, size_t bytes, const std::string& name, const addersr_options& options);

  const ModelInfo& info() const { return info_; }
  const std::string& runtime_version() const { return runtime_.version; }
  // The adder kernel that ran first; "" for none.
  const std::string& kernel() const { return kernel_; }

  // The tiles of a call on frames of this size. Throws Error.
  Grid Plan(int32_t format, int32_t width, int32_t height) const;

  // addersr_upscale; the frames are not null. Throws Error or std::bad_alloc.
  void Upscale(const addersr_frame& input, const addersr_frame& output, const addersr_call& call);
  // addersr_cancel.
  void Cancel();

 private:
  class Lease;

  void RunTiles(const Grid& grid, const addersr_frame& input, const addersr_frame& output,
                const addersr_call& call, Workspace* workspace);
  void RunOnce();

  ModelInfo info_;
  int32_t tile_;
  uint64_t memory_limit_;
  int threads_;
  const Runtime& runtime_;
  Session session_;
  Workers workers_;
  std::string kernel_;
  std::mutex mutex_;
  // Of calls that run, and of those that ended, for the next ones.
  std::vector<std::unique_ptr<Workspace>> busy_, idle_;
};

}  // namespace addersr::embedding
