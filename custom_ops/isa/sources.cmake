# Adds the kernels of one instruction set to a target, with the compiler flags of that instruction set
# alone: addersr_isa_source(addersr_kernels avx2 avx2.cc). Does nothing on another processor.
function(addersr_isa_source target isa file)
  set(x86 avx512 avx2 sse41)
  set(arm neon_dotprod neon)
  set(flags_avx512 -mavx512f -mavx512bw -mavx512vl -mfma)
  set(flags_avx2 -mavx2 -mfma)
  set(flags_sse41 -msse4.1)
  set(flags_neon_dotprod -march=armv8.2-a+dotprod)
  if(ADDERSR_ZIG)  # which takes -march for the name of a CPU
    set(flags_neon_dotprod -mcpu=generic+v8_2a+dotprod)
  endif()
  set(flags_neon)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 takes the "undefined" operand inside its own AVX-512 intrinsics for a mistake (bug 105593).
    list(APPEND flags_avx512 -Wno-uninitialized -Wno-maybe-uninitialized)
    # Scheduling before register allocation loads a whole tile's pixels at once, and accumulators
    # spill into the stack inside the loop. Afterwards there are registers left to schedule with.
    list(APPEND flags_neon_dotprod -fno-schedule-insns -frename-registers)
    list(APPEND flags_neon -fno-schedule-insns -frename-registers)
  endif()

  if(isa IN_LIST x86)
    set(here "x86_64|AMD64")
  elseif(isa IN_LIST arm)
    set(here "aarch64|arm64")
  else()
    message(FATAL_ERROR "custom_ops/isa/sources.cmake knows no flags for the instruction set ${isa}.")
  endif()
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "${here}")
    target_sources(${target} PRIVATE ${file})
    set_source_files_properties(${file} PROPERTIES COMPILE_OPTIONS "${flags_${isa}}")
  endif()
endfunction()
