#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# fetch_kernel.sh META OUT: downloads the newest kernel behind Debian's meta package META (linux-image-amd64,
# linux-image-cloud-amd64), unpacks it without root beside OUT and copies the bzImage to OUT.
set -eu
meta=$1
out=$(realpath -m "$2")
dir=$out.package
resolve() {
	apt-cache depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1
}
package=$(resolve)
if [ -z "$package" ]; then
	[ "$(id -u)" = 0 ] && sudo= || sudo=sudo
	$sudo apt-get -q update
	package=$(resolve)
fi
[ -n "$package" ] || {
	echo "fetch_kernel.sh: apt knows no package behind $meta" >&2
	exit 1
}
echo "  FETCH $package"
rm -rf "$dir"
mkdir -p "$dir"
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download "$package" >download.log 2>&1 || {
	cat download.log >&2
	exit 1
}
dpkg-deb --fsys-tarfile "$package"_*.deb | tar -x --wildcards './boot/vmlinuz-*'
cp boot/vmlinuz-* "$out"
cd /
rm -rf "$dir"
