#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# usage: symbols.sh LIBATMO_A LIBATMO_MAP
# In a static link the library's globals lie beside those of the program: all are to
# begin with atmo_, and to be hidden unless the map exports them. Prints TAP.
set -eu
export LC_ALL=C

archive=$1 map=$2
failed=0

# none NUMBER NAME LINES: passes when there are no lines.
none()
{
	if [ -z "$3" ]; then
		echo "ok $1 - $2"
		return
	fi
	failed=1
	echo "not ok $1 - $2"
	echo "$3" | sed 's/^/# /'
}

nm -g --defined-only "$archive" >"$archive.nm"
readelf -sW "$archive" >"$archive.readelf"
awk 'NF == 3 { print $3 }' "$archive.nm" | sort >"$archive.globals"
awk '$5 ~ /GLOBAL|WEAK/ && $6 == "DEFAULT" && $7 != "UND" { print $8 }' \
	"$archive.readelf" | sort >"$archive.visible"
sed -n 's/^[[:space:]]*\(atmo_[a-z0-9_]*\);$/\1/p' "$map" | sort >"$archive.exported"
[ -s "$archive.exported" ]

echo 1..3
none 1 globals_have_the_prefix "$(grep -v '^atmo_' "$archive.globals" || :)"
none 2 what_is_not_exported_is_hidden \
	"$(comm -23 "$archive.visible" "$archive.exported")"
none 3 what_is_exported_is_there "$(comm -13 "$archive.visible" "$archive.exported")"
exit $failed
