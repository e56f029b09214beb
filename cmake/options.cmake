# Every option of the build.
option(PARE_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(PARE_BUILD_FUZZERS "Build the fuzz targets (needs clang)" OFF)
option(PARE_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" OFF)
set(PARE_SANITIZE "" CACHE STRING "Sanitizers, separated by commas: address, undefined, thread")
option(PARE_COVERAGE "Instrument for coverage" OFF)

if(PROJECT_IS_TOP_LEVEL)
  find_program(PARE_CCACHE ccache)
  if(PARE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${PARE_CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${PARE_CCACHE})
  endif()
endif()
