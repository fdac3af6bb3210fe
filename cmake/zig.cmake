# Portable builds with zig's C++ compiler, which brings the C libraries of old systems with it:
#   cmake --toolchain cmake/zig.cmake -DADDERSR_ZIG=zig -DADDERSR_ZIG_TARGET=x86_64-linux-gnu.2.17 ...
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ADDERSR_ZIG ADDERSR_ZIG_TARGET)
set(CMAKE_SYSTEM_NAME Linux)
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "${ADDERSR_ZIG_TARGET}")
set(CMAKE_C_COMPILER ${ADDERSR_ZIG} cc -target ${ADDERSR_ZIG_TARGET})
set(CMAKE_CXX_COMPILER ${ADDERSR_ZIG} c++ -target ${ADDERSR_ZIG_TARGET})
# The machine's own ar may not know the other processor's objects.
set(CMAKE_CXX_ARCHIVE_CREATE "${ADDERSR_ZIG} ar qc <TARGET> <LINK_FLAGS> <OBJECTS>")
set(CMAKE_CXX_ARCHIVE_FINISH "${ADDERSR_ZIG} ranlib <TARGET>")
# Nothing of this machine belongs into such a build.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# For Android no more than a check that everything compiles: zig has no bionic, so musl's headers stand
# in for its own, and nothing can be linked. docs/android.md says how real builds are made.
if(ADDERSR_ZIG_TARGET MATCHES "-android")
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
  get_filename_component(headers ${ADDERSR_ZIG} DIRECTORY)
  string(APPEND headers /lib/libc/include)
  string(JOIN " -isystem ${headers}/" CMAKE_CXX_FLAGS_INIT
    "-D_LIBCPP_PROVIDES_DEFAULT_RUNE_TABLE" ${CMAKE_SYSTEM_PROCESSOR}-linux-musl generic-musl
    ${CMAKE_SYSTEM_PROCESSOR}-linux-any any-linux-any)
endif()
