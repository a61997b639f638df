/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Scope-bound clean-up: a local that is marked so is released at the end of its block. */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

/* AUTO(buf_done) struct buf b = BUF(64): calls buf_done(&b). For things that live in place. */
#define AUTO(done_fn) __attribute__((cleanup(done_fn)))

/* Declares cleanup_NAME for AUTO_PTR: free_fn(struct NAME *) is called with the pointer's value. */
#define DEFINE_AUTO_PTR(type_tag, free_fn)                                              \
    static inline __attribute__((unused)) void cleanup_##type_tag(struct type_tag **at) \
    {                                                                                   \
        free_fn(*at);                                                                   \
    }                                                                                   \
    struct type_tag

/* AUTO_PTR(key) struct key *k = NULL: calls the free function given to DEFINE_AUTO_PTR(key, ...).
 */
#define AUTO_PTR(type_tag) __attribute__((cleanup(cleanup_##type_tag)))

/* AUTO_FREE char *s = ...: for anything from mem_alloc() or the str_ functions. */
#define AUTO_FREE __attribute__((cleanup(cleanup_mem)))
void cleanup_mem(void *at);

/* AUTO_FD int fd = -1: closes it when it is not negative. */
#define AUTO_FD __attribute__((cleanup(cleanup_fd)))
void cleanup_fd(int *at);

/* Moves ownership out of a variable and leaves NULL behind: *ret_key = TAKE(key). */
#define TAKE(pointer)                           \
    ({                                          \
        __typeof__(pointer) taken_ = (pointer); \
        (pointer) = NULL;                       \
        taken_;                                 \
    })

/* The same for a descriptor: leaves -1 behind. */
#define TAKE_FD(fd)           \
    ({                        \
        int taken_fd_ = (fd); \
        (fd) = -1;            \
        taken_fd_;            \
    })

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
