# SPDX-License-Identifier: Apache-2.0
# Compiler options that every target of the project is built with (target secateur_options).
add_library(secateur_options INTERFACE)
target_compile_options(secateur_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                                                  -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Werror)
# g++ 12 sees uninitialised storage in Eigen matrices that are moved out of initializer lists.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(secateur_options INTERFACE -Wno-maybe-uninitialized)
endif()
# Contraction of a*b+c to one fused operation would make results depend on the instruction set; where it pays it is
# asked for by name (core/kernels). Error bounds in this project hold with and without it.
target_compile_options(secateur_options INTERFACE -ffp-contract=off)
if(SECATEUR_NATIVE)
  add_compile_options(-march=native)
endif()
if(SECATEUR_SANITIZE)
  string(REPLACE ";" "," sanitizers "${SECATEUR_SANITIZE}")
  add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${sanitizers})
  # The analysis that feeds this warning is unreliable under instrumentation.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(secateur_options INTERFACE -Wno-stringop-overflow)
  endif()
endif()
