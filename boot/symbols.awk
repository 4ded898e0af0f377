# SPDX-License-Identifier: GPL-2.0-only
# Turns `nm -n image` into the assembly of the symbol table that kernel/symbols.c searches:
# functions of the image by ascending address, the low half of each address and the offset of its
# name.
BEGIN { at = 0; n = 0 }
$2 ~ /^[tT]$/ && $1 ~ /^ffffffff/ && $3 !~ /^\.|^image_/ && $3 !~ /\./ {
	address[n] = substr($1, 9)
	name[n] = $3
	offset[n] = at
	at += length($3) + 1
	n++
}
END {
	print "section .symbols progbits alloc noexec nowrite align=8"
	print "global symbols_count, symbols_entries, symbols_text"
	print "symbols_count: dd " n
	print "symbols_entries:"
	for (i = 0; i < n; i++) {
		print "\tdd 0x" address[i] ", " offset[i]
	}
	print "symbols_text:"
	for (i = 0; i < n; i++) {
		print "\tdb \"" name[i] "\", 0"
	}
	print "\tdb 0"
	print "section .note.GNU-stack noalloc noexec nowrite progbits"
}
