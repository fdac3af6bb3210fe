#!/usr/bin/env bash
# Builds the fuzzers and runs each for FUZZ_SECONDS (60), both at once, from the corpus here; what they find
# that is new stays in build/fuzz. Ends badly, with the input in build/fuzz/NAME-…, when one finds a
# mistake. Where clang is missing it says so and ends well.
#
# CMAKE is the cmake to use. FUZZ_MERGE=1 takes what is new into the corpus, as few files as have the same
# coverage.
set -euo pipefail
cd "$(dirname "$0")/../../.."
cmake=${CMAKE:-cmake}
seconds=${FUZZ_SECONDS:-60}
build=build/fuzz

clang=
for candidate in clang++ clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14; do
  echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
    "$candidate" -x c++ -fsanitize=fuzzer,address,undefined -o /dev/null - 2>/dev/null || continue
  clang=$candidate
  break
done
if [ -z "$clang" ]; then
  echo "== Skipped the fuzzers: no clang with libFuzzer; on Debian: apt-get install clang-19"
  exit 0
fi

echo "== Fuzzing the embedding library for $seconds seconds"
"$cmake" -S . -B "$build" -DADDERSR_FUZZ=ON "-DCMAKE_CXX_COMPILER=$clang" >/dev/null
"$cmake" --build "$build" --parallel "$(nproc)" --target addersr_model_fuzzer addersr_frame_fuzzer \
  >"$build/log" 2>&1 || {
  cat "$build/log"
  exit 1
}

fuzz() {  # model or frame; options
  local name=$1
  mkdir -p "$build/new/$name"
  ASAN_OPTIONS=allocator_may_return_null=1 \
    "$build/runtime/embedding/fuzz/addersr_${name}_fuzzer" "-artifact_prefix=$build/$name-" \
    -timeout=10 -rss_limit_mb=2048 -max_len=4096 "${@:2}"
}
processes=()
for name in model frame; do
  fuzz "$name" "-max_total_time=$seconds" -print_final_stats=1 "$build/new/$name" \
    "runtime/embedding/fuzz/corpus/$name" >"$build/$name.log" 2>&1 &
  processes+=($!)
done
result=0
for process in "${processes[@]}"; do wait "$process" || result=1; done
for name in model frame; do
  if grep -q '^stat::number_of_executed_units' "$build/$name.log" && [ "$result" = 0 ]; then
    echo "-- $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log") inputs"
  else
    echo "-- $name"
    tail -n 60 "$build/$name.log"
  fi
done
if [ -n "${FUZZ_MERGE:-}" ]; then
  for name in model frame; do
    fuzz "$name" -set_cover_merge=1 -use_counters=0 "runtime/embedding/fuzz/corpus/$name" \
      "$build/new/$name" 2>&1 | tail -n 1
  done
fi
exit "$result"
