#!/bin/sh
# Unpack Debian's PostgreSQL 17 with pgvector into one folder and run it with the C library it was built for.
#
#   postgres-on-debian.sh FOLDER        prints the path of the folder with initdb, postgres and pg_ctl
#
# Nothing is installed: no package's scripts run, no service starts; apt works on lists and a package state of its own.
# A second run finds the finished folder and only prints the path. Needs apt and dpkg-deb; root is not needed.
set -eu

suite=trixie
say() { printf 'postgres: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

if [ $# -ne 1 ] || [ -z "$1" ]; then echo "usage: $0 FOLDER" >&2; exit 2; fi
mkdir -p "$(dirname "$1")"
target=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
if [ -e "$target/.suite" ]; then echo "$target/bin"; exit 0; fi

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || die 'no Debian archive keyring (package debian-archive-keyring)'
# shellcheck disable=SC2016  # apt's own fields
mirror=$(apt-get indextargets --no-release-info 'Created-By: Packages' --format '$(REPO_URI)' 2>/dev/null |
  grep -m1 '/debian/*$') || die 'no Debian mirror in the apt sources'

rm -rf "$target".tmp.*   # left by a run that was killed
work=$(mktemp -d "$target.tmp.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$work"
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/debs" "$work/out/bin"
: >"$work/apt/status"
echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/apt/sources.list"
own_apt() {
  cmd=$1; shift
  "$cmd" -o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::PreferencesParts=/dev/null -o Dir::State="$work/apt" -o Dir::State::Lists="$work/apt/lists" \
    -o Dir::State::status="$work/apt/status" -o Dir::Cache="$work/apt/cache" \
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}
own_apt apt-get -q update >"$work/log" 2>&1 || { cat "$work/log" >&2; die 'apt-get update failed'; }
(cd "$work/debs" && own_apt apt-get -q download postgresql-17 postgresql-17-pgvector libpq5 libc6 libgcc-s1 libstdc++6 \
  libgssapi-krb5-2 libkrb5-3 libkrb5support0 libk5crypto3 libcom-err2 libkeyutils1 libicu76 libldap2 libsasl2-2 \
  liblz4-1 liblzma5 libpam0g libaudit1 libcap-ng0 libcap2 libselinux1 libpcre2-8-0 libssl3t64 libsystemd0 libuuid1 \
  libxml2 libxslt1.1 libgcrypt20 libgpg-error0 libzstd1 zlib1g libxxhash0) >"$work/log" 2>&1 ||
  { cat "$work/log" >&2; die 'download failed'; }
for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$work/out/root"; done

# Without the compiler for queries, manuals and translations: 87 MB instead of 298.
programs=$work/out/root/usr/lib/postgresql/17
rm -rf "$programs"/lib/llvmjit* "$programs/lib/bitcode" "$work"/out/root/usr/share/doc "$work"/out/root/usr/share/man \
  "$work"/out/root/usr/share/locale
# The loader must not move the programs' own folder: they find initdb's files relative to it.
mv "$programs/bin" "$programs/real"
mkdir "$programs/bin"
for name in initdb postgres pg_ctl; do
  for launcher in "$programs/bin/$name" "$work/out/bin/$name"; do
    cat >"$launcher" <<LAUNCH
#!/bin/sh
root=\$(cd "\$(dirname "\$0")" && pwd)
while [ ! -e "\$root/.suite" ]; do root=\$(dirname "\$root"); done
lib=\$(echo "\$root"/root/usr/lib/*-linux-gnu)
programs=\$root/root/usr/lib/postgresql/17
exec "\$lib"/ld-linux*.so.* --inhibit-cache --library-path "\$lib" --argv0 "\$programs/bin/$name" "\$programs/real/$name" "\$@"
LAUNCH
    chmod 755 "$launcher"
  done
done
echo "$suite" >"$work/out/.suite"
"$work/out/bin/postgres" --version >&2 || die 'the unpacked postgres does not start'
rm -rf "$target"
mv "$work/out" "$target"
echo "$target/bin"
