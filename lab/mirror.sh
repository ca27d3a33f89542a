#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/mirror.sh
# Prints the Debian mirror this machine is configured for. apt itself reads
# its sources, so every format it knows is understood. ATMO_MIRROR overrides.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# Debian's own archive, not its security archive or a third party's.
configured()
{
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' \
		'Created-By: Packages' 2>/dev/null |
		sed -n 's/^Debian|Debian|//p' | sort | uniq -c | sort -rn |
		awk 'NR == 1 { print $2 }'
}

# Debian's cloud images name a file that lists the mirrors.
resolve()
{
	case $1 in
	mirror+file:*)
		awk '!/^#/ && NF { print $1; exit }' "${1#mirror+file:}" ;;
	*)
		echo "$1" ;;
	esac
}

if [ -n "${ATMO_MIRROR:-}" ]; then
	echo "$ATMO_MIRROR"
	exit 0
fi
uri=$(configured)
if [ -z "$uri" ] && [ "$(id -u)" -eq 0 ]; then
	logged "$LOGS/apt-update.log" apt-get -q update
	uri=$(configured)
fi
[ -n "$uri" ] ||
	die "apt is configured for no Debian mirror" "set ATMO_MIRROR=URL"
resolve "$uri"
