/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Where plug-ins and the worker's executable are. A program that runs from its build tree finds
 * those that were built with it, so that nothing needs to be installed to try it.
 */
#ifndef PROVIDER_PATHS_H
#define PROVIDER_PATHS_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

/* Appends the folders to search, best first: those given, then the build tree's or the installed
 * one, which is found from the place of the program. */
void paths_plugin_dirs(const struct strv *given, struct strv *to);

/* The worker's executable, to mem_free; never NULL, but it may not be there. */
char *paths_worker(void);

/* Finds a plug-in: NAME in the folders, or a path that has a slash. *ret_path is to mem_free.
 * ERR_CONFIG with the folders that were searched. */
int paths_plugin_find(const struct strv *dirs, const char *plugin, char **ret_path,
                      struct err *err);

/* "/x/rfc2136.so" -> "rfc2136", to mem_free. */
char *paths_plugin_name(const char *path);

/* [a-z][a-z0-9-]{0,31} */
bool paths_is_plugin_name(const char *name);

#endif
