// The loop of a camera application: camera_loop model.onnx [frames] [frames a second]
//
// A camera does not wait. One thread captures and keeps only the newest frame; another enlarges
// whatever is newest when it is ready. A network that is too slow then drops frames, but never
// shows old ones: the latency stays below one interval of the camera plus one run of the network.
// Here the camera is synthetic, and instead of showing frames the loop counts them.
#include <addersr.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <iomanip>
#include <iostream>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWidth = 320, kHeight = 180;
constexpr addersr::Format kFormat = addersr::Format::kNv12;  // what most cameras give

struct Capture {
  addersr::Frame frame{kFormat, kWidth, kHeight};
  Clock::time_point time;
};

// The newest frame, and nothing else. Frames are exchanged, so nothing is allocated or copied.
class NewestFrame {
 public:
  // Counts what nobody took as dropped.
  void Put(Capture* capture) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      std::swap(newest_, *capture);
      if (fresh_) ++dropped_;
      fresh_ = true;
    }
    arrived_.notify_one();
  }

  // Waits for a frame that was not taken yet. False: the camera has ended.
  bool Take(Capture* capture) {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait(lock, [this] { return fresh_ || ended_; });
    if (!fresh_) return false;
    std::swap(newest_, *capture);
    fresh_ = false;
    return true;
  }

  void End() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
    }
    arrived_.notify_one();
  }

  int dropped() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return dropped_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  Capture newest_;
  bool fresh_ = false;
  bool ended_ = false;
  int dropped_ = 0;
};

// A bar that moves over a gray ramp.
void Draw(int number, addersr::Frame* frame) {
  uint8_t* luma = frame->data();
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const bool bar = (x - 4 * number % kWidth + kWidth) % kWidth < 16;
      *luma++ = static_cast<uint8_t>(bar ? 235 : 16 + x % 200);
    }
  }
  std::fill(luma, frame->data() + frame->bytes(), uint8_t{128});
}

void RunCamera(int frames_a_second, const std::atomic<bool>& stop, NewestFrame* newest) {
  const auto interval = std::chrono::microseconds(1'000'000 / frames_a_second);
  Capture capture;
  Clock::time_point next = Clock::now();
  for (int number = 0; !stop; ++number) {
    Draw(number, &capture.frame);
    capture.time = Clock::now();
    newest->Put(&capture);
    next += interval;
    std::this_thread::sleep_until(next);
  }
  newest->End();
}

void Loop(const addersr::Engine& engine, int frames, int frames_a_second) {
  const int scale = engine.scale();
  addersr::Frame large(kFormat, kWidth * scale, kHeight * scale);
  std::vector<double> latencies;  // milliseconds
  latencies.reserve(static_cast<size_t>(frames));
  NewestFrame newest;
  std::atomic<bool> stop{false};
  std::thread camera([&] { RunCamera(frames_a_second, stop, &newest); });
  std::exception_ptr failed;
  Capture capture;
  try {
    while (static_cast<int>(latencies.size()) < frames && newest.Take(&capture)) {
      engine.Upscale(capture.frame, large);
      // Here an application would show `large`.
      const std::chrono::duration<double, std::milli> latency = Clock::now() - capture.time;
      latencies.push_back(latency.count());
    }
  } catch (...) {
    failed = std::current_exception();
  }
  stop = true;
  camera.join();
  if (failed) std::rethrow_exception(failed);

  std::sort(latencies.begin(), latencies.end());
  const auto percentile = [&](size_t percent) {
    return latencies[(latencies.size() - 1) * percent / 100];
  };
  std::cout << latencies.size() << " shown, " << newest.dropped() << " dropped, latency "
            << std::fixed << std::setprecision(1) << percentile(50) << " ms (median), "
            << percentile(99) << " ms (99 %)\n";
}

}  // namespace

int main(int argc, char** argv) {
  const int frames = argc > 2 ? std::atoi(argv[2]) : 100;
  const int frames_a_second = argc > 3 ? std::atoi(argv[3]) : 30;
  if (argc < 2 || frames < 1 || frames_a_second < 1) {
    std::cerr << "usage: camera_loop model.onnx [frames] [frames a second]\n";
    return 1;
  }
  try {
    Loop(addersr::Engine(argv[1]), frames, frames_a_second);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
