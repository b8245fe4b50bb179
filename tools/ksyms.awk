# Makes the symbol table for back traces from the output of `nm -n`: the code's names, in the order
# of their addresses. (An empty input makes an empty table, for the first of the two links.)
#
#   ksyms_count      dd n
#   ksyms_addresses  dd n addresses, ascending
#   ksyms_names      dd n offsets into ksyms_strings
#   ksyms_strings    the names, each ended by a zero byte

$2 ~ /^[tT]$/ {
	addresses = addresses "dd 0x" $1 "\n"
	names = names "dd " offset "\n"
	strings = strings "db '" $3 "', 0\n"
	offset += length($3) + 1
	count++
}

BEGIN {
	offset = 0
	count = 0
}

END {
	print "section .ksyms progbits alloc noexec nowrite align=4"
	print "global ksyms_count, ksyms_addresses, ksyms_names, ksyms_strings"
	print "ksyms_count:\ndd " count
	print "ksyms_addresses:\n" addresses
	print "ksyms_names:\n" names
	print "ksyms_strings:\n" strings
}
