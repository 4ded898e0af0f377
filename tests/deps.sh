#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# deps.sh PACKAGE...: installs the Debian packages that are missing, with apt-get, as root or by sudo. `a|b` means the
# first of the two that this release of Debian has.
set -eu
if ! command -v dpkg-query >/dev/null; then
	echo "  DEPS  no dpkg here; make sure that the tools of these packages are installed: $*"
	exit 0
fi
installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}
missing=
for group in "$@"; do
	found=
	for package in $(echo "$group" | tr '|' ' '); do
		if installed "$package"; then
			found=yes
		fi
	done
	[ -n "$found" ] || missing="$missing $group"
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "  DEPS  missing:$missing; run 'make deps' as root" >&2
		exit 1
	}
	root=sudo
fi
echo "  DEPS  missing:$missing"
$root apt-get -q update
wanted=
for group in $missing; do
	choice=
	for package in $(echo "$group" | tr '|' ' '); do
		if [ -z "$choice" ] && apt-cache show "$package" >/dev/null 2>&1; then
			choice=$package
		fi
	done
	wanted="$wanted ${choice:-$group}"
done
echo "  DEPS  apt-get install$wanted"
# shellcheck disable=SC2086
$root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $wanted
