/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Any payload as the description that a plug-in gives of itself. What is accepted must be what the
 * rest of the program relies on: names and texts that are there, counts that hold.
 */
#include "provider/describe.h"
#include "provider/frame.h"

#include "base/mem.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct frame_in in = {.kind = FRAME_DESCRIBE, .at = bytes, .left = len};
    AUTO_PTR(provider_description) struct provider_description *d = NULL;
    struct err err = ERR_INIT;

    if (describe_parse(&in, "/x/demo.so", "demo", &d, &err) < 0) {
        if (d != NULL || err.text[0] == '\0') {
            abort();
        }
        return 0;
    }
    if (d->name == NULL || d->version == NULL || d->summary == NULL || in.left != 0) {
        abort();
    }
    for (size_t i = 0; i < d->n_options; i++) {
        if (d->options[i].name == NULL || d->options[i].help == NULL ||
            provider_is_core_key(d->options[i].name)) {
            abort();
        }
        (void)provider_option_type_name(d->options[i].type);
    }
    mem_free(provider_description_callbacks(d));
    return 0;
}
