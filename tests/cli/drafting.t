#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What speculation took, from an adapter's "done" through the journal into the
# figures of a result (spec §15.8).
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh

# An adapter like the fake one whose every answer tells the same.
tells() { # FOLDER JUDGED
	cp -r tests/fake/adapter "$tmp/$1" && sed -i "s/tokens_out=len(words))/\
tokens_out=len(words), drafted=40, accepted=30, drafting={'rounds': 10,\
 'judged': $2, 'plain_steps': 10, 'draft_us': 400, 'catch_up_us': 100,\
 'verify_us': 2000, 'plain_us': 1000})/" "$tmp/$1/adapter.py" &&
		grep -q verify_us "$tmp/$1/adapter.py"
}
run() { # FOLDER
	"$oae" run --suite smoke --no-calibration --quiet --runs 2 --items 2 \
		--no-report --adapter "$tmp/$1" \
		--systems null/echo,fake/echo --out "$tmp/$1.run"
}
tells good 35
check "an adapter that tells what drafting took" run good
check "the journal keeps it" jq -se '[.[] | select(.type == "sample") |
	.drafting | select(. != null) | .judged == 35 and .verify_us == 2000] |
	length > 0 and all' "$tmp/good.run/journal.jsonl"
figures() {
	jq -e '[.systems[] | select(.id == "fake/echo") |
	.measured.by_workload[].drafting] | length > 0 and all(
	.gamma == 4 and .tokens_per_round == 4 and .rounds >= 10 and
	(.alpha - 30 / 35 | fabs) < 1e-9 and (.c - 0.1 | fabs) < 1e-9 and
	(.v - 2 | fabs) < 1e-9 and (.speedup - 5 / 3.5 | fabs) < 1e-9
	and (.factor_predicted - (1 - pow(30 / 35; 5)) * 7 / 2.4 | fabs) < 1e-9)' \
		"$tmp/good.run/result.json"
}
check "the result's figures are those of the sums" figures
check "and a system that tells nothing has none" jq -e '[.systems[] |
	select(.id == "null/echo") | .measured.by_workload[].drafting] |
	all(. == null)' "$tmp/good.run/result.json"
check "it can be recomputed" "$oae" verify "$tmp/good.run"
tells bad 41
run bad >/dev/null 2>&1
check "more judged than drafted is a broken run" jq -se '[.[] |
	select(.type == "run_end" and .status == "failed") | .reason |
	contains("judged")] | any' "$tmp/bad.run/journal.jsonl"

# The engine itself.
hello='{"type":"hello","protocol":1,"home":"'$PWD'","knobs":{"gamma":3},"system":'
engine() { # SYSTEM
	local i
	: >"$tmp/events"
	printf '%s\n' "$hello\"$1\"}" '{"type":"submit","id":"1","prompt":'"$(
		head -1 workloads/letters.items.jsonl | jq .prompt)"',"max_tokens":40}' |
		{
			cat
			for ((i = 0; i < 1200; i++)); do
				grep -q '"type":"done"' "$tmp/events" && break
				sleep 0.05
			done
		} | "$build/adapters/reference" >>"$tmp/events"
	jq -se '[.[] | select(.type == "done") | .drafting] | length == 1 and
		(.[0] | .rounds > 0 and .plain_steps > 0 and .verify_us > 0)' \
		"$tmp/events"
}
for system in speculative lookup; do
	check "reference/$system tells it" engine $system
done
finish
