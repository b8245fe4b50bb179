# variables.awk: reads tools/variables.txt.
#
#   awk -v what=names ...     the variables' names
#   awk -v what=switches ...  those that are off unless switched on
#   awk -v what=help ...      the table, for people
#   awk -v what=refuse ...    one sentence for each value in the environment that its variable does
#                             not take

BEGIN {
	FS = "  +"
	pattern["switch"] = "^[01]?$"
	pattern["size"] = "^([1-9][0-9]*[KMGTkmgt])?$"
	pattern["word"] = "^[A-Za-z0-9._,=+-]*$"
	pattern["words"] = "^([A-Za-z0-9._,=+:/ -]|\"[A-Za-z0-9._,=+:/|;&<>?*!~%@ -]*\")*$"
	pattern["path"] = "^[A-Za-z0-9._,=+~@/-]*$"
	takes["switch"] = "1 or 0"
	takes["size"] = "a size such as 512M"
	takes["word"] = "letters, digits and . _ , = + -"
	takes["words"] = "letters, digits, blanks, . _ , = + : / - and pairs of \", in which also | ; & < > ? * ! ~ % @ may stand"
	takes["path"] = "a path without blanks and without signs that make or the shell reads"
}

/^## / { if (what == "help") print substr($0, 4) ":" }
/^#/ || !NF { next }

{
	name = $1
	kind = $2
	text = $NF
	usual = NF > 3 ? $3 : ""
}

what == "names" || (what == "switches" && kind == "switch" && usual == "") { print name }
what == "help" { printf "  %-15s %-9s %-6s %s\n", name, kind == "switch" ? takes[kind] : kind, usual, text }
what == "refuse" && !accepts(kind, ENVIRON[name]) {
	printf "%s%s=%s is refused: %s takes %s", refused++ ? "; " : "", name, ENVIRON[name], name,
		kind in takes ? takes[kind] : "a number from " low " to " high
}

function accepts(kind, value) {
	if (kind ~ /^[0-9]/) {
		low = kind
		high = kind
		sub(/-.*/, "", low)
		sub(/.*-/, "", high)
		return value == "" || (value ~ /^[1-9][0-9]*$/ && length(value) < 10 &&
			value + 0 >= low + 0 && value + 0 <= high + 0)
	}
	return kind == "text" || value ~ pattern[kind]
}
