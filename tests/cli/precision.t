#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae run --precision and --budget: how many runs there are, and why.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
run=("$oae" run --suite smoke --quiet --no-report --no-calibration)
two=(--systems "null/echo,null/echo:delay_us=100")

# ---- words
check "no percent sign" fails 64 "such as 2%" "${run[@]}" --precision 2
check "a precision out of bounds" fails 64 "0.1% to 50%" "${run[@]}" \
	--precision 80%
check "a budget without a unit" fails 64 "90s, 10m or 2h" "${run[@]}" \
	--budget 10
check "a budget of nothing" fails 64 "90s, 10m or 2h" "${run[@]}" --budget 0s
check "a budget beyond all bounds" fails 64 "at most 720h" "${run[@]}" \
	--budget 721h
check "they don't go with --resume" fails 64 "does not go with --resume" \
	"$oae" run --resume "$tmp/x" --budget 1m
check "--dry-run names the looks and the budget" bash -c '"$@" |
	tail -2 | tr "\n" " " | grep -q "2, 4, 6 and 8 runs.*98.18.*90 s"' - \
	"${run[@]}" --precision 5% --budget 90s --dry-run
check "and plans the most runs there can be" bash -c '"$@" --json |
	jq -e "(.runs | length) == 8 and .stopping.looks == 4"' - \
	"${run[@]}" --precision 5% --dry-run

# ---- precision
stopping() { jq -e ".stopping | $2" "$1/result.json"; }
check "noise that is never narrow enough" "${run[@]}" "${two[@]}" \
	--precision 0.1% --out "$tmp/noisy"
check "has all four looks, none of which reached it" stopping "$tmp/noisy" \
	'([.looks[].runs] == [2, 4, 6, 8]) and .reached == false and
	 .stopped_by == "plan" and .runs == 8 and .runs_skipped == 0'
check "says at which level its intervals are" stopping "$tmp/noisy" \
	'.level > 0.98179 and .level < 0.98181'
check "and verifies" "$oae" verify "$tmp/noisy"

# A delay that is long beside all noise: the first look or a later one does.
slow=(--systems null/echo:delay_us=3000 --items 8 --runs 4)
check "narrow enough at some look" "${run[@]}" "${slow[@]}" \
	--precision 50% --out "$tmp/calm"
check "is the last one" stopping "$tmp/calm" '.reached and
	.stopped_by == "precision" and .looks[-1].runs == .runs and
	.runs_skipped == 16 - .runs'
check "the skipped runs were not begun" test \
	"$(lines "$tmp/calm" run .run | wc -l)" -eq \
	"$(jq .stopping.runs "$tmp/calm/result.json")"
check "it is written down beside the looks" test "$(lines "$tmp/calm" stop \
	.reason)" = '"precision"'
check "people are told" bash -c 'jq -e ".notes | any(test(\"^stopped by precision\"))" \
	"$0/result.json"' "$tmp/calm"
check "no score is unproven for that" bash -c '! grep -q "never begun" \
	"$0/result.json"' "$tmp/calm"
check "and it verifies" "$oae" verify "$tmp/calm"
cp -r "$tmp/calm" "$tmp/forged"
jq -c 'if .type == "look" then .half_width = 0.001 else . end' \
	"$tmp/calm/journal.jsonl" >"$tmp/forged/journal.jsonl"
check "a look that was changed is found" \
	test "$("$oae" verify "$tmp/forged" >/dev/null 2>&1; echo $?)" = 2

# ---- budget: 40 runs of 12 requests, each some 0.2 s: more than 2 s
long=(--systems null/echo:delay_us=4000 --items 12 --runs 40)
check "a budget" "${run[@]}" "${long[@]}" --budget 2s --out "$tmp/budget"
check "ends it early, with whole pairs" stopping "$tmp/budget" \
	'.stopped_by == "budget" and .runs >= 2 and .runs % 2 == 0 and
	 .runs < 40 and .runs + .runs_skipped == 40 and .budget_s == 2 and
	 .level == 0.95'
check "whose intervals stand at the usual level" bash -c 'jq -e ".systems[0]
	.measured.by_workload[0].s_per_request | .low < .value and
	.value < .high" "$0/result.json"' "$tmp/budget"
check "the journal's runs say the same" test \
	"$(lines "$tmp/budget" run_end 1 | wc -l)" -eq \
	"$(jq .stopping.runs "$tmp/budget/result.json")"
check "both together: whichever comes first" "${run[@]}" "${long[@]}" \
	--precision 0.1% --budget 2s --out "$tmp/both"
check "here the budget" stopping "$tmp/both" \
	'.stopped_by == "budget" and .reached == false and .level > 0.98'
check "a budget that is enough changes nothing" "${run[@]}" --budget 10m \
	--out "$tmp/enough"
check "and says so" stopping "$tmp/enough" \
	'.stopped_by == "plan" and .budget_s == 600 and .runs == 2'

# ---- killed and resumed: the same plan goes on
killed() { # AFTER-LINE-TYPE COUNT: SIGKILL once the journal has so many
	"${run[@]}" --systems null/echo:delay_us=2000 --items 8 --runs 2 \
		--precision 0.1% --out "$tmp/killed" >/dev/null 2>&1 &
	local pid=$!
	for _ in $(seq 600); do
		[ "$(grep -c "\"type\":\"$1\"" "$tmp/killed/journal.jsonl" \
			2>/dev/null)" -ge "$2" ] 2>/dev/null && break
		sleep 0.02
	done
	kill -9 $pid
	wait $pid 2>/dev/null
	[ "$(grep -c "\"type\":\"seal\"" "$tmp/killed/journal.jsonl")" -eq 0 ]
}
check "killed after its first look" killed look 1
check "it goes on" "$oae" run --resume "$tmp/killed" --no-report --quiet
check "with each look once and the same plan" stopping "$tmp/killed" \
	'([.looks[].runs] == [2, 4, 6, 8]) and .precision == 0.001'
check "and every request once" test "$(lines "$tmp/killed" sample \
	'[.run, .request]' | sort | uniq -c | awk '$1 == 1' | wc -l)" -eq 64
check "and verifies" "$oae" verify "$tmp/killed"
finish
