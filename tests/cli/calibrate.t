#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the harness itself costs, in every campaign: measured, skipped, killed.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
smoke=("$oae" run --suite smoke --quiet)
harness='select(.purpose == "harness")'

check "a campaign" "${smoke[@]}" --out "$tmp/good"
check "begins with three runs of the null adapter" test "$(lines "$tmp/good" \
	run "$harness | .workload" | tr '\n' ' ')" = \
	'"requests" "tokens" "dispatch" '
check "before all others" test "$(lines "$tmp/good" run .purpose | uniq |
	tr '\n' ' ')" = '"harness" "score" '
check "and says what the harness cost" jq -e '.harness | .reason == null and
	.request_cpu_ns > 0 and .token_cpu_ns > 0 and .dispatch_p99_ns > 0 and
	.share.of_request > 0' "$tmp/good/result.json"
check "with a warning where it is more than a tenth" jq -e \
	'.harness | (.share.of_request > 0.1 or .share.of_token > 0.1) ==
	(.warning != null)' "$tmp/good/result.json"
check "its runs are not the plan's" jq -e '.journal |
	.runs_planned == 2 and .runs_begun == 2' "$tmp/good/result.json"
check "nor its adapter's words the system's" jq -e \
	'.systems[0].adapter.details.knobs.tokens == 0' "$tmp/good/result.json"
check "the table says it" bash -c '"$0" report "$1" |
	grep -q "The harness itself cost"' "$oae" "$tmp/good"
check "and the page" grep -q "The harness itself cost" \
	"$tmp/good/report/index.html"
check "and the summary" grep -q "The harness itself cost" \
	"$tmp/good/report/summary.md"
check "it verifies" "$oae" verify "$tmp/good"
check "--dry-run shows it" bash -c '"$0" run --suite smoke --dry-run |
	grep -c "the harness itself" | grep -qx 3' "$oae"
check "also as JSON" bash -c '"$0" run --suite smoke --dry-run --json |
	jq -e ".calibration | length == 3"' "$oae"

check "a campaign without it" "${smoke[@]}" --no-calibration --no-report \
	--out "$tmp/without"
check "says so" jq -e '.harness | .token_cpu_ns == null and .share == null and
	(.reason | test("no-calibration"))' "$tmp/without/result.json"

# ---- without the null adapter
mkdir -p "$tmp/build"
cp "$oae" "$tmp/build/oae"
bare=(env OAE_BUILD="$tmp/build" "$tmp/build/oae" run --suite smoke --quiet
	--adapter tests/fake/adapter --systems fake/echo --no-report)
check "without the null adapter it goes on" "${bare[@]}" --out "$tmp/bare"
check "and says why there are no figures" jq -e '.harness.reason |
	test("adapters/null: No such file")' "$tmp/bare/result.json"
mkdir -p "$tmp/build/adapters"
printf '#!/bin/sh\nexit 3\n' >"$tmp/build/adapters/null"
chmod +x "$tmp/build/adapters/null"
check "with one that fails it goes on" "${bare[@]}" --out "$tmp/bad"
check "and says so" jq -e '.harness.reason | test("exit 3")' \
	"$tmp/bad/result.json"

# ---- killed on the way
killed_in() { # PROBE
	local dir=$tmp/killed pid
	rm -rf "$dir"
	"${smoke[@]}" --no-report --out "$dir" 2>/dev/null &
	pid=$!
	for _ in $(seq 2000); do
		grep -q "\"workload\":\"$1\"" "$dir/journal.jsonl" 2>/dev/null &&
			break
		sleep 0.005
	done
	kill -9 $pid
	wait $pid 2>/dev/null
	[ "$(grep -c '"purpose":"score"' "$dir/journal.jsonl")" -eq 0 ] || return 1
	"$oae" run --resume "$dir" --no-report --quiet &&
		"$oae" verify "$dir" &&
		jq -e '.complete and .harness.token_cpu_ns > 0 and
			.harness.reason == null' "$dir/result.json"
}
for probe in requests tokens dispatch; do
	check "killed in '$probe', it is measured again" killed_in $probe
done
check "once it is whole it is not done again" bash -c 'head -n -3 \
	"$0/good/journal.jsonl" >"$0/cut" && mv "$0/cut" \
	"$0/good/journal.jsonl" && "$1" run --resume "$0/good" --no-report \
	--quiet && [ "$(grep -c "\"purpose\":\"harness\"" \
	"$0/good/journal.jsonl")" -eq 3 ]' "$tmp" "$oae"
finish
