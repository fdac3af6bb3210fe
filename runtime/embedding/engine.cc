#include "runtime/embedding/engine.h"

#include <algorithm>
#include <map>
#include <thread>

#include "custom_ops/onnxruntime/kernels.h"
#include "runtime/embedding/error.h"

namespace addersr::embedding {
namespace {

constexpr int kMostThreads = 1024;
constexpr int32_t kMostTile = 1 << 14;

int CheckThreads(int32_t threads) {
  if (threads < 0 || threads > kMostThreads) {
    throw Error(ADDERSR_INVALID_ARGUMENT, "Expected threads to be 0 (all cores) to " +
                                              std::to_string(kMostThreads) + ", got " +
                                              std::to_string(threads) + ".");
  }
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return threads > 0 ? threads : std::clamp(cores, 1, kMostThreads);
}

int32_t CheckTile(int32_t tile) {
  if (tile < 0 || tile > kMostTile) {
    throw Error(ADDERSR_INVALID_ARGUMENT, "Expected tile to be 0 (the library chooses) to " +
                                              std::to_string(kMostTile) + " pixels, got " +
                                              std::to_string(tile) + ".");
  }
  return tile;
}

const Runtime& FindRuntimeForOps(const char* path) {
  // A forced instruction set that does not exist: say so before onnxruntime wraps it.
  const std::string problem = ort::ForcedError();
  if (!problem.empty()) throw Error(ADDERSR_INVALID_ARGUMENT, problem);
  return FindRuntime(path);
}

using Calls = std::map<std::string, uint64_t>;

Calls KernelCalls() {
  Calls calls;
  for (const ort::KernelInfo& kernel : ort::AllKernels()) calls[kernel.name] = kernel.calls;
  return calls;
}

// The adder kernel that ran most often since `before`; where only others ran (those of convolutions
// in integers, of the borders of a network), the one of them that did. The counters are those of
// the process: other engines that run meanwhile count too.
std::string LeadingKernel(const Calls& before) {
  const auto is_adder = [](const std::string& name) {
    for (const char* other : {"_conv_", "_quantization", "_image"}) {
      if (name.find(other) != std::string::npos) return false;
    }
    return true;
  };
  std::string leading;
  uint64_t most = 0;
  for (const auto& [name, calls] : KernelCalls()) {
    const auto old = before.find(name);
    const uint64_t ran = calls - (old == before.end() ? 0 : old->second);
    if (ran == 0) continue;
    const bool better = leading.empty() || is_adder(name) > is_adder(leading) ||
                        (is_adder(name) == is_adder(leading) && ran > most);
    if (!better) continue;
    leading = name;
    most = ran;
  }
  return leading;
}

}  // namespace

// A workspace of the engine's, for the time of a call.
class Engine::Lease {
 public:
  explicit Lease(Engine* engine) : engine_(engine) {
    const std::lock_guard<std::mutex> lock(engine_->mutex_);
    auto& busy = engine_->busy_;
    auto& idle = engine_->idle_;
    std::unique_ptr<Workspace> workspace;
    if (idle.empty()) {
      workspace = std::make_unique<Workspace>(engine_->session_);
      // So that nothing can fail when it is given back.
      idle.reserve(busy.size() + 1);
    } else {
      workspace = std::move(idle.back());
      idle.pop_back();
    }
    workspace->Begin();
    workspace_ = workspace.get();
    busy.push_back(std::move(workspace));
  }

  ~Lease() {
    const std::lock_guard<std::mutex> lock(engine_->mutex_);
    auto& busy = engine_->busy_;
    const auto ours = std::find_if(busy.begin(), busy.end(),
                                   [&](const auto& one) { return one.get() == workspace_; });
    engine_->idle_.push_back(std::move(*ours));
    busy.erase(ours);
  }

  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Workspace* get() const { return workspace_; }

 private:
  Engine* engine_;
  Workspace* workspace_;
};

Engine::Engine(const void* model, size_t bytes, const std::string& name,
               const addersr_options& options)
    : info_(CheckModelInfo(ReadModelFile(model, bytes, name), name)),
      tile_(CheckTile(options.tile)),
      memory_limit_(options.memory_limit),
      threads_(CheckThreads(options.threads)),
      runtime_(FindRuntimeForOps(options.runtime_library)),
      session_(runtime_, model, bytes, info_, threads_, name),
      workers_(threads_) {
  RunOnce();
}

// Proves that the model does what its metadata says, and shows which kernel it runs on.
void Engine::RunOnce() {
  constexpr int32_t kSide = 8;
  const Lease lease(this);
  lease.get()->Reserve(kSide, kSide, 0);
  const Calls before = KernelCalls();
  try {
    lease.get()->Probe(kSide, kSide);
  } catch (const Error& error) {
    throw Error(error.status() == ADDERSR_FAILED ? ADDERSR_BAD_MODEL : error.status(),
                error.what());
  }
  if (info_.uses_adder_ops) kernel_ = LeadingKernel(before);
}

Grid Engine::Plan(int32_t format, int32_t width, int32_t height) const {
  return PlanTiles(info_, format, width, height, tile_, memory_limit_);
}

void Engine::Upscale(const addersr_frame& input, const addersr_frame& output,
                     const addersr_call& call) {
  const std::string problem = CheckFrames(&input, &output, info_.scale);
  if (!problem.empty()) throw Error(ADDERSR_INVALID_ARGUMENT, problem);
  const Grid grid = Plan(input.format, input.width, input.height);
  const Lease lease(this);
  RunTiles(grid, input, output, call, lease.get());
}

void Engine::RunTiles(const Grid& grid, const addersr_frame& input, const addersr_frame& output,
                      const addersr_call& call, Workspace* workspace) {
  workspace->Reserve(grid.source_width(), grid.source_height(),
                     ScratchBytes(input.format, info_.network, info_.scale, grid.source_width(),
                                  grid.source_height()));
  const auto count = static_cast<int32_t>(grid.count());
  for (int32_t tile = 0; tile < count; ++tile) {
    workspace->CheckCancelled();
    const TileJob job{&input,
                      &output,
                      info_.network,
                      info_.scale,
                      grid.Source(tile),
                      grid.Inside(tile),
                      workspace->input(),
                      workspace->output(),
                      workspace->scratch()};
    workers_.Run(ReadItems(job), [&](int item) { ReadItem(job, item); });
    workspace->Run(job.source.width, job.source.height);
    workers_.Run(WriteItems(job), [&](int item) { WriteItem(job, item); });
    if (call.progress != nullptr && call.progress(call.user, tile + 1, count) != 0) {
      throw Error(ADDERSR_CANCELLED, "The call was cancelled by its progress function.");
    }
  }
}

void Engine::Cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& workspace : busy_) workspace->Cancel();
}

}  // namespace addersr::embedding
