/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Stands in for the C library's file of this name, so that a header can be compiled with -m32 where
 * only the compiler knows about 32 bits. It declares nothing: nothing here is linked. */
