/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Any bytes as the answer to a question: nothing may be read beyond them, and what is made of them
 * is bounded. The first two bytes are the id, so that the fuzzer need not guess it.
 */
#include "dns/look.h"
#include "dns/message.h"
#include "dns/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char OWNER[] = "_acme-challenge.example.com";
    AUTO_PTR(message) struct message *message = NULL;
    AUTO(strv_done) struct strv values = STRV_INIT;
    struct look_want want = {.owner = OWNER, .zone = "example.com", .values = &values};
    struct message_question question = {.name = OWNER, .type = MESSAGE_TXT, .has_edns = true};
    struct walk_reading reading;
    struct look look;

    if (len >= 2) {
        question.id = (uint16_t)(bytes[0] << 8 | bytes[1]);
    }
    if (message_parse(bytes, len, &question, &message) == MESSAGE_FITS) {
        struct exchange_result result = {.outcome = EXCHANGE_ANSWERED, .message = message};

        strv_add(&values, "value");
        walk_read(message, want.zone, OWNER, &reading);
        look_read(&result, &want, &look);
    }
    return 0;
}
