#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# mkinitramfs.sh OUT INIT: initial RAM file system of the Debian test guests: a static busybox and INIT. Needs no root.
set -eu
out=$(realpath -m "$1")
init=$(realpath "$2")
root=$out.root
rm -rf "$root"
mkdir -p "$root/bin"
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$init" "$root/init"
chmod 755 "$root/init" "$root/bin/busybox"
touch -h -d @946684800 "$root" "$root/bin" "$root/init" "$root/bin/busybox"
(cd "$root" && printf '%s\n' . bin bin/busybox init | cpio --quiet --reproducible -o -H newc) | gzip -1n >"$out"
rm -rf "$root"
