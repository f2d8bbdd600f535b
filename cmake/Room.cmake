# SPDX-License-Identifier: Apache-2.0
# secateur_room(NAME DEPENDS other rooms... LIBRARIES outside libraries... PRIVATE_LIBRARIES...)
#
# One folder is one room is one static library, made of all .cpp files of the folder. A room sees only the rooms that it
# names; scripts/check_rooms.py checks the includes against the same declarations.
function(secateur_room name)
  cmake_parse_arguments(ROOM "" "" "DEPENDS;LIBRARIES;PRIVATE_LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp")
  add_library(secateur_${name} STATIC ${sources})
  add_library(secateur::${name} ALIAS secateur_${name})
  target_include_directories(secateur_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  set_property(GLOBAL APPEND PROPERTY SECATEUR_ROOMS ${name})
  foreach(room IN LISTS ROOM_DEPENDS)
    target_link_libraries(secateur_${name} PUBLIC secateur_${room})
  endforeach()
  target_link_libraries(secateur_${name} PUBLIC ${ROOM_LIBRARIES} PRIVATE secateur_options
                                                                            ${ROOM_PRIVATE_LIBRARIES})
endfunction()
