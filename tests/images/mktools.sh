#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# mktools.sh BASE OUT: the initial RAM file system BASE and, behind it, Debian's vmware-toolbox-cmd (package
# open-vm-tools) with the libraries it needs. Needs no root.
set -eu
base=$(realpath "$1")
out=$(realpath -m "$2")
dir=$out.package
# libtirpc3 brings Kerberos.
packages="open-vm-tools libc6 libgcc-s1 libglib2.0-0 libpcre2-8-0 libffi8 libtirpc3 libgssapi-krb5-2 libkrb5-3 libk5crypto3
	libkrb5support0 libcom-err2 libkeyutils1"
rm -rf "$dir"
mkdir -p "$dir/root"
cd "$dir"
echo "  FETCH open-vm-tools"
apt-cache show open-vm-tools >/dev/null 2>&1 || {
	[ "$(id -u)" = 0 ] && sudo= || sudo=sudo
	$sudo apt-get -q update
}
apt-get -qq -o APT::Sandbox::User=root download $packages >download.log 2>&1 || {
	cat download.log >&2
	exit 1
}
mkdir all
for package in *.deb; do
	dpkg-deb -x "$package" all
done
mkdir -p root/usr/bin root/usr/lib/x86_64-linux-gnu root/lib64
cp all/usr/bin/vmware-toolbox-cmd root/usr/bin/
find all -name '*.so*' -path '*/x86_64-linux-gnu/*' ! -path '*/gconv/*' ! -path '*/open-vm-tools/*' \
	-exec cp -a {} root/usr/lib/x86_64-linux-gnu/ \;
cp -L root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 root/lib64/
(cd root && find . | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc) | gzip -1n | cat "$base" - >"$out"
cd /
rm -rf "$dir"
