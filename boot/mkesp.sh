#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes a FAT image that UEFI firmware starts Evenkeel from: mkesp.sh OUT.img EVENKEEL.EFI CONFIG
# FILE... The application becomes EFI/BOOT/BOOTX64.EFI; the configuration, as evenkeel.cfg, and
# the files lie beside it.
set -eu
[ $# -ge 3 ] || { echo "usage: $0 OUT.img EVENKEEL.EFI CONFIG FILE..." >&2; exit 2; }
out=$1
app=$2
config=$3
shift 3
bytes=$(cat "$app" "$config" "$@" | wc -c)
# A tenth and 4 MiB more for the file system, at least what FAT32 wants.
mib=$((bytes / 1048576 * 11 / 10 + 36))
rm -f "$out.tmp"
truncate -s "${mib}M" "$out.tmp"
mformat -i "$out.tmp" -F -v EVENKEEL ::
mmd -i "$out.tmp" ::/EFI ::/EFI/BOOT
mcopy -i "$out.tmp" "$app" ::/EFI/BOOT/BOOTX64.EFI
mcopy -i "$out.tmp" "$config" ::/EFI/BOOT/evenkeel.cfg
for f in "$@"; do
	mcopy -i "$out.tmp" "$f" ::/EFI/BOOT/
done
mv "$out.tmp" "$out"
