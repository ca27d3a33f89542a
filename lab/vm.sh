#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: lab/vm.sh [OPTIONS] GUEST_SCRIPT [ARGS...]
# Boots a virtual machine, runs one script of the project in it as root, and
# returns that script's exit status. The script's output comes straight to
# stdout; the kernel's log and the device model's go to files in build/log.
# In the guest the project is at /project (read-only), results go to /out.
#
#   --kernel NAME   6.12 (default), 7.3 or kunit: see lab/kernels.sh
#   --nic ARGS      options for the device model (default: those of a line
#                   "# nic: ARGS" in the script, else a wire between the two
#                   ports); function 0 and 1 of slot 3 are its ports
#   --no-nic        no 82599 at all
#   --iommu         an Intel IOMMU, strict, in front of the NIC
#   --root LAYER    root file system of the guest (default: that of a line
#                   "# root: LAYER" in the script, else what the kernel needs)
#   --mem MIB       memory (default: that of a line "# mem: MIB" in the
#                   script, else 1024)
#   --smp N         processors (default 2)
#   --icount        one processor whose clock advances a nanosecond with each
#                   instruction (TCG); the guest has QEMU's monitor as port lab.mon
#   --timeout S     seconds until everything is killed (default 300)
#   --append ARGS   more kernel parameters
#   --out DIR       directory of the host to appear as /out (default: scratch)
#   --name NAME     name of the log files (default: the script's)
#   --allow-log RE  kernel log lines that are expected: see lab/dmesg-check.sh
#
# Exit status: the script's; 124 after the time limit; 125 when the machine
# could not start, died, or left something in the kernel's log.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$LAB/kernels.sh"

KERNEL=6.12 NIC="" IOMMU="" ROOT="" ICOUNT="" MEM="" SMP=2 LIMIT=300 APPEND=""
OUT="" NAME="" ALLOW="" GEN=""

parse()
{
	while [ $# -gt 0 ]; do
		case $1 in
		--kernel) KERNEL=$2; shift ;;
		--nic) NIC=$2; shift ;;
		--no-nic) NIC=none ;;
		--iommu) IOMMU=y ;;
		--root) ROOT=$2; shift ;;
		--mem) MEM=$2; shift ;;
		--smp) SMP=$2; shift ;;
		--icount) ICOUNT=y SMP=1 ;;
		--timeout) LIMIT=$2; shift ;;
		--append) APPEND=$2; shift ;;
		--out) OUT=$2; shift ;;
		--name) NAME=$2; shift ;;
		--allow-log) ALLOW=$2; shift ;;
		-*) usage "$0" ;;
		*) break ;;
		esac
		shift
	done
	[ $# -gt 0 ] || usage "$0"
	SCRIPT=$(realpath "$1")
	shift
	ARGS=("$@")
	case $SCRIPT in
	"$PROJECT"/*) ;;
	*) die "$SCRIPT is not in the project" "the guest only sees the project" ;;
	esac
	[ -x "$SCRIPT" ] || die "$SCRIPT is not executable" "chmod +x it"
	NAME=${NAME:-$(basename "$SCRIPT" .sh)}
	NIC=${NIC:-$(sed -n 's/^# nic: //p;20q' "$SCRIPT")}
	NIC=${NIC:---wire loop}
	ROOT=${ROOT:-$(sed -n 's/^# root: //p;20q' "$SCRIPT")}
	MEM=${MEM:-$(sed -n 's/^# mem: //p;20q' "$SCRIPT")}
	MEM=${MEM:-1024}
	case "$NIC " in
	*[\ =]gen\ *) GEN=y ;;
	esac
}

# Ends what this run started, by process id, and only that.
PIDS=()
cleanup()
{
	local status=$? pid

	trap - EXIT
	for pid in "${PIDS[@]}"; do
		kill "$pid" 2>/dev/null || continue
		timeout 3 tail --pid="$pid" -s 0.05 -f /dev/null || kill -9 "$pid"
	done
	wait 2>/dev/null || true
	rm -rf "$RUN"
	exit "$status"
}

# What lab/guest/init reads, in the words of its small shell.
write_orders()
{
	local word

	OUT=${OUT:-$RUN/out}
	mkdir -p "$OUT/.lab"
	rm -f "$OUT/.lab/"*
	{
		echo "export ATMO_KERNEL=$KERNEL"
		echo "export ATMO_KMOD=/project/build/kmod-$KERNEL"
		printf 'set --'
		for word in "/project${SCRIPT#"$PROJECT"}" "${ARGS[@]}"; do
			printf " '%s'" "${word//\'/\'\\\'\'}"
		done
		echo
	} >"$OUT/.lab/orders"
}

# The device model: one socket a port. It is there when both sockets are.
start_nic()
{
	local tries=100

	[ -x "$BUILD/nic82599/nic82599" ] ||
		die "no device model" "run lab/build.sh"
	# shellcheck disable=SC2086 # a list of options
	"$BUILD/nic82599/nic82599" --socket0 "$RUN/port0" --socket1 "$RUN/port1" $NIC \
		${GEN:+--gen-control "$RUN/gen"} \
		>"$NIC_LOG" 2>&1 </dev/null 9>&- &
	PIDS+=($!)
	until [ -S "$RUN/port0" ] && [ -S "$RUN/port1" ]; do
		tries=$((tries - 1))
		if [ $tries -eq 0 ] || ! kill -0 "${PIDS[-1]}" 2>/dev/null; then
			sed 's/^/    /' "$NIC_LOG" >&2
			die "the device model did not start" "read $NIC_LOG" 125
		fi
		sleep 0.05
	done
}

nic_port()
{
	printf '{"driver":"vfio-user-pci","socket":{"path":"%s","type":"unix"},' \
		"$RUN/port$1"
	printf '"addr":"3.%d","multifunction":true}' "$1"
}

# Slots of their own: QEMU places devices given as JSON, as the NIC is, last.
SLOT=8
share()
{
	SLOT=$((SLOT + 1))
	QEMU+=(-fsdev "local,id=$1,path=$2,security_model=none,multidevs=remap$3"
	       -device "virtio-9p-pci,addr=$(printf %x $SLOT),fsdev=$1,mount_tag=$1")
}

# Under TCG a processor with fewer features boots in two thirds of the time.
# The random generator spares the guest a wait for entropy.
cpu()
{
	case $1 in
	kvm) echo host ;;
	*) echo qemu64,+rdrand,+smep,+smap,+ssse3,+sse4.1,+sse4.2,+popcnt ;;
	esac
}

# no_timer_check: a processor that the host didn't run for long fails that check.
machine()
{
	local root accel

	accel=${ICOUNT:+tcg}
	accel=${accel:-$("$LAB/accel.sh")}
	root=${ROOT:+$("$LAB/root.sh" "$ROOT")}
	root=${root:-$(kernel_root "$KERNEL")}
	# shellcheck disable=SC2054 # commas belong to the values
	QEMU=(-machine "q35,memory-backend=mem" -accel "$accel"
	      -cpu "$(cpu "$accel")" -smp "$SMP" -m "$MEM"
	      -object "memory-backend-memfd,id=mem,size=${MEM}M,share=on"
	      -nodefaults -no-user-config -display none -no-reboot
	      -kernel "$("$LAB/vmlinux.sh" "$KERNEL")"
	      -initrd "$("$LAB/initramfs.sh" "$KERNEL")"
	      -append "console=ttyS0 panic=-1 oops=panic nokaslr mitigations=off no_timer_check ${IOMMU:+intel_iommu=on iommu.strict=1 iommu.passthrough=0} $APPEND"
	      -serial "file:$KERNEL_LOG"
	      -device virtio-serial-pci,addr=8 -chardev "file,id=term,path=$RUN/term"
	      -device virtserialport,chardev=term,name=lab.term)
	share root "$root" ,readonly=on
	share project "$PROJECT" ,readonly=on
	share out "$OUT" ""
	# shellcheck disable=SC2054
	[ -z "$GEN" ] ||
		QEMU+=(-chardev "socket,id=gen,path=$RUN/gen"
		       -device virtserialport,chardev=gen,name=lab.gen)
	# shellcheck disable=SC2054
	[ -z "$ICOUNT" ] ||
		QEMU+=(-icount shift=0
		       -chardev "socket,id=mon,path=$RUN/mon,server=on,wait=off" -mon mon
		       -chardev "socket,id=me,path=$RUN/mon"
		       -device virtserialport,chardev=me,name=lab.mon)
	[ -z "$IOMMU" ] || QEMU+=(-device "intel-iommu,caching-mode=on,intremap=off")
	[ "$NIC" = none ] ||
		QEMU+=(-device "$(nic_port 0)" -device "$(nic_port 1)")
}

# verdict QEMU_STATUS: the script's status, unless the machine has a say.
verdict()
{
	local status

	if [ "$1" -eq 124 ] || [ "$1" -eq 137 ]; then
		note "$NAME: still running after $LIMIT s: killed"
		return 124
	fi
	if [ ! -s "$OUT/.lab/status" ]; then
		note "$NAME: the machine ended before the script did"
		tail -n 20 "$QEMU_LOG" "$KERNEL_LOG" | sed 's/^/    /' >&2
		return 125
	fi
	status=$(cat "$OUT/.lab/status")
	"$LAB/dmesg-check.sh" ${ALLOW:+--allow "$ALLOW"} \
		--taint "$(cat "$OUT/.lab/tainted")" "$KERNEL_LOG" ||
		[ "$status" -ne 0 ] || status=125
	return "$status"
}

parse "$@"
mkdir -p "$LOGS"
KERNEL_LOG=$LOGS/$NAME.kernel.log NIC_LOG=$LOGS/$NAME.nic.log
QEMU_LOG=$LOGS/$NAME.qemu.log
# Short: a socket's path has at most 107 characters.
RUN=$(mktemp -d "${TMPDIR:-/tmp}/atmo-vm.XXXXXX")
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

write_orders
machine
: >"$KERNEL_LOG"
mkfifo "$RUN/term"
# Held open here: cat ends when this closes, even if QEMU never opened it.
exec 9<>"$RUN/term"
cat "$RUN/term" 9>&- &
TERM_PID=$!
PIDS+=("$TERM_PID")
[ "$NIC" = none ] || start_nic
timeout -k 5 "$LIMIT" "$LAB/qemu.sh" "${QEMU[@]}" </dev/null 2>"$QEMU_LOG" 9>&- &
PIDS+=($!)
status=0
wait $! || status=$?
exec 9>&-
wait $TERM_PID || true	# everything is said
verdict $status || status=$?
if [ $status -ne 0 ]; then
	note "$NAME: failed with status $status; kernel log: $KERNEL_LOG"
	[ "$NIC" = none ] || note "$NAME: device model's log: $NIC_LOG"
fi
exit "$status"
