#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes a bootable ISO image (BIOS and UEFI) with GRUB: mkiso.sh OUT.iso GRUBCFG FILE...
# The files go to /boot of the image under their own names.
set -eu
[ $# -ge 2 ] || { echo "usage: $0 OUT.iso GRUBCFG FILE..." >&2; exit 2; }
out=$1
cfg=$2
shift 2
tree=$(mktemp -d "${TMPDIR:-/tmp}/evenkeel-iso.XXXXXX")
trap 'rm -rf "$tree" "$tree.log"' EXIT
mkdir -p "$tree/boot/grub"
cp "$cfg" "$tree/boot/grub/grub.cfg"
for f in "$@"; do
	cp "$f" "$tree/boot/"
done
modules="normal part_gpt part_msdos fat iso9660 multiboot multiboot2 all_video serial terminal configfile echo sleep"
grub-mkrescue -o "$out.tmp" --compress=no --fonts= --locales= --themes= \
	--install-modules="$modules" "$tree" >"$tree.log" 2>&1 || { cat "$tree.log" >&2; exit 1; }
mv "$out.tmp" "$out"
