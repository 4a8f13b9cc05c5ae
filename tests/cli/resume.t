#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 at any moment of a campaign, then --resume: no finished request is
# lost or asked twice, the seal verifies and the result is complete.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh

KILLS=22
RUNS=4
ITEMS=20
# About half a second: 4 runs x 20 requests of some 50 words each.
run=("$oae" run --suite smoke --no-calibration --systems null/echo:delay_us=50 --runs "$RUNS"
	--items "$ITEMS" --no-report --quiet)

now_ms() { echo $(($(date +%s%N) / 1000000)); }

begin=$(now_ms)
check "an uninterrupted campaign" "${run[@]}" --out "$tmp/whole"
whole_ms=$(($(now_ms) - begin))

sleep_ms() { sleep "$(($1 / 1000)).$(printf %03d $(($1 % 1000)))"; }

# Runs the command and kills it after so many ms; true if it was still there.
killed_after() { # MS COMMAND...
	local ms=$1 pid rc=0
	shift
	"$@" >>"$tmp/said" 2>&1 &
	pid=$!
	sleep_ms "$ms"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null || rc=$?
	[ $rc -eq 137 ]
}

# Every sample line that stood there before still stands there, in place.
keeps() { # OLD NEW
	local n
	n=$(grep -c '"type":"sample"' "$1")
	grep -a '"type":"sample"' "$1" | head -n "$n" |
		jq -c 'select(.type == "sample")' >"$tmp/old" 2>/dev/null
	grep '"type":"sample"' "$2" | jq -c . >"$tmp/new"
	head -n "$(wc -l <"$tmp/old")" "$tmp/new" | cmp - "$tmp/old"
}

complete() { # DIR
	local want=$((RUNS * ITEMS))
	[ "$(lines "$1" sample '[.run, .request]' | sort -u | wc -l)" -eq $want ] ||
		{ echo "not $want different requests"; return 1; }
	[ "$(lines "$1" sample 1 | wc -l)" -eq $want ] ||
		{ echo "a request twice"; return 1; }
	[ "$(lines "$1" sample 'select(.outcome != "ok")' | wc -l)" -eq 0 ] ||
		{ echo "a request failed"; return 1; }
	jq -e '.complete == true' "$1/result.json" && "$oae" verify "$1"
}

# The same questions in the same order as without a kill.
same_items() { # DIR
	for d in "$1" "$tmp/whole"; do
		lines "$d" sample '[.run, (.request | tonumber), .item]' | sort
	done | sort | uniq -c | awk '$1 != 2 { bad = 1 } END { exit bad }'
}

one_kill() { # MS
	local dir=$tmp/killed
	rm -rf "$dir"
	killed_after "$1" "${run[@]}" --out "$dir" && kills=$((kills + 1))
	if ! [ -s "$dir/journal.jsonl" ]; then
		# Before the first line there is nothing to go on with.
		rm -rf "$dir"
		"${run[@]}" --out "$dir" || return 1
	fi
	cp "$dir/journal.jsonl" "$tmp/before"
	# And once more, while it resumes.
	killed_after $(($1 / 3 + 20)) "$oae" run --resume "$dir" --no-report \
		--quiet && kills=$((kills + 1))
	"$oae" run --resume "$dir" --no-report --quiet || return 1
	keeps "$tmp/before" "$dir/journal.jsonl" &&
		complete "$dir" && same_items "$dir"
}

kills=0
for k in $(seq 1 $KILLS); do
	ms=$((k * whole_ms / (KILLS + 1)))
	check "killed after $ms of $whole_ms ms, and once more" one_kill $ms
done
check "at least 20 of these were kills ($kills)" test "$kills" -ge 20

# ---- an orderly end
interrupted() {
	local rc=0
	"${run[@]}" --items 60 --systems null/echo:delay_us=500 \
		--out "$tmp/int" >"$tmp/out" 2>"$tmp/err" &
	local pid=$!
	for _ in $(seq 100); do
		grep -q '"type":"sample"' "$tmp/int/journal.jsonl" 2>/dev/null &&
			break
		sleep 0.05
	done
	kill -INT $pid
	wait $pid || rc=$?
	cat "$tmp/err"
	[ $rc -eq 130 ] && grep -q -- "--resume $tmp/int" "$tmp/err"
}
run=("$oae" run --suite smoke --no-calibration --runs 2 --no-report --quiet)
check "interrupted: exit 130 and how to go on" interrupted
check "its run says interrupted" test \
	"$(lines "$tmp/int" run_end .status | tail -1)" = '"interrupted"'
check "its journal is not sealed" test \
	"$(tail -1 "$tmp/int/journal.jsonl" | jq -r .type)" != seal
check "it goes on to the end" "$oae" run --resume "$tmp/int" --no-report --quiet
check "with every request once" test "$(lines "$tmp/int" sample \
	'[.run, .request]' | sort | uniq -c | awk '$1 == 1' | wc -l)" -eq 120
check "a whole campaign resumed is only scored again" \
	"$oae" run --resume "$tmp/int" --no-report --quiet
check "and still verifies" "$oae" verify "$tmp/int"

# ---- what cannot be resumed
check "nothing there" fails 64 "no campaign was begun" \
	"$oae" run --resume "$tmp/nowhere"
check "options do not go with it" fails 64 "does not go with --resume" \
	"$oae" run --resume "$tmp/int" --items 3

cp -r "$tmp/whole" "$tmp/cut"
head -n -6 "$tmp/whole/journal.jsonl" >"$tmp/cut/journal.jsonl"
sed -i '2s/"kernel":"/"kernel":"x/' "$tmp/cut/journal.jsonl"
check "a changed line is named" fails 2 "journal.jsonl line 3" \
	"$oae" run --resume "$tmp/cut" --quiet
head -n -6 "$tmp/whole/journal.jsonl" >"$tmp/cut/journal.jsonl"
echo >>"$tmp/cut/inputs/workloads/notices.items.jsonl"
check "a changed input is named" fails 2 "notices.items.jsonl" \
	"$oae" run --resume "$tmp/cut" --quiet
finish
