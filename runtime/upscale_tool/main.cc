// addersr-upscale: pictures and piped video through the embedding library.
#include <cstdio>
#include <exception>
#include <new>

#include "enlarge.h"
#include "failure.h"
#include "interruption.h"
#include "reporter.h"
#include "settings.h"

namespace {

constexpr int kFailed = 1;
constexpr int kInterrupted = 130;

int Fail(const char* sentence) {
  std::fprintf(stderr, "error: %s\n", sentence);
  return kFailed;
}

int Run(const addersr::tool::Settings& settings) {
  addersr::tool::WatchSignals();
  const addersr::Engine engine(settings.model, settings.engine);
  const addersr::tool::Cancellable cancellable(engine);
  addersr::tool::Reporter reporter(settings);
  reporter.Finish(addersr::tool::Enlarge(settings, engine, &reporter), engine);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    int status = 0;
    const auto settings = addersr::tool::ParseSettings(argc, argv, &status);
    return settings ? Run(*settings) : status;
  } catch (const addersr::tool::Interrupted&) {
  } catch (const addersr::Error& error) {
    if (error.status() != ADDERSR_CANCELLED) return Fail(error.what());
  } catch (const std::bad_alloc&) {
    return Fail("There is not enough memory for frames of this size.");
  } catch (const std::exception& error) {
    return Fail(error.what());
  }
  std::fputs("Interrupted.\n", stderr);
  return kInterrupted;
}
