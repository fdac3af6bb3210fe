# What the embedding library looks like from outside: properties of its targets for programs that link
# them, install rules, the CMake package AdderSR and addersr.pc. Nothing that is installed holds an
# absolute path, so that a prefix may be moved. Components: addersr_runtime (the shared library),
# addersr_development (all that is needed to compile against it, and the archive).
#
# In a Python wheel the same lies below addersr/runtime, without the archive and without what a wheel
# cannot hold: the link libaddersr.so, and so addersr.pc, which needs it.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  message(FATAL_ERROR "Expected CMAKE_INSTALL_LIBDIR and CMAKE_INSTALL_INCLUDEDIR to be relative to the "
    "prefix, which may be moved, got ${CMAKE_INSTALL_LIBDIR} and ${CMAKE_INSTALL_INCLUDEDIR}.")
endif()
if(SKBUILD)
  set(include_folder addersr/runtime/include)
  set(library_folder addersr/runtime/lib)
else()
  set(include_folder ${CMAKE_INSTALL_INCLUDEDIR})
  set(library_folder ${CMAKE_INSTALL_LIBDIR})
endif()
set(cmake_folder ${library_folder}/cmake/AdderSR)
set(embedding_folder ${CMAKE_CURRENT_LIST_DIR}/..)

# The number of the soname is ADDERSR_ABI_VERSION.
file(STRINGS ${embedding_folder}/include/addersr.h abi_line REGEX "^#define ADDERSR_ABI_VERSION ")
string(REGEX REPLACE "[^0-9]" "" abi_version "${abi_line}")

set_target_properties(addersr PROPERTIES SOVERSION ${abi_version})
target_include_directories(addersr INTERFACE $<INSTALL_INTERFACE:${include_folder}>)
target_include_directories(addersr_static INTERFACE $<INSTALL_INTERFACE:${include_folder}>)

if(NOT ADDERSR_INSTALL)
  return()
endif()

# The archive is built when it will be installed.
if(NOT SKBUILD)
  set_target_properties(addersr_static PROPERTIES EXCLUDE_FROM_ALL OFF)
endif()
# One file of targets for each kind of library: a package may hold either, or both.
set(namelink)
if(SKBUILD)
  set(namelink NAMELINK_SKIP)
endif()
install(TARGETS addersr EXPORT AdderSRShared
  LIBRARY DESTINATION ${library_folder} COMPONENT addersr_runtime
  NAMELINK_COMPONENT addersr_development ${namelink})
install(EXPORT AdderSRShared FILE AdderSR-shared.cmake NAMESPACE AdderSR::
  DESTINATION ${cmake_folder} COMPONENT addersr_development)
install(DIRECTORY ${embedding_folder}/include/ DESTINATION ${include_folder}
  COMPONENT addersr_development)

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/AdderSRConfig.cmake.in AdderSRConfig.cmake
  INSTALL_DESTINATION ${cmake_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(AdderSRConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/AdderSRConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/AdderSRConfigVersion.cmake
  DESTINATION ${cmake_folder} COMPONENT addersr_development)

if(NOT SKBUILD)
  install(TARGETS addersr_static EXPORT AdderSRStatic
    ARCHIVE DESTINATION ${library_folder} COMPONENT addersr_development)
  install(EXPORT AdderSRStatic FILE AdderSR-static.cmake NAMESPACE AdderSR::
    DESTINATION ${cmake_folder} COMPONENT addersr_development)

  set(pkgconfig_folder ${library_folder}/pkgconfig)
  file(RELATIVE_PATH pkgconfig_to_prefix /${pkgconfig_folder} /)
  string(REGEX REPLACE "/$" "" pkgconfig_to_prefix ${pkgconfig_to_prefix})
  configure_file(${CMAKE_CURRENT_LIST_DIR}/addersr.pc.in addersr.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/addersr.pc
    DESTINATION ${pkgconfig_folder} COMPONENT addersr_development)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
    DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/licenses/addersr COMPONENT addersr_runtime)
endif()
