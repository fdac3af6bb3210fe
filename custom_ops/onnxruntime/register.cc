#include "custom_ops/onnxruntime/register.h"

#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

#include "custom_ops/onnxruntime/adder_conv_op.h"
#include "custom_ops/onnxruntime/fused_adder_conv_op.h"
#include "custom_ops/onnxruntime/image_ops.h"
#include "custom_ops/onnxruntime/op.h"
#include "custom_ops/onnxruntime/qlinear_adder_conv_op.h"
#include "custom_ops/onnxruntime/qlinear_fused_conv_op.h"
#include "custom_ops/onnxruntime/quantization_ops.h"
#include "custom_ops/onnxruntime/status.h"

namespace addersr::ort {
namespace {

constexpr char kDomain[] = "ai.addersr";
constexpr char kRegisteredKey[] = "addersr.custom_ops_registered";

// The ops of some kernel classes. They stay where they were made, since their nodes point to them.
template <class... Kernels>
struct Ops {
  std::tuple<Op<Kernels>...> all;

  explicit Ops(const Api& api) : all(static_cast<Argument<Kernels>>(api)...) {}

 private:
  template <class>
  using Argument = const Api&;
};

// Our ops for one runtime. Usually a process holds one runtime; a C++ application that loads its
// own beside Python's has two, whose tables differ.
struct Registration {
  const OrtApi* table;
  Api api;
  // An op of several types is several ops of one name.
  Ops<AdderConvKernel, FusedAdderConvKernel, QLinearAdderConvKernel<uint8_t>,
      QLinearAdderConvKernel<int16_t>, QLinearFusedConvKernel<uint8_t, uint8_t>,
      QLinearFusedConvKernel<uint8_t, int16_t>, QLinearFusedConvKernel<int16_t, uint8_t>,
      QLinearFusedConvKernel<int16_t, int16_t>, QuantizeChannelsLastKernel<uint8_t>,
      QuantizeChannelsLastKernel<int16_t>, DequantizeChannelsFirstKernel<uint8_t>,
      DequantizeChannelsFirstKernel<int16_t>, RequantizeChannelsLastKernel<uint8_t, uint8_t>,
      RequantizeChannelsLastKernel<uint8_t, int16_t>,
      RequantizeChannelsLastKernel<int16_t, uint8_t>,
      RequantizeChannelsLastKernel<int16_t, int16_t>, RgbToLumaKernel, LumaToRgbKernel>
      ops;
  OrtCustomOpDomain* domain = nullptr;

  explicit Registration(const OrtApi* runtime) : table(runtime), api(Bind(runtime)), ops(api) {
    Check(api, api.CreateCustomOpDomain(kDomain, &domain));
    std::apply([&](const auto&... op) { (Check(api, api.CustomOpDomain_Add(domain, &op)), ...); },
               ops.all);
  }
};

// Immortal: sessions keep pointers to the domain and its ops, and may outlive static destructors.
Registration& RegistrationOf(const OrtApi* table) {
  static auto& mutex = *new std::mutex;
  static auto& registrations = *new std::vector<std::unique_ptr<Registration>>;
  const std::lock_guard<std::mutex> lock(mutex);
  for (const auto& registration : registrations) {
    if (registration->table == table) return *registration;
  }
  registrations.push_back(std::make_unique<Registration>(table));
  return *registrations.back();
}

// onnxruntime refuses a domain that was added twice, in every session made from these options; a
// second registration is harmless instead.
void Register(const OrtApi* table, OrtSessionOptions* options) {
  const Registration& registration = RegistrationOf(table);
  const Api& api = registration.api;
  int registered = 0;
  Check(api, api.HasSessionConfigEntry(options, kRegisteredKey, &registered));
  if (registered != 0) return;
  Check(api, api.AddCustomOpDomain(options, registration.domain));
  Check(api, api.AddSessionConfigEntry(options, kRegisteredKey, "1"));
}

}  // namespace

OrtStatus* RegisterOps(OrtSessionOptions* options, const OrtApiBase* base) noexcept {
  const OrtApi* table = base->GetApi(kApiVersion);
  if (table == nullptr) {
    // Version 1 of the table exists everywhere, and is enough to say so.
    const Api oldest = Bind(base->GetApi(1));
    return Guard(oldest, [&] {
      throw Failure("The addersr op library needs onnxruntime 1.18 or newer, this is " +
                    std::string(base->GetVersionString()) + ". Upgrade onnxruntime.");
    });
  }
  return Guard(Bind(table), [&] { Register(table, options); });
}

}  // namespace addersr::ort
