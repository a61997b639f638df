#!/bin/sh
# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
#
# A program for the exec-hook plug-in, to use or to start from: publishes values with nsupdate(1).
#
#     [provider nsupdate]
#     plugin = exec-hook
#     command = /usr/local/lib/acme-dns/sample-hook.sh
#     arg = -k
#     arg = /etc/acme-dns/secrets/acme-dns.key
#     core-allow-path = /etc/acme-dns/secrets/acme-dns.key
#     env = NSUPDATE_SERVER=192.0.2.53
#
# Plug-ins cannot reach the configuration's folder, but for what core-allow-path names; the key must also be
# readable by the user they run as (plugin-user; or set "user = root" for this provider).
#
# What stands in `arg` goes to nsupdate as it is: -k FILE for a key, -g for Kerberos (Active Directory,
# FreeIPA), -v for TCP. NSUPDATE_SERVER is optional ("HOST" or "HOST PORT"): without it nsupdate finds
# the zone's primary. NSUPDATE is the program, when it is not in PATH.
#
# It is called as: sample-hook.sh [ARG...] add|remove|settled FQDN VALUE
# Exit: 0 done, 2 verb not supported, 65 refused, 75 try later, 77 denied, 78 wrong settings. What is
# written to stderr stands in the error that acme-dns shows.
set -eu

# The verb, the name and the value are the last three arguments; what is before them is nsupdate's.
# They are moved to the front one by one, so that no argument is ever split or expanded.
if [ $# -lt 3 ]; then
    echo "usage: $0 [NSUPDATE-ARG...] add|remove|settled FQDN VALUE" >&2
    exit 78
fi
n=$(($# - 3))
while [ "$n" -gt 0 ]; do
    set -- "$@" "$1"
    shift
    n=$((n - 1))
done
verb=$1 fqdn=$2 value=$3
shift 3

# nsupdate reads its commands by lines and quotes: the values of ACME challenges are base64url, and
# anything else is not sent.
case $value in
*[!A-Za-z0-9_-]* | '')
    echo "will not send a value with other characters than A-Z a-z 0-9 _ -" >&2
    exit 65
    ;;
esac

case $verb in
add) change="update add $fqdn ${ACME_DNS_TTL:-60} IN TXT \"$value\"" ;;
# With the value: other values of the same name are not ours to delete.
remove) change="update delete $fqdn IN TXT \"$value\"" ;;
# There is nothing to ask: acme-dns looks at the name servers itself.
*) exit 2 ;;
esac

# nsupdate says why it failed on stderr; its exit code is 1 for its own trouble (no server, bad key
# file) and 2 for a refusal.
status=0
{
    if [ -n "${NSUPDATE_SERVER:-}" ]; then
        echo "server $NSUPDATE_SERVER"
    fi
    echo "zone ${ACME_DNS_ZONE:?}"
    echo "$change"
    echo send
} | "${NSUPDATE:-nsupdate}" "$@" || status=$?

case $status in
0) exit 0 ;;
2) exit 77 ;;
127) exit 78 ;;
*) exit 75 ;;
esac
