# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# For the TAP scripts beside it: `. tests/cli/tap.sh` from the top folder.
# Gives $oae, $tmp (removed at the end) and the functions below.
set -u
export LC_ALL=C.UTF-8
build=${OAE_BUILD:-$PWD/build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
export OAE_BUILD=$build OAE_HOME=${OAE_HOME:-$PWD}
oae=$build/oae
tmp=$(mktemp -d)
tap_count=0
tap_mounts=()

tap_end() {
	local m
	for m in ${tap_mounts[@]+"${tap_mounts[@]}"}; do umount "$m"; done
	rm -rf "$tmp"
}
trap tap_end EXIT

# check NAME COMMAND...: the command succeeds; its output shows if not.
check() {
	local name=$1
	shift
	tap_count=$((tap_count + 1))
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok $tap_count - $name"
	else
		echo "not ok $tap_count - $name"
		sed 's/^/# /' "$tmp/log" | cut -c1-400 | head -40
	fi
}

skip() { # NAME REASON
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

finish() { echo "1..$tap_count"; }

# fails CODE WORD COMMAND...: that exit code and one line on stderr with WORD.
fails() {
	local code=$1 word=$2 rc=0
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
	echo "exit $rc:"
	cat "$tmp/err"
	[ "$rc" -eq "$code" ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] &&
		grep -qF -- "$word" "$tmp/err"
}

# lines DIR TYPE FILTER: jq over the journal's lines of one type.
lines() { jq -c "select(.type == \"$2\") | $3" "$1/journal.jsonl"; }

# mounts SIZE DIR: a small file system there; fails where that may not be.
mounts() {
	[ "$(id -u)" -eq 0 ] && mkdir -p "$2" &&
		mount -t tmpfs -o "size=$1" tmpfs "$2" 2>"$tmp/log" &&
		tap_mounts+=("$2")
}

# A project's folder, $home, with the null adapter alone and a suite "all":
# smoke for every profile, so that its runs can be submitted.
null_home() {
	home=$tmp/home
	mkdir -p "$home/adapters" "$home/reports"
	ln -s "$PWD/schema" "$home/"
	cp -r adapters/null "$home/adapters/"
	cp -r workloads "$home/workloads"
	jq '.id = "all" | .profiles = ["clinic", "school", "enterprise",
		"hyperscale"]' workloads/suites/smoke.json \
		>"$home/workloads/suites/all.json"
}
