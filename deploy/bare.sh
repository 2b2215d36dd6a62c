#!/usr/bin/env bash
# README's two commands in a minimal root of Debian, made by debootstrap: `make bare`.
#
#   deploy/bare.sh [options] [bookworm|trixie]...       both without a name
#
#   --in DIR       where the roots are made (/var/tmp/footfall-bare; some 1 GB each)
#   --keep         leave them there, and take what was left there
#   --run-only     leave out `make test`
#   --servers      `make test` with CI=true, against the RabbitMQ, PostgreSQL, nginx and pgbouncer
#                  of that Debian, installed in the root: `make debian13`
#   --tests ARGS   what to give pytest instead of nothing, such as "tests/unit -x"
#
# Takes what is committed. Needs root, debootstrap, and the packages of Debian as apt of this machine
# reaches them; pip is configured as it is here. MIRROR names another archive. What runs in a root
# has no network but its own loopback, and is gone with its mounts however this script ends.
set -euo pipefail

REPOSITORY=$(cd "$(dirname "$0")/.." && pwd)
WHERE=/var/tmp/footfall-bare KEEP= RUN_ONLY= SERVERS= TESTS= SUITES=()
PACKAGES=(python3 make git)

say() { printf '\n== %s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

main() {
    read_options "$@"
    [ "$(id -u)" = 0 ] || fail "This makes a root and enters it: run it as root, as with sudo make bare"
    command -v debootstrap >/dev/null || fail "debootstrap is missing: apt install debootstrap"
    [ ${#SUITES[@]} -gt 0 ] || SUITES=(bookworm trixie)
    for SUITE in "${SUITES[@]}"; do
        ROOT=$WHERE/$SUITE${SERVERS:+-servers}
        [ -n "$KEEP" ] || trap 'rm -rf --one-file-system "$ROOT"' EXIT
        make_root
        try
        [ -n "$KEEP" ] || rm -rf --one-file-system "$ROOT"
        say "$SUITE: all of it passed"
    done
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --in) WHERE=$2; shift ;;
            --keep) KEEP=1 ;;
            --run-only) RUN_ONLY=1 ;;
            --servers) SERVERS=1 ;;
            --tests) TESTS=$2; shift ;;
            -*) fail "$1 is no option: see the top of $0" ;;
            *) SUITES+=("$1") ;;
        esac
        shift
    done
}

# Where apt of this machine finds Debian itself.
mirror() {
    local found
    found=${MIRROR:-$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(SITE)' 'Created-By: Packages' |
        awk -F'|' '$1 == "Debian" && $2 == "Debian" {print $3; exit}')}
    # Without lists, as in an image: what the sources say.
    [ -n "$found" ] || found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
        sed -nE 's/^(URIs:|deb( \[[^]]*\])?) +([^ ]+\/debian)\/?( .*)?$/\3/p' | head -n 1)
    [ -n "$found" ] || fail "No archive of Debian in the sources of apt: name one with MIRROR=http://..."
    printf '%s\n' "$found"
}

make_root() {
    local from
    if [ -n "$KEEP" ] && [ -e "$ROOT/.made" ]; then
        say "$SUITE: the root of last time, $ROOT"
    else
        rm -rf --one-file-system "$ROOT"
        mkdir -p "$ROOT"
        from=$(mirror)
        say "$SUITE: debootstrap, with ${PACKAGES[*]}"
        local packages
        packages=$(IFS=,; echo "${PACKAGES[*]}")
        debootstrap --variant=minbase --include="$packages" "$SUITE" "$ROOT" "$from" >"$ROOT.log" 2>&1 ||
            { tail -n 5 "$ROOT.log" >&2; fail "debootstrap failed: $ROOT.log"; }
        # Nothing that is installed starts by itself.
        printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"
        chmod 755 "$ROOT/usr/sbin/policy-rc.d"
        touch "$ROOT/.made"
    fi
    configure
}

# As this machine is, or it would reach nothing.
configure() {
    apt-config dump Acquire >"$ROOT/etc/apt/apt.conf.d/90as-outside"
    cp -L /etc/resolv.conf "$ROOT/etc/resolv.conf"
    printf '127.0.0.1 localhost %s\n::1 localhost\n' "$(hostname)" >"$ROOT/etc/hosts"
    local file
    for file in /etc/pip.conf /etc/xdg/pip "${XDG_CONFIG_HOME:-$HOME/.config}/pip" \
        /etc/ssl/certs/ca-certificates.crt; do
        [ -e "$file" ] || continue
        mkdir -p "$ROOT$(dirname "$file")"
        cp -rL "$file" "$ROOT$(dirname "$file")/"
    done
}

# A command in the root, from /root/footfall. In namespaces of its own: its processes and mounts end
# with it. `inside` is without a network, `online` has that of the machine.
inside() { entered --net "$@"; }
online() { entered "" "$@"; }
entered() {
    local net=$1 given
    shift
    given=$(env | grep -iE '^(PIP_[A-Z_]+|[a-z]+_proxy|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|PYTHONDONTWRITEBYTECODE)=' || true)
    mapfile -t given < <(printf '%s' "$given")
    # shellcheck disable=SC2016,SC2086
    nice unshare --mount --pid --fork --kill-child $net bash -c '
        set -e
        root=$1; shift
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs tmpfs "$root/dev/shm"
        mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
        exec chroot "$root" "$@"
    ' inside "$ROOT" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        DEBIAN_FRONTEND=noninteractive "${given[@]}" \
        python3 -c "$LOOPBACK" sh -ec 'cd /root; if [ -d footfall ]; then cd footfall; fi; '"$*"
}

# Brings the loopback up, which a new network begins without, and becomes the command.
LOOPBACK='
import fcntl, os, socket, struct, sys
with socket.socket() as any:
    fcntl.ioctl(any, 0x8914, struct.pack("16sh14x", b"lo", 0x49))
os.execvp(sys.argv[1], sys.argv[1:])
'

try() {
    say "$SUITE: git clone"
    rm -rf "$ROOT/root/footfall"
    git -C "$REPOSITORY" bundle create --quiet "$ROOT/root/footfall.bundle" HEAD
    inside 'git -c advice.detachedHead=false -c init.defaultBranch=main clone --quiet footfall.bundle footfall; python3 --version; git -C footfall log -1 --oneline'
    [ -n "$SERVERS" ] || without_venv
    say "$SUITE: python3-venv"
    apt_get python3-venv
    if [ -n "$SERVERS" ]; then
        with_servers
        return
    fi
    say "$SUITE: make run"
    online 'bash -c "time -p make runtime"; du -sm .venv' 2>&1 | { grep -v '^WARNING' || true; }
    inside "$(declare -f run_and_ask); run_and_ask"
    [ -z "$RUN_ONLY" ] || return 0
    say "$SUITE: make test"
    online 'make setup' 2>&1 | { grep -v '^WARNING' || true; }
    inside "make test TESTS='$TESTS'"
}

apt_get() {
    online "apt-get update -qq; apt-get install -qq --no-install-recommends $* >/tmp/said 2>&1 ||
        { tail /tmp/said; exit 1; }; dpkg-query -W python3-venv 'postgresql-[0-9]*' $* 2>/dev/null | awk '\$2'"
    # A package of certificates writes them anew.
    configure
}

# Not in a Debian as it comes: the setup has to say so, and to leave nothing behind.
without_venv() {
    say "$SUITE: make run without python3-venv"
    inside 'if dpkg -s python3-venv >/dev/null 2>&1; then exit 0; fi
        if make run >/tmp/said 2>&1; then cat /tmp/said; exit 1; fi
        cat /tmp/said; grep -q "apt install python3-venv" /tmp/said; [ ! -e .venv ]'
}

# Runs in the root, by sh.
run_and_ask() {
    rm -rf footfall-data
    make run >/tmp/said 2>&1 &
    made=$!
    python3 - <<'END' || { cat /tmp/said; exit 1; }
import json, time, urllib.error, urllib.request

HERE = "http://127.0.0.1:3000"

def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(HERE + path, data, timeout=30) as answer:
        return answer.status, json.load(answer)

def until(found):
    end = time.monotonic() + 120
    while not found():
        assert time.monotonic() < end
        time.sleep(0.1)

def served():
    try:
        return ask("/ready")[0] == 200
    except (urllib.error.URLError, ConnectionError):
        return False

until(served)
view = {"page": "example.com/page", "timestamp": "2025-07-16T10:00:00Z"}
assert ask("/page-views/single", view) == (202, {"accepted": 1})
report = "/report?page=example.com/page&now=2025-07-16T11:00:00Z&order=desc&take=1"
until(lambda: ask(report)[1] == {"data": [{"h": 10, "v": 1}]})
print("a view was sent and is in its report")
END
    kill "$made"
    wait "$made" || true
    cat /tmp/said
    if grep -E "Error|Traceback" /tmp/said; then exit 1; fi
}

with_servers() {
    say "$SUITE: RabbitMQ, PostgreSQL, and what else tests start"
    apt_get rabbitmq-server postgresql nginx-light pgbouncer chromium caddy haproxy
    online 'make setup' 2>&1 | { grep -v '^WARNING' || true; }
    say "$SUITE: make services, make test with CI=true"
    inside "make services && CI=true make test TESTS='$TESTS'"
}

main "$@"
