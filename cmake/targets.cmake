# How targets of this project are declared.

# Compile settings that every target of ours shares.
add_library(pare_settings INTERFACE)
target_compile_features(pare_settings INTERFACE cxx_std_20)
target_include_directories(pare_settings INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
target_compile_options(pare_settings INTERFACE
  -Wall -Wextra -Wno-missing-field-initializers -Wno-unknown-pragmas
  # The same arithmetic everywhere: no contraction of a*b+c beyond what the source says.
  -ffp-contract=off
  # GCC 12 and 13 see overlapping copies in the standard library's string concatenation (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
  $<$<BOOL:${PARE_WARNINGS_AS_ERRORS}>:-Werror>
  $<$<BOOL:${PARE_COVERAGE}>:--coverage>)
target_link_options(pare_settings INTERFACE $<$<BOOL:${PARE_COVERAGE}>:--coverage>)
if(PARE_SANITIZE)
  target_compile_options(pare_settings INTERFACE -fsanitize=${PARE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(pare_settings INTERFACE -fsanitize=${PARE_SANITIZE})
endif()

# pare_library(NAME SOURCES... [LINK ...]): one folder of src/ as a static library `pare_NAME`, alias Pare::NAME.
function(pare_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(pare_${name} STATIC ${arg_SOURCES})
  add_library(Pare::${name} ALIAS pare_${name})
  target_link_libraries(pare_${name} PUBLIC pare_settings ${arg_LINK} PRIVATE ${arg_PRIVATE_LINK})
  set_target_properties(pare_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

# pare_test(NAME SOURCES... LINK ... [LABELS ...]): one test program `NAME_tests`; each test case is known to ctest.
function(pare_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT PARE_BUILD_TESTS)
    return()
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_executable(${name}_tests ${arg_SOURCES})
  target_link_libraries(${name}_tests PRIVATE ${arg_LINK} pare_testing GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name}_tests)
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 900)
endfunction()
