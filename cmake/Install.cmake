# SPDX-License-Identifier: Apache-2.0
# `make install`: the program, one shared library that holds all rooms, its headers, HiGHS beside it, and a CMake package:
# find_package(secateur) gives the target secateur::secateur.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(private_dir ${CMAKE_INSTALL_LIBDIR}/secateur)
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/secateur)

# The rooms are static libraries; the shared one is made of all their objects.
add_library(secateur_shared SHARED EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/empty.cpp)
set_target_properties(secateur_shared PROPERTIES OUTPUT_NAME secateur EXPORT_NAME secateur VERSION ${PROJECT_VERSION}
                                                 SOVERSION ${PROJECT_VERSION_MAJOR} INSTALL_RPATH "$ORIGIN/secateur")
get_property(rooms GLOBAL PROPERTY SECATEUR_ROOMS)
foreach(room IN LISTS rooms)
  target_link_libraries(secateur_shared PRIVATE $<BUILD_INTERFACE:$<LINK_LIBRARY:WHOLE_ARCHIVE,secateur_${room}>>)
endforeach()
target_include_directories(secateur_shared INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(secateur_shared INTERFACE Eigen3::Eigen nlohmann_json::nlohmann_json)
target_compile_features(secateur_shared INTERFACE cxx_std_20)
find_package(Eigen3 REQUIRED NO_MODULE)

set_target_properties(secateur_cli PROPERTIES INSTALL_RPATH "$ORIGIN/../${private_dir}")
install(TARGETS secateur_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS secateur_shared EXPORT secateur LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY secateur/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/secateur FILES_MATCHING PATTERN "*.hpp")
install(FILES ${CMAKE_BINARY_DIR}/secateur/generated/secateur/core/version.hpp
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/secateur/core)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(NOT SECATEUR_SYSTEM_HIGHS)
  install(FILES ${HIGHS_LIBRARY} DESTINATION ${private_dir})
  install(FILES ${highs_dist}/share/doc/HIGHS/LICENSE.txt DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LICENSE-HiGHS.txt)
endif()

install(EXPORT secateur NAMESPACE secateur:: DESTINATION ${config_dir} FILE secateur-targets.cmake)
configure_package_config_file(cmake/secateur-config.cmake.in ${CMAKE_BINARY_DIR}/secateur-config.cmake
                              INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/secateur-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/secateur-config.cmake ${CMAKE_BINARY_DIR}/secateur-config-version.cmake
        DESTINATION ${config_dir})
