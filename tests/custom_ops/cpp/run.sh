#!/usr/bin/env bash
# Builds and runs the kernels' contract tests, and those of the embedding library (tests/runtime/
# embedding): run.sh native | sanitize | arm
#
#   native    every kernel that this CPU has; the embedding library under ThreadSanitizer, too
#   sanitize  the same under AddressSanitizer and UndefinedBehaviorSanitizer
#   arm       cross-built for 64-bit Arm, under qemu as three CPUs: without dotprod, with it, and
#             with all that qemu knows; also builds what tests/custom_ops/test_aarch64.py runs
#
# Where a tool is missing it says so and ends well. CMAKE is the cmake to use; ADDERSR_BUILD_ONLY=1
# builds and runs nothing.
set -euo pipefail
cd "$(dirname "$0")/../../.."
kind=${1:?which: native, sanitize or arm}
cmake=${CMAKE:-cmake}
build=build/cpp/$kind

skip_without() {  # what is missing, the Debian package that has it
  echo "== Skipped the kernels' C++ tests ($kind): no $1; on Debian: apt-get install $2"
  exit 0
}
googletest=${ADDERSR_GOOGLETEST:-/usr/src/googletest/googletest}
[ -f "$googletest/src/gtest-all.cc" ] || skip_without "$googletest" libgtest-dev

options=(-DADDERSR_TESTS=ON "-DADDERSR_GOOGLETEST=$googletest")
case $kind in
  native) command -v "${CXX:-g++}" >/dev/null || skip_without "C++ compiler" g++ ;;
  sanitize)
    command -v "${CXX:-g++}" >/dev/null || skip_without "C++ compiler" g++
    echo 'int main() {}' | "${CXX:-g++}" -x c++ -fsanitize=address,undefined -o /dev/null - \
      2>/dev/null || skip_without "sanitizers in the C++ compiler" g++
    options+=(-DADDERSR_SANITIZE=ON)
    ;;
  arm)
    command -v aarch64-linux-gnu-g++ >/dev/null || skip_without "cross compiler" g++-aarch64-linux-gnu
    command -v qemu-aarch64 >/dev/null || skip_without qemu-aarch64 qemu-user
    options+=(--toolchain cmake/aarch64-linux-gnu.cmake)
    ;;
  *) echo "Expected native, sanitize or arm, got $kind" >&2 && exit 2 ;;
esac

echo "== The kernels' C++ tests ($kind)"
"$cmake" -S . -B "$build" "${options[@]}" >/dev/null
tests=(custom_ops/cpp/addersr_tests runtime/embedding/frames/addersr_frames_tests
  runtime/embedding/engine/addersr_engine_tests)
[ "$kind" = arm ] || tests+=(runtime/embedding/stub/addersr_stub_tests)
[ "$kind" != native ] || tests+=(runtime/embedding/stub/addersr_races_tests)
targets=("${tests[@]##*/}")
[ "$kind" != arm ] || targets+=(addersr_ops addersr_model_runner)
"$cmake" --build "$build" --parallel "$(nproc)" --target "${targets[@]}" >"$build/log" 2>&1 || {
  cat "$build/log"
  exit 1
}

[ -z "${ADDERSR_BUILD_ONLY:-}" ] || exit 0

ulimit -c 0  # the death tests would leave core files
if [ "$kind" != arm ]; then
  # What the dispatcher must find, by the kernel's word.
  flags=" $(grep -m 1 -E '^(flags|Features)' /proc/cpuinfo | cut -d : -f 2) "
  isas=portable
  [[ $(uname -m) != aarch64 ]] || isas="neon $isas"
  [[ $flags != *" asimddp "* ]] || isas="neon_dotprod $isas"
  [[ $flags != *" sse4_1 "* ]] || isas="sse41 $isas"
  [[ $flags != *" avx2 "* || $flags != *" fma "* ]] || isas="avx2 $isas"
  [[ $flags != *" avx512f "* ]] || isas="avx512 $isas"
  # The sanitizers of g++ 12 do not bear the address randomisation of newer kernels.
  fixed=()
  if setarch -R true 2>/dev/null; then fixed=(setarch -R); fi
  # The embedding library's tests run models where Python beside cmake has onnxruntime.
  python=$(dirname "$(command -v "$cmake")")/python
  if [ -z "${ADDERSR_ONNXRUNTIME:-}" ] && found=$("$python" - 2>/dev/null <<'END'
import importlib.util, pathlib
package = pathlib.Path(importlib.util.find_spec("onnxruntime").origin).parent
print(*package.glob("capi/libonnxruntime.so*"))
END
  ); then
    [ -z "$found" ] || export ADDERSR_ONNXRUNTIME=$found
  fi
  for test in "${tests[@]}"; do
    # What asks for more memory than there is gets none, as without AddressSanitizer.
    ASAN_OPTIONS=allocator_may_return_null=1 ADDERSR_EXPECTED_ISAS=$isas \
      "${fixed[@]}" "$build/tests/$test" --gtest_brief=1
  done
  exit
fi
for cpu in cortex-a53 cortex-a76 max; do
  isas="neon portable"
  [ "$cpu" = cortex-a53 ] || isas="neon_dotprod $isas"
  echo "-- $cpu"
  # Emulation is slow, so fewer random cases. The warning is about threads; there are none.
  for test in "${tests[@]}"; do
    # What is the same code on all of them runs once.
    [[ $cpu = max || $test = custom_ops/* ]] || continue
    ADDERSR_EXPECTED_ISAS=$isas ADDERSR_RANDOM_CASES=${ADDERSR_RANDOM_CASES:-100} \
      qemu-aarch64 -cpu "$cpu" -L /usr/aarch64-linux-gnu "$build/tests/$test" --gtest_brief=1 2>&1 |
      sed -e '/Death tests use fork()/d' -e '/^$/d'
  done
done
