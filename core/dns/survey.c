/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/survey.h"

#include "base/buf.h"
#include "base/escape.h"
#include "base/mem.h"
#include "dns/dns_impl.h"
#include "dns/race.h"

#include <arpa/inet.h>
#include <string.h>

static const uint16_t TYPES[] = {MESSAGE_A, MESSAGE_AAAA, MESSAGE_NS, MESSAGE_CNAME, MESSAGE_TXT};

struct survey_question {
    struct dns_survey *survey;
    char *name;
    uint16_t type;
    struct race *race;
};

struct dns_survey {
    struct dns *dns;
    struct survey_question *questions;
    size_t n_questions, n_open;
    struct strv lines;
    dns_survey_fn *done;
    void *arg;
};

static void survey_free(struct dns_survey *survey)
{
    for (size_t i = 0; i < survey->n_questions; i++) {
        race_cancel(&survey->questions[i].race);
        mem_free(survey->questions[i].name);
    }
    mem_free(survey->questions);
    strv_done(&survey->lines);
    mem_free(survey);
}

void dns_survey_cancel(struct dns_survey **survey)
{
    if (*survey != NULL) {
        survey_free(*survey);
        *survey = NULL;
    }
}

/* ---- Answers ---- */

static void add_text(const struct message_record *record, struct buf *to)
{
    char address[INET6_ADDRSTRLEN] = "?";

    switch (record->type) {
    case MESSAGE_A:
    case MESSAGE_AAAA:
        if (record->len ==
            (record->type == MESSAGE_A ? sizeof(struct in_addr) : sizeof(struct in6_addr))) {
            (void)inet_ntop(record->type == MESSAGE_A ? AF_INET : AF_INET6, record->bytes, address,
                            sizeof(address));
        }
        buf_add_str(to, address);
        break;
    case MESSAGE_TXT:
        buf_add_char(to, '"');
        escape_bytes(record->bytes, record->len, to);
        buf_add_char(to, '"');
        break;
    default:
        buf_add_str(to, record->target);
        break;
    }
}

static bool judge(void *arg, size_t runner, const struct exchange_result *result)
{
    const struct survey_question *question = arg;
    const struct message *message = result->message;

    (void)runner;
    if (message == NULL || !message->is_authoritative ||
        (message->rcode != MESSAGE_NOERROR && message->rcode != MESSAGE_NXDOMAIN)) {
        return false;
    }
    for (size_t i = 0; i < message->n_records; i++) {
        const struct message_record *record = &message->records[i];
        AUTO(buf_done) struct buf line = BUF(MESSAGE_MAX * 4);

        if (record->section == MESSAGE_ANSWER && record->type == question->type &&
            str_eq(record->owner, question->name)) {
            buf_addf(&line, "%s %s ", record->owner, message_type_name(record->type));
            add_text(record, &line);
            strv_add_unique(&question->survey->lines, buf_str(&line));
        }
    }
    return true;
}

static void finish_race(void *arg, bool is_won)
{
    struct survey_question *question = arg;
    struct dns_survey *survey = question->survey;

    question->race = NULL;
    if (!is_won) {
        strv_take(&survey->lines,
                  str_fmt("%s %s ?", question->name, message_type_name(question->type)));
    }
    if (--survey->n_open == 0) {
        strv_sort(&survey->lines);
        survey->done(survey->arg, &survey->lines);
        survey_free(survey);
    }
}

/* ---- Questions ---- */

static void ask(struct survey_question *question, const struct dns_place *place)
{
    static const struct race_callbacks CALLBACKS = {.judge = judge, .over = finish_race};
    const struct exchange_question asked = {.name = question->name, .type = question->type};
    struct race_runner runners[RACE_RUNNERS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < place->n_servers && n < RACE_RUNNERS_MAX; i++) {
        if (!place->servers[i].is_unroutable) {
            runners[n++] = (struct race_runner){.address = place->servers[i].address,
                                                .server = place->servers[i].text};
        }
    }
    question->race =
        race_start(question->survey->dns->net, &asked, runners, n, &CALLBACKS, question);
}

struct dns_survey *dns_survey_start(struct dns *dns, const struct dns_place *place,
                                    const struct strv *names, dns_survey_fn *done, void *arg)
{
    struct dns_survey *survey = NEW(struct dns_survey);

    survey->dns = dns;
    survey->done = done;
    survey->arg = arg;
    survey->n_questions = survey->n_open = names->n * ARRAY_LEN(TYPES);
    survey->questions = mem_alloc(survey->n_questions, sizeof(struct survey_question));
    for (size_t i = 0; i < survey->n_questions; i++) {
        struct survey_question *question = &survey->questions[i];

        question->survey = survey;
        question->name = str_dup(names->items[i / ARRAY_LEN(TYPES)]);
        question->type = TYPES[i % ARRAY_LEN(TYPES)];
        ask(question, place);
    }
    return survey;
}
