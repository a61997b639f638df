/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/task.h"

enum task_exit task_exit_for(enum err_class class)
{
    switch (class) {
    case ERR_NONE:
        return EXIT_DONE;
    case ERR_CONFIG:
        return EXIT_USAGE;
    case ERR_PROVIDER:
        return EXIT_PROVIDER;
    case ERR_PROPAGATION:
        return EXIT_PROPAGATION;
    case ERR_CA:
        return EXIT_CA;
    case ERR_LATER:
        return EXIT_LATER;
    case ERR_LOCKED:
        return EXIT_LOCKED;
    case ERR_HUMAN:
        return EXIT_HUMAN;
    case ERR_FAILED:
    case ERR_TIMEOUT:
    case ERR_CANCELLED:
    case ERR_NETWORK:
    case ERR_NOT_FOUND:
    case ERR_MALFORMED:
        return EXIT_FAILED;
    }
    return EXIT_FAILED;
}
