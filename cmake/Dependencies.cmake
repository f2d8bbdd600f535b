# SPDX-License-Identifier: Apache-2.0
# The libraries of docs/dependencies.md, found once for the whole project.
set(SECATEUR_VENV "${PROJECT_SOURCE_DIR}/.venv" CACHE PATH "Virtual environment that holds highsbox, onnx and plotly")

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(Protobuf REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(EIGEN REQUIRED eigen3)

# Eigen as a system header: its own warnings are not ours to mend.
add_library(secateur_eigen INTERFACE)
target_include_directories(secateur_eigen SYSTEM INTERFACE ${EIGEN_INCLUDE_DIRS})

# CSV reader (libcsv, RFC 4180).
find_path(CSV_INCLUDE_DIR csv.h REQUIRED)
find_library(CSV_LIBRARY csv REQUIRED)
add_library(secateur_csv INTERFACE)
target_include_directories(secateur_csv SYSTEM INTERFACE ${CSV_INCLUDE_DIR})
target_link_libraries(secateur_csv INTERFACE ${CSV_LIBRARY})

# Local and global nonlinear optimisation without derivatives (NLopt): references for the flowsheets.
find_path(NLOPT_INCLUDE_DIR nlopt.hpp REQUIRED)
find_library(NLOPT_LIBRARY NAMES nlopt_cxx nlopt REQUIRED)
add_library(secateur_nlopt INTERFACE)
target_include_directories(secateur_nlopt SYSTEM INTERFACE ${NLOPT_INCLUDE_DIR})
target_link_libraries(secateur_nlopt INTERFACE ${NLOPT_LIBRARY})

# SQLite, the file format of a study's ledger.
find_path(SQLITE_INCLUDE_DIR sqlite3.h REQUIRED)
find_library(SQLITE_LIBRARY sqlite3 REQUIRED)
add_library(secateur_sqlite INTERFACE)
target_include_directories(secateur_sqlite SYSTEM INTERFACE ${SQLITE_INCLUDE_DIR})
target_link_libraries(secateur_sqlite INTERFACE ${SQLITE_LIBRARY})

file(GLOB SECATEUR_SITE_PACKAGES "${SECATEUR_VENV}/lib/python3*/site-packages")

# HiGHS through its C interface.
add_library(secateur_highs INTERFACE)
if(SECATEUR_SYSTEM_HIGHS)
  find_package(highs REQUIRED)
  target_link_libraries(secateur_highs INTERFACE highs::highs)
else()
  set(highs_dist "${SECATEUR_SITE_PACKAGES}/highsbox/highs_dist")
  find_path(HIGHS_INCLUDE_DIR interfaces/highs_c_api.h PATHS "${highs_dist}/include/highs" NO_DEFAULT_PATH)
  find_library(HIGHS_LIBRARY highs PATHS "${highs_dist}/lib" NO_DEFAULT_PATH)
  if(NOT HIGHS_INCLUDE_DIR OR NOT HIGHS_LIBRARY)
    message(FATAL_ERROR "HiGHS not found under ${SECATEUR_VENV}: run scripts/setup.sh build, or pass "
                        "-DSECATEUR_SYSTEM_HIGHS=ON to use an installed one")
  endif()
  target_include_directories(secateur_highs SYSTEM INTERFACE ${HIGHS_INCLUDE_DIR} ${HIGHS_INCLUDE_DIR}/..)
  target_link_libraries(secateur_highs INTERFACE ${HIGHS_LIBRARY})
endif()

# The ONNX schema, compiled from the ONNX project's own .proto file.
find_file(ONNX_PROTO onnx.proto PATHS "${SECATEUR_SITE_PACKAGES}/onnx" NO_DEFAULT_PATH)
find_program(PROTOC protoc REQUIRED)
if(NOT ONNX_PROTO)
  message(FATAL_ERROR "onnx.proto not found under ${SECATEUR_VENV}: run scripts/setup.sh build")
endif()

# Plotly's JavaScript, embedded in the program for self-contained reports.
find_file(PLOTLY_JS plotly.min.js PATHS "${SECATEUR_SITE_PACKAGES}/plotly/package_data" NO_DEFAULT_PATH)
if(NOT PLOTLY_JS)
  message(FATAL_ERROR "plotly.min.js not found under ${SECATEUR_VENV}: run scripts/setup.sh build")
endif()
