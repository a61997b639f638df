# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
#
# How this project is compiled: flags, rooms (one static library per folder of core/), plug-ins, tests.

option(ACME_WERROR "Warnings are errors" OFF)
option(ACME_SANITIZE "Build with the address and undefined behaviour sanitizers" OFF)
option(ACME_CRASH_POINTS "Named crash points, set off by ACME_DNS_CRASH_AT (tests only)" OFF)
option(ACME_ANALYZE "gcc's static analyzer" OFF)
option(ACME_TESTS "Build the tests" ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

# Not inside a function: its effect would end with the function's scope.
if(ACME_TESTS)
    enable_testing()
endif()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)

add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
                    -Wvla -Wformat=2 -Wpointer-arith -Wcast-qual -Wwrite-strings
                    -fno-strict-aliasing -fstack-protector-strong)
add_compile_definitions(_GNU_SOURCE)
if(ACME_WERROR)
    add_compile_options(-Werror)
endif()
if(ACME_CRASH_POINTS)
    add_compile_definitions(ACME_CRASH_POINTS)
endif()
if(ACME_ANALYZE)
    add_compile_options(-fanalyzer)
    # GCC 12 loses sight of what a loop stores in an array's second element, and calls it lost.
    set_source_files_properties("${PROJECT_SOURCE_DIR}/core/provider/worker/serve.c"
                                PROPERTIES COMPILE_OPTIONS -Wno-analyzer-malloc-leak)
endif()
if(ACME_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer
                        -fno-sanitize-recover=undefined)
    add_link_options(-fsanitize=address,undefined)
    add_compile_definitions(ACME_SANITIZE)
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_options(-D_FORTIFY_SOURCE=2)
endif()
add_link_options(-Wl,-z,relro,-z,now)

# Where the installed program looks: by the ways from its own folder, so that an installed tree may be
# moved, or installed below another prefix. The build tree is found first when run from there (see
# core/provider/paths.c), so that nothing needs to be installed to try it.
set(ACME_PLUGIN_DIR "${CMAKE_INSTALL_FULL_LIBDIR}/acme-dns/plugins")
set(ACME_LIBEXEC_DIR "${CMAKE_INSTALL_FULL_LIBEXECDIR}/acme-dns")
file(RELATIVE_PATH ACME_PLUGIN_WAY "${CMAKE_INSTALL_FULL_SBINDIR}" "${ACME_PLUGIN_DIR}")
file(RELATIVE_PATH ACME_LIBEXEC_WAY "${CMAKE_INSTALL_FULL_SBINDIR}" "${ACME_LIBEXEC_DIR}")
set_property(SOURCE "${PROJECT_SOURCE_DIR}/core/provider/paths.c" APPEND PROPERTY COMPILE_DEFINITIONS
    ACME_PLUGIN_WAY="${ACME_PLUGIN_WAY}" ACME_LIBEXEC_WAY="${ACME_LIBEXEC_WAY}")

# One room: core/NAME/*.c as the static library room_NAME.
function(add_room name)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/core/${name}/*.c")
    list(FILTER sources EXCLUDE REGEX "/(main|worker_main)\\.c$")
    if(sources)
        add_library(room_${name} STATIC ${sources})
        target_include_directories(room_${name} PUBLIC "${PROJECT_SOURCE_DIR}/core"
                                                       "${PROJECT_SOURCE_DIR}/include")
        target_compile_definitions(room_${name} PRIVATE
            ACME_VERSION="${PROJECT_VERSION}"
            ACME_PLUGIN_DIR="${ACME_PLUGIN_DIR}" ACME_LIBEXEC_DIR="${ACME_LIBEXEC_DIR}"
            ACME_SYSCONF_DIR="${CMAKE_INSTALL_FULL_SYSCONFDIR}/acme-dns")
        target_link_libraries(room_${name} PUBLIC ${ARGN})
    else()
        add_library(room_${name} INTERFACE)
        target_link_libraries(room_${name} INTERFACE ${ARGN})
    endif()
endfunction()

function(add_program)
    if(EXISTS "${PROJECT_SOURCE_DIR}/core/cli/main.c")
        add_executable(acme-dns "${PROJECT_SOURCE_DIR}/core/cli/main.c")
        target_link_libraries(acme-dns PRIVATE room_cli)
        install(TARGETS acme-dns RUNTIME DESTINATION "${CMAKE_INSTALL_SBINDIR}")
    endif()
endfunction()

# The process that loads plug-ins: libc and libdl only, by design; provider/worker/*.c and what
# both sides of the pipe share (provider/frame.c).
function(add_worker)
    if(EXISTS "${PROJECT_SOURCE_DIR}/core/provider/worker/main.c")
        file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/core/provider/worker/*.c")
        list(APPEND sources "${PROJECT_SOURCE_DIR}/core/provider/frame.c")
        add_executable(acme-dns-worker ${sources})
        target_include_directories(acme-dns-worker PRIVATE "${PROJECT_SOURCE_DIR}/core"
                                                           "${PROJECT_SOURCE_DIR}/include")
        target_compile_definitions(acme-dns-worker PRIVATE ACME_VERSION="${PROJECT_VERSION}")
        target_link_libraries(acme-dns-worker PRIVATE ${CMAKE_DL_LIBS})
        install(TARGETS acme-dns-worker RUNTIME DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/acme-dns")
    endif()
endfunction()

# One provider plug-in: NAME.so, linked so that an unresolved symbol fails the build and the one
# exported symbol is acme_plugin_v1.
function(add_acme_plugin name)
    cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
    add_library(plugin_${name} MODULE ${arg_SOURCES})
    set_target_properties(plugin_${name} PROPERTIES
        PREFIX "" OUTPUT_NAME "${name}"
        LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/plugins")
    target_include_directories(plugin_${name} PRIVATE "${PROJECT_SOURCE_DIR}/include")
    target_compile_definitions(plugin_${name} PRIVATE ACME_VERSION="${PROJECT_VERSION}")
    target_link_libraries(plugin_${name} PRIVATE ${arg_LIBS})
    if(NOT (ACME_SANITIZE AND CMAKE_C_COMPILER_ID MATCHES "Clang"))
        target_link_options(plugin_${name} PRIVATE -Wl,-z,defs)
    endif()
    install(TARGETS plugin_${name} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/acme-dns/plugins")
endfunction()

function(add_plugins)
    install(FILES "${PROJECT_SOURCE_DIR}/include/acme-plugin.h" TYPE INCLUDE)
    file(GLOB folders CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/plugins/*/CMakeLists.txt")
    foreach(file IN LISTS folders)
        get_filename_component(folder "${file}" DIRECTORY)
        get_filename_component(name "${folder}" NAME)
        add_subdirectory("plugins/${name}")
    endforeach()
endfunction()

# The helpers of a room's tests as unit_ROOM_shared; made once, and only where there are any.
function(add_unit_shared room folder)
    file(GLOB sources CONFIGURE_DEPENDS "${folder}/*.c")
    list(FILTER sources EXCLUDE REGEX "_test\\.c$")
    if(NOT sources OR TARGET unit_${room}_shared)
        return()
    endif()
    add_library(unit_${room}_shared STATIC ${sources})
    target_compile_options(unit_${room}_shared PRIVATE -Wno-cast-qual)
    target_compile_definitions(unit_${room}_shared PRIVATE SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_link_libraries(unit_${room}_shared PUBLIC room_${room} PkgConfig::CMOCKA)
endfunction()

# tests/unit/ROOM/NAME_test.c: one cmocka program each, registered with CTest as unit/ROOM/NAME. What else
# lies there as .c is linked into those of them that use it.
function(add_tests)
    if(NOT ACME_TESTS)
        return()
    endif()
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
    file(GLOB tests CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/unit/*/*_test.c")
    foreach(file IN LISTS tests)
        get_filename_component(folder "${file}" DIRECTORY)
        get_filename_component(room "${folder}" NAME)
        get_filename_component(name "${file}" NAME_WE)
        set(target unit_${room}_${name})
        add_unit_shared(${room} "${folder}")
        add_executable(${target} "${file}")
        target_compile_options(${target} PRIVATE -Wno-cast-qual)
        target_compile_definitions(${target} PRIVATE
            SOURCE_DIR="${PROJECT_SOURCE_DIR}" BINARY_DIR="${PROJECT_BINARY_DIR}")
        if(TARGET unit_${room}_shared)
            target_link_libraries(${target} PRIVATE unit_${room}_shared)
        endif()
        target_link_libraries(${target} PRIVATE room_${room} PkgConfig::CMOCKA)
        set_target_properties(${target} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/unit/${room}")
        add_test(NAME "unit/${room}/${name}" COMMAND ${target})
        set_tests_properties("unit/${room}/${name}" PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77)
    endforeach()
    foreach(sub plugin abi fuzz)
        if(EXISTS "${PROJECT_SOURCE_DIR}/tests/${sub}/CMakeLists.txt")
            add_subdirectory("tests/${sub}")
        endif()
    endforeach()
endfunction()
