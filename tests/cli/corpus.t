#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae-corpus: the shipped items come from it, and it refuses bad words.
set -u
cd "$(dirname "$0")/../.." || exit
corpus=${OAE_BUILD:-build}/oae-corpus
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

check() { # NAME COMMAND...
	local name=$1
	shift
	n=$((n + 1))
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$tmp/log"
	fi
}

# Exit code 64, one line on stderr that has the word, nothing on stdout.
refuses() { # WORD ARGUMENT...
	local word=$1 rc=0
	shift
	"$corpus" "$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
	cat "$tmp/err"
	[ "$rc" -eq 64 ] && [ ! -s "$tmp/out" ] &&
		[ "$(wc -l <"$tmp/err")" -eq 1 ] && grep -q -- "$word" "$tmp/err"
}

same_items() { # WORKLOAD
	"$corpus" items "$1" --seed 1 --count 600 |
		cmp - "workloads/$1.items.jsonl"
}

states_sum() { # WORKLOAD
	grep -q "$(sha256sum "workloads/$1.items.jsonl" | cut -d ' ' -f 1)" \
		"workloads/$1.workload.json"
}

other_seed() {
	! "$corpus" items sums --seed 2 | cmp -s - workloads/sums.items.jsonl
}

right_count() {
	[ "$("$corpus" items letters --count 5 | wc -l)" -eq 5 ]
}

# A full device is an error, not a short file taken for a whole one.
full_disk() {
	local rc=0
	"$corpus" items sums >/dev/full 2>"$tmp/err" || rc=$?
	cat "$tmp/err"
	[ "$rc" -eq 1 ] && grep -q stdout "$tmp/err"
}

for id in letters notices sums; do
	check "$id: the shipped items are the generated ones" same_items $id
	check "$id: the workload states their SHA-256" states_sum $id
done
check "another seed gives other items" other_seed
check "--count is obeyed" right_count
check "--help" "$corpus" --help
check "unknown workload" refuses poems items poems
check "unknown command" refuses train train x
check "no command" refuses "see oae-corpus --help"
check "unknown option" refuses --sede items sums --sede 1
check "a number is missing" refuses --seed items sums --seed
check "no number" refuses --count items sums --count 5x
check "a count of 0" refuses "items:" items sums --count 0
check "full disk" full_disk
echo "1..$n"
