# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
#
# What authors of plug-ins find installed: pkg-config files, a CMake package, and, inside the program itself, the
# files that `acme-dns plugin new` writes.

include(CMakePackageConfigHelpers)

# The way from FOLDER below the prefix back to the prefix, so that an installed tree may be moved.
function(path_to_prefix folder variable)
    if(IS_ABSOLUTE "${folder}")
        set(${variable} "${CMAKE_INSTALL_PREFIX}" PARENT_SCOPE)
    else()
        file(RELATIVE_PATH way "/prefix/${folder}" "/prefix")
        string(REGEX REPLACE "/$" "" way "${way}")
        set(${variable} "\${pcfiledir}/${way}" PARENT_SCOPE)
    endif()
endfunction()

function(install_development_files)
    set(cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/acme-dns-plugin")
    path_to_prefix("${CMAKE_INSTALL_LIBDIR}/pkgconfig" ACME_PC_PREFIX)
    foreach(name acme-dns-plugin acme-kit)
        configure_file("cmake/${name}.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
        install(FILES "${PROJECT_BINARY_DIR}/${name}.pc"
                DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
    endforeach()
    configure_package_config_file(
        cmake/acme-dns-plugin-config.cmake.in
        "${PROJECT_BINARY_DIR}/acme-dns-plugin-config.cmake"
        INSTALL_DESTINATION "${cmake_dir}"
        PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
    write_basic_package_version_file(
        "${PROJECT_BINARY_DIR}/acme-dns-plugin-config-version.cmake"
        VERSION "${PROJECT_VERSION}" COMPATIBILITY SameMajorVersion)
    install(FILES "${PROJECT_BINARY_DIR}/acme-dns-plugin-config.cmake"
                  "${PROJECT_BINARY_DIR}/acme-dns-plugin-config-version.cmake"
            DESTINATION "${cmake_dir}")
    install(FILES docs/plugin-guide.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
    install(DIRECTORY examples/ DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples")
endfunction()

# Compiles the files of plugins/kit/template into `target`, as an array that task/plugin_new.c walks.
function(embed_plugin_template target)
    set(source "${PROJECT_BINARY_DIR}/plugin_template.c")
    file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/plugins/kit/template/*")
    list(SORT files)
    set(arrays "")
    set(rows "")
    set(n 0)
    foreach(file IN LISTS files)
        get_filename_component(name "${file}" NAME)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
        file(READ "${file}" bytes HEX)
        string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
        string(APPEND arrays "static const char file_${n}[] = {${bytes}0};\n")
        string(APPEND rows "    {\"${name}\", file_${n}},\n")
        math(EXPR n "${n} + 1")
    endforeach()
    file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT
"/* Made by cmake/AcmeDevelop.cmake from plugins/kit/template. */
#include \"task/plugin_new.h\"

#include <stddef.h>

@arrays@
const struct plugin_template_file plugin_template[] = {
@rows@    {NULL, NULL},
};
")
    target_sources(${target} PRIVATE "${source}")
endfunction()
