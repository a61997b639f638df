# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
#
# Sourced by the scripts beside this folder: build packages from apt, and the server daemons of the
# test lab. Build packages are installed (none of them starts a service). Daemons are never
# installed, because their packages start services and bring AppArmor profiles: they are downloaded
# and unpacked into a cache folder of the user's and run from there. npm packages, which are the
# providers' own clients that the tests' stand-ins are measured by, go there too.
#
# Functions: packages_build, packages_lab, packages_npm. They print nothing when there is nothing to do,
# and end the script with one sentence when they cannot do their work.

BUILD_PACKAGES=(
    gcc g++ make clang clang-format-14 clang-tidy-14 cmake ninja-build pkg-config binutils libc6-dev
    nghttp2-server libgnutls28-dev libcurl4-gnutls-dev libyajl-dev libldns-dev libpsl-dev publicsuffix libexpat1-dev
    libcmocka-dev
    curl python3 python3-pytest python3-pytest-xdist python3-dnspython python3-cryptography
    ca-certificates debian-archive-keyring groff-base mandoc iproute2 util-linux openssl procps systemd valgrind
)
LAB_PACKAGES=(knot bind9 bind9-dnsutils unbound pdns-server pdns-backend-sqlite3 pebble)
NPM_PACKAGES=(
    aws-sdk@2.1693.0 @smithy/signature-v4@5.7.5 @smithy/protocol-http@5.6.2 @aws-crypto/sha256-js@5.2.0
    cloudflare@7.3.0
)
# Hooks that were written for other ACME clients, and those clients; their programs are run as they are.
HOOK_PACKAGES=(dehydrated dehydrated-hook-ddns-tsig uacme lexicon certbot lego python3-certbot-dns-cloudflare)
# Servers that use certificates, for the snippets of acme-dns-deploy(7).
TLS_PACKAGES=(nginx apache2 haproxy postfix postgresql-15)
# The daemon, and crontab, which checks what it installs.
CRON_PACKAGES=(cron)
# What has a program believe in another time.
CLOCK_PACKAGES=(libfaketime)
# Where packages newer than this system's are looked for, newest first. The first that runs here is taken
# (sid may one day want a newer C library than this system has).
NEWER_SUITES=(sid testing trixie)
DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

lab_cache_dir() {
    printf '%s\n' "${ACME_LAB_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/acme-dns-lab}"
}

packages_fail() {
    printf 'error: %s\n' "$*" >&2
    exit 3
}

# Runs a command as root: directly, or by sudo. Fails with a sentence where neither is possible.
packages_as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo -- "$@" || packages_fail "sudo could not run '$*'"
    else
        packages_fail "'$*' needs root and there is no sudo: run it as root once, then start again"
    fi
}

packages_is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

packages_has_candidate() {
    apt-cache policy "$1" 2>/dev/null | grep -q '^  Candidate: [^(]'
}

# apt-get update, once a script run at most.
packages_refresh_lists() {
    [ -z "${packages_lists_are_fresh:-}" ] || return 0
    echo "apt-get update ..." >&2
    packages_as_root apt-get -qq update >&2 ||
        packages_fail "apt-get update failed: is there a network, and are the package sources right?"
    packages_lists_are_fresh=yes
}

# Installs what is missing of BUILD_PACKAGES. policy-rc.d is not touched: none of these packages has
# a service.
packages_build() {
    local missing=() name
    [ -e /etc/debian_version ] || packages_fail "this script wants Debian 12 or newer (apt and dpkg)"
    for name in "${BUILD_PACKAGES[@]}"; do
        packages_is_installed "$name" || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "installing: ${missing[*]}" >&2
    for name in "${missing[@]}"; do
        packages_has_candidate "$name" || packages_refresh_lists
    done
    if ! packages_install "${missing[@]}"; then
        packages_refresh_lists
        packages_install "${missing[@]}" ||
            packages_fail "apt-get could not install ${missing[*]} (its own words are above)"
    fi
}

packages_install() {
    packages_as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install "$@" >&2
}

# The daemons and the libraries they need which this system lacks, unpacked below CACHE/servers, other
# clients' hooks below CACHE/hooks, servers that use certificates below CACHE/tls, the newest Pebble and
# acme.sh (which Debian 12 has not) below CACHE/pebble-new and CACHE/acme-sh.
packages_lab() {
    local cache
    cache=$(lab_cache_dir)
    mkdir -p -- "$cache" || packages_fail "cannot make the cache folder '$cache'"
    (
        flock 9
        packages_unpack "$cache/servers" "${LAB_PACKAGES[@]}"
        packages_unpack "$cache/hooks" "${HOOK_PACKAGES[@]}"
        packages_unpack "$cache/tls" "${TLS_PACKAGES[@]}"
        packages_unpack "$cache/cron" "${CRON_PACKAGES[@]}"
        packages_unpack "$cache/clock" "${CLOCK_PACKAGES[@]}"
        packages_unpack_newer "$cache/pebble-new" pebble usr/bin/pebble -version
        packages_unpack_newer "$cache/acme-sh" acme.sh usr/share/acme.sh/acme.sh --version
    ) 9>"$cache/.lock" || exit $?
}

# NPM_PACKAGES below CACHE/npm/node_modules, for node there. Node.js itself may have come from
# elsewhere than Debian, with an npm that Debian's would be in conflict with.
packages_npm() {
    local cache
    cache=$(lab_cache_dir)
    mkdir -p -- "$cache" || packages_fail "cannot make the cache folder '$cache'"
    if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
        echo "installing: nodejs npm" >&2
        packages_has_candidate npm || packages_refresh_lists
        packages_install nodejs npm || packages_fail "apt-get could not install nodejs and npm"
    fi
    (
        flock 9
        [ "$(head -n 1 "$cache/npm/.ready" 2>/dev/null)" = "${NPM_PACKAGES[*]}" ] ||
            packages_npm_install "$cache/npm"
    ) 9>"$cache/.npm-lock" || exit $?
}

# Beside what is there, and then in its place. No package's own script is run.
packages_npm_install() {
    local target=$1
    echo "npm install ${NPM_PACKAGES[*]}" >&2
    rm -rf -- "$target.new" "$target.old"
    mkdir -p -- "$target.new"
    printf '{"private": true}\n' >"$target.new/package.json"
    npm install --prefix "$target.new" --ignore-scripts --no-audit --no-fund --no-update-notifier \
        --loglevel error "${NPM_PACKAGES[@]}" >&2 ||
        packages_fail "npm could not install ${NPM_PACKAGES[*]} (its own words are above)"
    printf '%s\n' "${NPM_PACKAGES[*]}" >"$target.new/.ready"
    [ ! -e "$target" ] || mv -- "$target" "$target.old"
    mv -- "$target.new" "$target"
    rm -rf -- "$target.old"
}

# What apt would have to install for some packages, by name; it only pretends to.
packages_closure() {
    printf '%s\n' "$@"
    LC_ALL=C apt-get -s --no-install-recommends install "$@" | sed -n 's/^Inst \([^ :]*\).*/\1/p'
}

# Unpacks packages, and what they need which this system lacks, into a folder, unless it has them. Beside
# what is there, which another run may be using, and then in its place.
packages_unpack() {
    local target=$1 name
    shift
    [ "$(head -n 1 "$target/.ready" 2>/dev/null)" != "$*" ] || return 0
    for name in "$@"; do
        packages_has_candidate "$name" || packages_refresh_lists
    done
    if ! packages_fetch "$target.new" "$target.debs" "$@"; then
        packages_refresh_lists
        packages_fetch "$target.new" "$target.debs" "$@" ||
            packages_fail "apt-get could not download $*"
    fi
    printf '%s\n' "$*" >"$target.new/.ready"
    rm -rf -- "$target.old"
    [ ! -e "$target" ] || mv -- "$target" "$target.old"
    mv -- "$target.new" "$target"
    rm -rf -- "$target.old" "$target.debs"
}

packages_fetch() {
    local target=$1 debs=$2 names
    shift 2
    rm -rf -- "$target" "$debs"
    mkdir -p -- "$target" "$debs"
    mapfile -t names < <(packages_closure "$@" | sort -u)
    echo "downloading, not installing: ${names[*]}" >&2
    (cd -- "$debs" && apt-get -qq -o APT::Sandbox::User=root download "${names[@]}" >&2) || return 1
    packages_unpack_debs "$debs" "$target"
}

packages_unpack_debs() {
    local deb
    for deb in "$1"/*.deb; do
        dpkg-deb -x "$deb" "$2" || return 1
    done
}

# The mirror this system uses for Debian proper, whatever the format of its sources.
packages_mirror() {
    local uri
    # shellcheck disable=SC2016 # the $(...) are apt's own
    uri=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' \
        2>/dev/null | sed -n 's/^Debian|Debian|//p' | head -n 1)
    if [ -z "$uri" ]; then
        uri=http://deb.debian.org/debian
    fi
    printf '%s\n' "${uri%/}"
}

# apt-get with a configuration folder, lists and sources of its own; the system's are not touched.
# Signatures are checked as always, against Debian's archive keys.
packages_private_apt() {
    local folder=$1 command=$2
    shift 2
    "$command" -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache" \
        -o APT::Sandbox::User=root -o Acquire::Languages=none \
        -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false "$@"
}

# Unpacks one package from a newer suite, unless it is there: the first whose program can be run so.
packages_unpack_newer() {
    local target=$1 name=$2 mirror suite
    shift 2
    [ ! -e "$target/.ready" ] || return 0
    mirror=$(packages_mirror)
    for suite in "${NEWER_SUITES[@]}"; do
        echo "looking for $name in $suite ..." >&2
        if packages_fetch_newer "$target" "$name" "$mirror" "$suite" && "$target/$@" >&2; then
            rm -rf -- "$target.apt"
            printf '%s\n' "$suite" >"$target/.ready"
            return 0
        fi
    done
    rm -rf -- "$target.apt"
    packages_fail "no $name that runs here could be had from $mirror (${NEWER_SUITES[*]})"
}

packages_fetch_newer() {
    local target=$1 name=$2 mirror=$3 suite=$4 folder=$1.apt
    rm -rf -- "$target" "$folder"
    mkdir -p -- "$target" "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/debs"
    printf 'deb [signed-by=%s] %s %s main\n' "$DEBIAN_KEYRING" "$mirror" "$suite" \
        >"$folder/sources.list"
    packages_private_apt "$folder" apt-get -qq update >&2 || return 1
    (cd -- "$folder/debs" && packages_private_apt "$folder" apt-get -qq download "$name" >&2) ||
        return 1
    packages_unpack_debs "$folder/debs" "$target"
}
