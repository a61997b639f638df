/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The parts of the acme-dns-server plug-in, lowest first:
 *
 *     account    one registration at a server, and the names that go with it
 *     storage    the folder that keeps them
 *     window     which two values a server has, and which may be pushed out
 *     api        the two requests of such a server
 *     lookup     which account a name belongs to
 *     publish    what add() and remove() do with all that
 *
 * Such a server gives out names, each with a password and room for two values. The name that is
 * to be proven gets a CNAME to one of them, by hand and once. The core follows that CNAME, so what
 * comes here is either the name that was given out, or, while the CNAME is missing, the challenge's
 * own name.
 */
#ifndef ACME_DNS_SERVER_H
#define ACME_DNS_SERVER_H

#include <acme-kit.h>
#include <acme-plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCOUNT_NAME_MAX 254   /* bytes of a domain name without its last dot, and a NUL */
#define ACCOUNT_SECRET_MAX 256 /* servers give out 36 and 40 */
#define ACCOUNT_URL_MAX 1024

/* The length and the alphabet of the only values that such a server takes (base64url of SHA-256).
 */
#define VALUE_LEN 43
#define VALUE_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* ---- account.c ---- */

struct account {
    char fulldomain[ACCOUNT_NAME_MAX]; /* where the CNAME leads, without a dot at the end */
    char subdomain[64];                /* its first label */
    char username[ACCOUNT_SECRET_MAX];
    char password[ACCOUNT_SECRET_MAX];
    char server_url[ACCOUNT_URL_MAX]; /* "": not known */
};

/* Reads an account as the server answers, and as storages have it. false: something is missing or
 * cannot be what it should; *ret_problem says what. */
bool account_read(const struct kit_json *json, struct account *ret_account,
                  const char **ret_problem);
void account_write(struct kit_text *t, const struct account *account);
void account_wipe(struct account *account);

/* Whether the account was registered at url; one that does not say may have been. */
bool account_is_at(const struct account *account, const char *url);

/* Adds what an account for a challenge at fqdn is filed under: the name that the certificate is
 * for, without "_acme-challenge" and dots at the end. */
void account_add_key(struct kit_text *t, const char *fqdn);

/* ---- storage.c ---- */

struct storage {
    int folder; /* -1: not open */
    char *path;
};

/* Opens the folder; fails the call with ACME_BAD_CONFIG and what to do when that cannot be. */
int32_t storage_open(struct acme_call *call, const char *path, struct storage *ret_storage);
void storage_close(struct storage *s);

/* Takes a lock on a file of the folder, made when it is not there, against all other processes.
 * Waits as long as the call may last. close() gives it up. */
int32_t storage_lock(struct acme_call *call, const struct storage *s, const char *file,
                     int *ret_file);

/* All accounts, an object with one member for each name; NULL when there are none yet. To
 * kit_json_free(). */
int32_t storage_load(struct acme_call *call, const struct storage *s, struct kit_json **ret_json);

/* Makes the file that storage_save() will fill, to learn in time whether that can be done. */
int32_t storage_prepare(struct acme_call *call, const struct storage *s, int *ret_file);

/* Writes all of known and one more account under key, and puts that in place. Closes file. */
int32_t storage_save(struct acme_call *call, const struct storage *s, int file,
                     const struct kit_json *known, const char *key, const struct account *account);

/* Appends what a file of the folder holds; nothing where there is none. */
int32_t storage_read(struct acme_call *call, const struct storage *s, const char *file,
                     struct kit_text *to);

/* Puts a new file in the place of one: whoever is killed meanwhile, one of the two is there, and
 * whole. */
int32_t storage_replace(struct acme_call *call, const struct storage *s, const char *file,
                        const struct kit_text *from);

/* ---- window.c ---- */

#define WINDOW_SIZE 2

/* One value that was sent. */
struct slot {
    char value[VALUE_LEN + 1];
    char owner[1024]; /* the name that needs it; "": nobody does any more */
    int64_t run;      /* the process of acme-dns that needs it */
    int64_t at_ms;    /* wall clock, when its update was answered, or given up */
    bool is_sure;     /* it was answered: the value is there */
};

/*
 * What the server has, as far as this host knows. It keeps two values and replaces the one whose
 * time, in whole seconds, is older. Of two values of one second it may replace either: is_ordered
 * says that the newest was sent a second or more after everything before it.
 */
struct window {
    struct slot slots[WINDOW_SIZE]; /* oldest first */
    size_t n;
    bool is_ordered;
    int64_t told_run; /* the process that was told of the missing CNAME */
};

enum window_step {
    WINDOW_HAS,          /* the value is there */
    WINDOW_SEND,         /* send it: nothing that is needed goes */
    WINDOW_REFRESH,      /* after wait_ms send `keep` again, then this one */
    WINDOW_FULL,         /* two others are needed, one of them by another run */
    WINDOW_FULL_FOREVER, /* both by this very run, which will answer none before all are there */
};

struct window_plan {
    enum window_step step;
    int64_t wait_ms;
    char keep[VALUE_LEN + 1];
};

/* Nobody's words are believed: what makes no sense in it is left out. False: it is none of our
 * files at all; an empty one is, and the window is empty in either case. */
bool window_parse(const char *text, size_t len, struct window *ret_window);
void window_format(const struct window *w, struct kit_text *to);

struct window_plan window_plan(const struct window *w, const char *value, int64_t run,
                               int64_t now_ms);

/* The value is about to be sent. Until window_end_push() says that it was answered, it may or may
 * not be there; and the server may have taken it at any time up to now_ms of that. */
void window_push(struct window *w, const char *value, const char *owner, int64_t run,
                 int64_t now_ms);
void window_end_push(struct window *w, bool is_sure, int64_t now_ms);

/* Says who needs a value that is there, and that one does not any more. */
void window_hold(struct window *w, const char *value, const char *owner, int64_t run);
void window_release(struct window *w, const char *value, const char *owner);

/* ---- api.c ---- */

struct api {
    struct kit_http *http;
    char *url;                  /* as accounts say it: no slash at the end */
    const char *accounts;       /* path of the accounts, for texts */
    struct kit_text allow_from; /* a JSON array, or empty */
};

kit_judge_fn api_judge;
int32_t api_register(struct acme_call *call, struct api *api, struct account *ret_account);
int32_t api_update(struct acme_call *call, struct api *api, const struct account *account,
                   const char *value);

struct plugin {
    struct api api;
    struct storage storage;
    char *accounts; /* path of the file of accounts */
    char *instance;
    bool awaits_cname;
};

/* ---- lookup.c ---- */

/* Reads a member of the accounts; fails the call where it is broken, or another server's. */
int32_t lookup_read(struct acme_call *call, const struct plugin *p, const struct kit_json *member,
                    struct account *ret_account);

/* The member that was given the name fqdn, or NULL. */
const struct kit_json *lookup_target(const struct kit_json *known, const char *fqdn);

/* The zone that a member's name is in, or NULL. */
const char *lookup_zone(const struct kit_json *member);

/* The account that a value at fqdn goes to, registered if need be, and whether fqdn is the name
 * that it was given: if not, a CNAME is missing. */
int32_t lookup_account(struct acme_call *call, struct plugin *p, const char *fqdn,
                       struct account *ret_account, bool *ret_is_target);

/* ---- publish.c ---- */

int32_t publish_add(struct acme_call *call, struct plugin *p, const struct acme_record *record);
int32_t publish_remove(struct acme_call *call, struct plugin *p, const struct acme_record *record);
int32_t publish_zones(struct acme_call *call, struct plugin *p);

#endif
