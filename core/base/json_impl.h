/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What json.c and json_out.c share. For them only. */
#ifndef BASE_JSON_IMPL_H
#define BASE_JSON_IMPL_H

#include <yajl/yajl_common.h>

/* yajl does not check what malloc() returns; mem_alloc() never returns NULL. */
yajl_alloc_funcs json_alloc_funcs(void);

#endif
