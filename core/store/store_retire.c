/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What becomes of a certificate that was revoked. */
#include "store/store_cert.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "store/store_internal.h"

#include <string.h>

#define NOTE_MODE 0444

/* revoked.json beside the certificate. */
static int write_note(const char *folder, const char *reason, struct err *err)
{
    AUTO_PTR(json_out) struct json_out *out = json_out_new(true);
    AUTO_FREE char *path = fs_join(folder, "revoked.json");
    char when[CLOCK_TEXT_MAX];

    clock_format(clock_wall_s(), when);
    json_out_object(out);
    json_out_kint(out, "format", STORE_FORMAT);
    json_out_kstr(out, "revoked", when);
    json_out_kstr(out, "reason", reason);
    json_out_end(out);
    AUTO_FREE char *text = json_out_take(out);
    return fs_write_atomic(path, text, strlen(text), NOTE_MODE, err);
}

/* A kill between two of the steps leaves a version that nothing leads to, which the next
 * installation moves to archived/. */
int store_cert_retire(struct store *store, const char *name, const char *reason, struct err *err)
{
    AUTO_FREE char *version = store_cert_current(store, name);
    AUTO_FREE char *revoked = store_cert_path(store, name, "revoked");

    if (version == NULL) {
        return err_set(err, ERR_NOT_FOUND, "no certificate '%s' is installed", name);
    }
    AUTO_FREE char *from = store_cert_path(store, name, version);
    AUTO_FREE char *to = fs_join(revoked, version);
    AUTO_FREE char *current = store_cert_path(store, name, "current");
    if (write_note(from, reason, err) < 0 || fs_unlink(current, err) < 0 ||
        fs_rename(from, to, err) < 0) {
        return err_wrap(err, "cannot take '%s' out of use", name);
    }
    return 0;
}

bool store_cert_is_retired(struct store *store, const char *name)
{
    AUTO_FREE char *revoked = store_cert_path(store, name, "revoked");
    AUTO_FREE char *version = store_cert_current(store, name);
    AUTO(strv_done) struct strv versions = STRV_INIT;
    struct err ignored = ERR_INIT;

    return version == NULL && fs_list(revoked, &versions, &ignored) == 0 && versions.n > 0;
}
