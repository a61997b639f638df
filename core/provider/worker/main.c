/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * acme-dns-worker: started by acme-dns with a socket as descriptor 3 and the plug-in as 4; never by
 * hand. Session, signals, and descriptors were set right before execve().
 */
#include "provider/worker/worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT_MAX 8192u
#define SETUP_MS 10000

static void read_lists(struct frame_in *in, struct setup *to)
{
    to->n_groups = frame_get_u32(in);
    if (to->n_groups > 1024) {
        _exit(70);
    }
    to->groups = calloc(to->n_groups + 1u, sizeof(*to->groups));
    for (uint32_t i = 0; to->groups != NULL && i < to->n_groups; i++) {
        to->groups[i] = frame_get_u32(in);
    }
    to->n_rules = frame_get_u32(in);
    if (to->n_rules > SETUP_RULES_MAX) {
        _exit(70);
    }
    to->rules = calloc(to->n_rules + 1u, sizeof(*to->rules));
    for (uint32_t i = 0; to->rules != NULL && i < to->n_rules; i++) {
        to->rules[i].is_writable = frame_get_u32(in) != 0;
        to->rules[i].path = frame_get_text(in, TEXT_MAX);
        if (to->rules[i].path == NULL) {
            _exit(70);
        }
    }
    if (to->groups == NULL || to->rules == NULL) {
        _exit(71);
    }
}

static void read_setup(struct worker *w)
{
    struct setup *to = &w->setup;
    struct frame_in in;
    size_t used;

    if (!pipe_next(w, SETUP_MS, &in, &used) || in.kind != FRAME_SETUP) {
        _exit(70);
    }
    to->path = frame_get_text(&in, TEXT_MAX);
    to->name = frame_get_text(&in, TEXT_MAX);
    to->core_version = frame_get_text(&in, TEXT_MAX);
    to->flags = frame_get_u32(&in);
    to->uid = frame_get_u32(&in);
    to->gid = frame_get_u32(&in);
    to->core_pid = (pid_t)frame_get_u32(&in);
    read_lists(&in, to);
    if (!frame_is_whole(&in) || to->path == NULL || to->name == NULL || to->core_version == NULL) {
        _exit(70);
    }
    pipe_drop(w, used);
}

int main(void)
{
    static struct worker w;
    int type = 0;
    socklen_t len = sizeof(type);

    if (getsockopt(FRAME_FD_CORE, SOL_SOCKET, SO_TYPE, &type, &len) < 0) {
        (void)fprintf(stderr, "acme-dns-worker: is started by acme-dns, not by hand\n");
        return 2;
    }
    (void)fcntl(FRAME_FD_CORE, F_SETFD, FD_CLOEXEC);
    (void)fcntl(FRAME_FD_PLUGIN, F_SETFD, FD_CLOEXEC);
    read_setup(&w);
    confine(&w.setup);
    host_init(&w);
    load(&w);
    serve(&w);
    return 0;
}
