#!/bin/sh
# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
# The other end of the dialogue that acme-dns -t dns-01 speaks: publishes with nsupdate, takes everything away
# when the dialogue is over. Usage: stdio_publish.sh SERVER ZONE KEYFILE
set -eu
update() {
    printf 'server %s\nzone %s\nupdate %s\nsend\n' "$server" "$zone" "$1" | "${NSUPDATE:-nsupdate}" -v -k "$key" >&2
}
server=$1 zone=$2 key=$3 published=
while read -r type domain token; do
    value=$(printf %s "$token" | openssl dgst -sha256 -binary | openssl base64 -A | tr +/ -_ | tr -d =)
    update "add _acme-challenge.$domain. 1 TXT $value"
    published="$published $domain:$value"
    echo "$type $domain $token"
done
for pair in $published; do
    update "del _acme-challenge.${pair%%:*}. TXT ${pair#*:}"
done
