/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The rooms of the rfc2136 plug-in, lowest first:
 *
 *     fault       why something failed, carried up to the callback that reports it
 *     wire        numbers and names in DNS messages (RFC 1035 section 4)
 *     tsig        keys, signing a request, judging a reply (RFC 8945)
 *     keyfile     keys in BIND's syntax
 *     settings    the option values, checked
 *     find        which addresses take updates for a zone
 *     question    a message and whether an answer is to be believed
 *     exchange    questions out, answers in, over one TCP connection or UDP
 *     message     UPDATE messages (RFC 2136) and TXT questions
 *     explain     what a server's refusal may mean
 *     update      changes in, one message out, read back
 *
 * Nothing here retries for ever or waits without asking the core how much time is left.
 */
#ifndef RFC2136_H
#define RFC2136_H

#include <acme-plugin.h>

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* ---- fault.c ---- */

/* Why something failed. Text may have several lines. */
struct fault {
    int32_t status; /* ACME_RETRY... */
    char text[2048];
};

/* Sets the fault and returns status. */
__attribute__((format(printf, 3, 4))) int32_t fault_set(struct fault *f, int32_t status,
                                                        const char *format, ...);

/* Puts "WHAT: " before the text. */
__attribute__((format(printf, 2, 3))) int32_t fault_wrap(struct fault *f, const char *format, ...);

/* Puts what had failed before, and "; ", before the text. */
int32_t fault_follow(struct fault *f, const struct fault *before);

/* ---- wire.c ---- */

#define WIRE_NAME_MAX 255
#define WIRE_MESSAGE_MAX 65535
#define WIRE_HEADER_LEN 12
#define WIRE_OPCODE_QUERY 0
#define WIRE_OPCODE_UPDATE 5
#define WIRE_TYPE_TSIG 250

/* A name without compression, in lower case. */
struct name {
    uint8_t bytes[WIRE_NAME_MAX];
    size_t len;
};

/* A message that grows to its ceiling; what does not fit sets is_full and is left out. */
struct wire {
    uint8_t *bytes; /* malloc'd */
    size_t len;
    size_t cap;
    bool is_full;
};

bool wire_init(struct wire *w, size_t cap); /* false: no memory */
void wire_done(struct wire *w);
void wire_put(struct wire *w, const void *bytes, size_t len);
void wire_put16(struct wire *w, uint16_t v);
void wire_put32(struct wire *w, uint32_t v);
void wire_put_name(struct wire *w, const struct name *name);

uint16_t wire_get16(const uint8_t *p);
void wire_set16(uint8_t *p, uint16_t v);

/* Presentation format to wire format, in lower case. */
bool wire_name_parse(const char *text, struct name *ret_name);
bool wire_name_equal(const struct name *a, const struct name *b);
bool wire_name_is_within(const struct name *name, const struct name *zone);

/* Reads the name at *pos, pointers followed, and moves *pos behind it. */
bool wire_read_name(const uint8_t *m, size_t len, size_t *pos, struct name *ret_name);

/* Finds where the last resource record of the additional section begins; 0 if there is none or the
 * message is not well-formed. */
size_t wire_last_additional(const uint8_t *m, size_t len);

/* Whether the message ends with a TSIG record: such a one is not given to ldns. */
bool wire_has_tsig(const uint8_t *m, size_t len);

/* ---- tsig.c ---- */

#define TSIG_MAC_MAX 64
#define TSIG_FUDGE_S 300
#define TSIG_ROOM 700 /* more than any TSIG record takes: two names, a MAC, fixed fields */

#define TSIG_BADSIG 16
#define TSIG_BADKEY 17
#define TSIG_BADTIME 18
#define TSIG_BADTRUNC 22

struct tsig_algorithm;

struct tsig_key {
    struct name name;
    char text[256]; /* the name as the user wrote it */
    const struct tsig_algorithm *algorithm;
    uint8_t *secret; /* gnutls_malloc'd */
    size_t secret_len;
};

struct tsig_mac {
    uint8_t bytes[TSIG_MAC_MAX];
    size_t len;
};

enum tsig_state {
    TSIG_GOOD,   /* signed with our key, in time, over this answer to this request */
    TSIG_ABSENT, /* no TSIG at all */
    TSIG_BARE,   /* a TSIG with an error and without a MAC: BADKEY and BADSIG cannot be signed */
    TSIG_BAD,    /* not to be believed */
};

struct tsig_verdict {
    enum tsig_state state;
    uint16_t error;   /* of the TSIG record: 0 or TSIG_BADSIG... */
    int64_t ahead_s;  /* BADTIME: how far the server's clock is ahead of ours */
    const char *flaw; /* for TSIG_BAD: what is wrong */
};

/* As written by users: any case, with or without "hmac-" and a final dot. NULL: unknown. */
const struct tsig_algorithm *tsig_algorithm_find(const char *text);
const char *tsig_algorithm_text(const struct tsig_algorithm *a);
bool tsig_algorithm_is_weak(const struct tsig_algorithm *a);

/* Fills *ret_key, which tsig_key_done() wipes. algorithm NULL: the default. */
int32_t tsig_key_init(struct tsig_key *ret_key, const char *name, const char *algorithm,
                      const char *secret, struct fault *f);
void tsig_key_done(struct tsig_key *key);

/* Signs the message in place and returns its MAC, which the reply's is computed over. */
bool tsig_sign(const struct tsig_key *key, uint64_t now_s, struct wire *m,
               struct tsig_mac *ret_mac);

/* Judges the reply to a signed message and cuts its TSIG record off. */
struct tsig_verdict tsig_judge(const struct tsig_key *key, const struct tsig_mac *asked,
                               uint64_t now_s, uint8_t *m, size_t *len);

/* ---- keyfile.c ---- */

/* Reads the key called name (NULL: the only one) from a file in BIND's syntax. */
int32_t keyfile_parse(const char *text, size_t len, const char *name, struct tsig_key *ret_key,
                      struct fault *f);

/* ---- settings.c ---- */

/* The places of the option table: in the order in which people are asked. */
enum option {
    OPTION_SERVER,
    OPTION_KEY_FILE,
    OPTION_KEY_NAME,
    OPTION_KEY_ALGORITHM,
    OPTION_KEY_SECRET,
    OPTION_SIGN_QUERIES,
    OPTION_TRANSPORT,
    OPTION_TIMEOUT,
    OPTION_SOURCE_ADDRESS,
    N_OPTIONS
};
extern const struct acme_plugin_option settings_options[N_OPTIONS];

#define SETTINGS_HOSTS_MAX 8

struct host {
    char name[256];
    char port[6];
};

struct settings {
    struct host hosts[SETTINGS_HOSTS_MAX];
    size_t n_hosts; /* 0: to be found in the DNS */
    struct tsig_key key;
    bool has_key;
    bool signs_queries;
    bool is_udp_only;
    uint32_t timeout_ms;
    struct sockaddr_storage source;
    socklen_t source_len; /* 0: the system chooses */
};

int32_t settings_read(const struct acme_open *o, struct settings *ret_settings, struct fault *f);
void settings_done(struct settings *s);

/* ---- find.c ---- */

#define FIND_ADDRESSES_MAX 16

struct address {
    struct sockaddr_storage sa;
    socklen_t len;
    bool refuses_tcp; /* learnt by trying */
    char text[384];   /* "ns1.example.com (192.0.2.1 port 53)" */
};

struct address_list {
    struct address items[FIND_ADDRESSES_MAX];
    size_t n;
};

/* The addresses of the configured servers, in their order. */
int32_t find_configured(const struct settings *s, struct address_list *ret_list, struct fault *f);

/* Asks the system's resolver for the zone's SOA and NS records: the primary that the SOA names,
 * then the other name servers. */
int32_t find_by_zone(const char *zone, struct address_list *ret_list, struct fault *f);

/* ---- question.c ---- */

/* A message to send, and what came back. */
struct question {
    struct wire query;
    const struct tsig_key *key; /* NULL: not signed */
    struct tsig_mac mac;
    struct wire reply; /* bytes is NULL until an answer came; the TSIG record is cut off */
    struct tsig_verdict verdict;
    const char *flaw; /* why the last answer that came was not taken, or NULL */
    bool is_doubtful; /* the answer that was taken is an error without signature */
};

/* What to do with a message that came in. */
enum question_judgement {
    QUESTION_OTHER,    /* not the answer to this question */
    QUESTION_DOUBTED,  /* an answer that is not to be believed: q->flaw says why */
    QUESTION_DOUBTFUL, /* taken; a better one may come still: anyone could have sent this */
    QUESTION_ANSWERED, /* taken */
};

enum question_judgement question_judge(struct question *q, const uint8_t *m, size_t len);
uint16_t question_id(const struct question *q);
bool question_is_answered(const struct question *q);
void question_done(struct question *q);

/* ---- exchange.c ---- */

struct exchange {
    const struct settings *settings;
    int fd; /* -1: not connected */
    bool is_tcp;
    bool is_connected; /* false while a TCP connect is under way */
    struct address peer;
    uint8_t *in; /* what came over TCP and is not taken yet: 2 + WIRE_MESSAGE_MAX bytes */
    size_t n_in;
};

bool exchange_init(struct exchange *x, const struct settings *s);
void exchange_done(struct exchange *x);

/* Begins to connect, without waiting; failure shows when the connection is used. */
void exchange_prepare(struct exchange *x, const struct address *to);

/* Sends all questions to one address and waits until each has its answer. Sends again what got
 * lost: every message of this plug-in may be carried out twice without harm. ACME_RETRY when the
 * server cannot be reached, is silent or not to be believed. */
int32_t exchange_ask(struct exchange *x, struct acme_call *call, struct address *to,
                     struct question *questions, size_t n, struct fault *f);

/* ---- message.c ---- */

/* One change on its way. */
struct target {
    const struct acme_record *record;
    size_t index; /* in the caller's list */
    struct name owner;
    uint32_t what;  /* ACME_ADD or ACME_REMOVE */
    uint32_t ttl_s; /* as asked for, or that of the values that stand there */
    bool has_failed;
    int32_t failed_status;
    bool is_sent;
    bool is_seen; /* read back as it should be */
};

/* The bytes that a change needs at most in an UPDATE message. */
size_t message_size_of(const struct target *t);

/* An UPDATE of zone with n changes. With is_guarded it says "only if none of the owners has a TXT
 * record yet". */
int32_t message_update(const struct settings *s, const struct name *zone,
                       const struct target *const *targets, size_t n, bool is_guarded,
                       struct question *ret_q, struct fault *f);

/* Asks for the TXT records of owner, without recursion. */
int32_t message_ask_txt(const struct settings *s, const struct name *owner, bool is_signed,
                        struct question *ret_q, struct fault *f);

/* What a server says about the TXT records of an owner. */
enum txt_state {
    TXT_PRESENT,   /* the value is there */
    TXT_MISSING,   /* the server speaks for the name; the value is not there */
    TXT_ALIAS,     /* the owner is a CNAME */
    TXT_DELEGATED, /* the owner lies below a zone cut */
    TXT_REFUSED,   /* no answer to this question */
    TXT_VAGUE,     /* an answer that proves nothing */
};

struct txt_view {
    enum txt_state state;
    bool has_rrset; /* there are TXT records at the owner */
    uint32_t ttl_s; /* theirs */
    uint8_t rcode;
    char other[1100]; /* the CNAME's target, or the zone below which the owner lies */
};

/* Reads the answer to message_ask_txt(); value may be NULL. */
void message_read_txt(const struct question *q, const struct name *owner, const void *value,
                      size_t value_len, struct txt_view *ret_view);

/* The RCODE of an answer. */
uint8_t message_rcode(const struct question *q);

/* ---- explain.c ---- */

/* "REFUSED" and so on. */
const char *explain_rcode(uint8_t rcode);

/* Says why the server refused the update of zone. */
int32_t explain_refusal(const struct question *q, const struct settings *s,
                        const struct address *by, const char *zone, struct fault *f);

/* Says why a change that was accepted is not in force. */
int32_t explain_missing(const struct target *t, const struct txt_view *view,
                        const struct address *by, struct fault *f);

/* ---- update.c ---- */

/* Addresses of zones that were looked for. */
#define UPDATE_ZONES_MAX 8

struct found_zone {
    char zone[1100];
    struct address_list list;
};

/* One instance: [provider NAME]. */
struct rfc2136 {
    struct settings settings;
    struct exchange exchange;
    struct address_list configured; /* n is 0 until they were looked up */
    struct found_zone *found[UPDATE_ZONES_MAX];
    size_t next_found;
};

/* Makes n changes in one zone. What fails alone is reported by fail_at() and has has_failed set;
 * another status than ACME_OK means that all that were not reported done failed so. */
int32_t update_apply(struct rfc2136 *p, struct acme_call *call, struct target *targets, size_t n,
                     struct fault *f);

/* The configured servers' addresses, looked up once. */
int32_t update_configured(struct rfc2136 *p, struct address_list **ret_list, struct fault *f);

#endif
