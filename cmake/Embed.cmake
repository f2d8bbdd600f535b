# SPDX-License-Identifier: Apache-2.0
# secateur_embed(NAME symbol=file...)
#
# An object library that holds the files' bytes, from `symbol` up to `symbol_end` (extern "C" const char[]), so that the
# program needs nothing beside itself at run time. The assembler copies them: compilers take minutes over such arrays.
function(secateur_embed name)
  set(code ".section .rodata\n")
  foreach(entry IN LISTS ARGN)
    string(REGEX MATCH "^([^=]+)=(.+)$" matched "${entry}")
    set(symbol ${CMAKE_MATCH_1})
    set(file ${CMAKE_MATCH_2})
    string(APPEND code ".global ${symbol}\n.global ${symbol}_end\n.balign 16\n${symbol}:\n.incbin \"${file}\"\n"
                       "${symbol}_end:\n.byte 0\n")
    list(APPEND files ${file})
  endforeach()
  string(APPEND code ".section .note.GNU-stack,\"\",%progbits\n")
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}.S)
  file(CONFIGURE OUTPUT ${source} CONTENT "${code}" @ONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${files}")
  add_library(${name} OBJECT ${source})
endfunction()
