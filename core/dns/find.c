/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Follows walks (hop.h) from the name asked for over CNAMEs to where the values go, then waits
 * until that zone's servers are known. */
#include "dns/find.h"

#include "base/mem.h"
#include "dns/address.h"
#include "dns/hop.h"
#include "dns/name.h"

#include <string.h>

enum { HOPS_MAX = 16, HOPS_WARN = 8, VALUES_WARN = 10, FIND_LIMIT_MS = 30 * 1000 };

struct dns_find {
    struct dns *dns;
    dns_find_fn *done;
    void *arg;
    struct hop *hop;
    struct bell_waiter waiter; /* at the hop, or at the cut */
    struct cut *cut;
    struct dns_place *place;
    struct loop_timer *deadline;
    struct loop_timer *delivery;
    struct err err;
};

static void find_free(struct dns_find *find)
{
    loop_timer_cancel(&find->deadline);
    loop_timer_cancel(&find->delivery);
    if (find->hop != NULL) {
        hop_leave(find->hop, &find->waiter);
    }
    bell_leave(&find->waiter);
    dns_place_free(find->place);
    mem_free(find);
}

void dns_find_cancel(struct dns_find **find)
{
    if (*find != NULL) {
        find_free(*find);
        *find = NULL;
    }
}

static void on_delivery(void *arg)
{
    struct dns_find *find = arg;
    dns_find_fn *done = find->done;
    void *done_arg = find->arg;
    struct err err = find->err;
    bool has_failed = err.class != ERR_NONE;
    struct dns_place *place = has_failed ? NULL : TAKE(find->place);

    find->delivery = NULL;
    find_free(find);
    done(done_arg, place, has_failed ? &err : NULL);
}

/* Results leave by a timer: other walks may be in the middle of a step that led here, and what the
 * callback cancels must not be under them. */
static void deliver(struct dns_find *find)
{
    loop_timer_cancel(&find->deadline);
    find->delivery = loop_timer_start(find->dns->loop, 0, on_delivery, find);
}

static void warn(struct dns_find *find, char *text)
{
    strv_take(&find->place->warnings, text);
}

static void warn_about_names(struct dns_find *find)
{
    const struct cut *cut = find->cut;

    for (size_t i = 0; i < cut->ns_parent.n && cut->ns_child.n > 0; i++) {
        if (!strv_has(&cut->ns_child, cut->ns_parent.items[i])) {
            warn(find,
                 str_fmt("the parent of '%s' delegates to '%s', which the zone itself does not "
                         "name",
                         cut->name, cut->ns_parent.items[i]));
        }
    }
    for (size_t i = 0; i < cut->ns_child.n && cut->ns_parent.n > 0; i++) {
        if (!strv_has(&cut->ns_parent, cut->ns_child.items[i])) {
            warn(find, str_fmt("the zone '%s' names the server '%s', which its parent does not "
                               "delegate to",
                               cut->name, cut->ns_child.items[i]));
        }
    }
}

/* One sentence for all of them; none for a zone served on loopback, which is this host's own. */
static void warn_about_private(struct dns_find *find)
{
    const struct dns_place *place = find->place;
    AUTO(strv_done) struct strv private = STRV_INIT;
    AUTO_FREE char *joined = NULL;

    for (size_t i = 0; i < place->n_servers; i++) {
        if (address_is_loopback(&place->servers[i].address)) {
            return;
        }
        if (address_is_private(&place->servers[i].address)) {
            strv_add(&private, place->servers[i].text);
        }
    }
    if (private.n > 0) {
        joined = strv_join(&private, ", ");
        warn(find, str_fmt("zone '%s' has servers with private addresses (%s): the CA may see "
                           "others than this host",
                           place->zone, joined));
    }
}

static void warn_about_place(struct dns_find *find)
{
    struct dns_place *place = find->place;

    if (place->n_hops > HOPS_WARN) {
        warn(find, str_fmt("'%s' is a chain of %zu CNAMEs: some CAs' resolvers give up after %d",
                           place->name, place->n_hops, HOPS_WARN));
    }
    if (place->values.n > VALUES_WARN) {
        warn(find, str_fmt("%zu TXT values stand at '%s' already: leftovers make answers too large "
                           "for some CAs; remove those that nobody needs",
                           place->values.n, place->owner));
    }
    warn_about_private(find);
}

static void take_servers(struct dns_find *find)
{
    struct dns_place *place = find->place;
    const struct cut *cut = find->cut;

    place->servers = mem_alloc(cut->n_servers, sizeof(*place->servers));
    for (size_t i = 0; i < cut->n_servers; i++) {
        const struct cut_server *server = cut->servers[i];
        struct dns_server *copy = &place->servers[place->n_servers++];

        copy->ns = str_dup(server->ns);
        copy->text = str_dup(server->text);
        copy->address = server->address;
        copy->class = server->class;
        copy->is_unroutable = net_standing_of(find->dns->net, &server->address) == NET_UNREACHABLE;
    }
}

static void on_complete(void *arg)
{
    struct dns_find *find = arg;

    if (find->cut->n_servers == 0) {
        (void)err_set(&find->err, ERR_PROPAGATION,
                      "the name servers of '%s', where '%s' lives, have no address that is known",
                      find->cut->name, find->place->owner);
    } else {
        str_set(&find->place->zone, find->cut->name);
        take_servers(find);
        warn_about_names(find);
        warn_about_place(find);
    }
    deliver(find);
}

static void complete(struct dns_find *find)
{
    cut_start(find->cut);
    if (find->cut->is_complete) {
        on_complete(find);
    } else {
        bell_wait(&find->cut->complete, &find->waiter, on_complete, find);
    }
}

static bool was_visited(const struct dns_place *place, const char *name)
{
    for (size_t i = 0; i < place->n_hops; i++) {
        if (strcmp(place->hops[i].from, name) == 0) {
            return true;
        }
    }
    return false;
}

static void add_hop(struct dns_place *place, const struct hop *hop)
{
    struct dns_hop step = {.from = str_dup(hop->name),
                           .to = str_dup(hop->target),
                           .kind = hop->step == WALK_CNAME ? DNS_HOP_CNAME : DNS_HOP_DNAME};

    place->hops = mem_resize(place->hops, place->n_hops + 1, sizeof(*place->hops));
    place->hops[place->n_hops++] = step;
    str_set(&place->owner, hop->target);
}

static void fail_path(struct dns_find *find, const char *what)
{
    AUTO_FREE char *path = dns_place_path(find->place);

    (void)err_set(&find->err, ERR_PROPAGATION, "%s: %s", what, path);
    deliver(find);
}

static void on_hop(void *arg);

static void follow(struct dns_find *find)
{
    struct dns_place *place = find->place;

    if (place->n_hops > HOPS_MAX) {
        fail_path(find, "the chain of CNAMEs is longer than 16");
    } else if (was_visited(place, place->owner)) {
        fail_path(find, "the CNAMEs go round in a loop");
    } else if (!name_is_plain(place->owner) || strcmp(place->owner, ".") == 0) {
        fail_path(find, "a CNAME leads to a name that cannot hold values");
    } else {
        find->hop = hop_join(find->dns, place->owner, &find->waiter, on_hop, find);
    }
}

static void on_hop(void *arg)
{
    struct dns_find *find = arg;
    const struct hop *hop = TAKE(find->hop);
    struct dns_place *place = find->place;

    if (hop->err.class != ERR_NONE) {
        find->err = hop->err;
        if (place->n_hops > 0) {
            AUTO_FREE char *path = dns_place_path(place);

            (void)err_hint(&find->err, "the path: %s", path);
        }
        deliver(find);
        return;
    }
    if (hop->step != WALK_END) {
        add_hop(place, hop);
        follow(find);
        return;
    }
    place->soa_minimum_s = hop->minimum;
    strv_copy(&place->values, &hop->values);
    str_set(&place->wildcard_target, hop->wildcard_target);
    find->cut = hop->cut;
    complete(find);
}

static void on_deadline(void *arg)
{
    struct dns_find *find = arg;

    find->deadline = NULL;
    if (find->hop != NULL) {
        hop_leave(find->hop, &find->waiter);
        find->hop = NULL;
    }
    bell_leave(&find->waiter);
    (void)err_set(&find->err, ERR_PROPAGATION, "finding the zone of '%s' took longer than %d s",
                  find->place->owner, FIND_LIMIT_MS / 1000);
    deliver(find);
}

struct dns_find *dns_find_start(struct dns *dns, const char *name, dns_find_fn *done, void *arg)
{
    struct dns_find *find = NEW(struct dns_find);

    find->dns = dns;
    find->done = done;
    find->arg = arg;
    find->place = NEW(struct dns_place);
    find->place->name = str_dup(name);
    name_fold(find->place->name);
    find->place->owner = str_dup(find->place->name);
    if (!name_is_plain(find->place->name) || strcmp(find->place->name, ".") == 0) {
        (void)err_set(&find->err, ERR_CONFIG, "'%s' is not a name that DNS can hold", name);
        deliver(find);
        return find;
    }
    find->deadline = loop_timer_start(dns->loop, FIND_LIMIT_MS, on_deadline, find);
    follow(find);
    return find;
}
