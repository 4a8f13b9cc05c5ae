#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Counters of a run: in the journal, the result, the report; who counts.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
smoke=("$oae" run --suite smoke --quiet --no-calibration)
dir=$tmp/run
cell='.systems[].measured.by_workload[].counters'

check "OAE_COUNTERS of another word" fails 64 "perf, papi or likwid" \
	env OAE_COUNTERS=bogus "${smoke[@]}" --out "$tmp/none"
check "nothing was made" test ! -e "$tmp/none/journal.jsonl"

check "a run" "${smoke[@]}" --out "$dir"
check "every counter has a value with its source, or null with a reason" \
	jq -e "[$cell | to_entries[] | select(.key != \"least_share\") | .value |
	 if .value == null then (.reason | length) > 0
	 else (.source | length) > 0 and .share > 0 and .value >= 0 and
	 (.class == \"measured\" or .reason == \"multiplexed\") end] |
	 length > 0 and all" "$dir/result.json"
if lines "$dir" run '.channels[] | select(.name == "perf.page_faults") |
	.evidence' | grep -q measured; then
	check "faults are the raw readings' difference" bash -c '
		raw=$(jq -s "[.[] | select(.type == \"sensors\" and
		 .phase == \"measure\")] | group_by(.run) | map((last.values |
		 .\"perf.page_faults\") - (first.values | .\"perf.page_faults\")) |
		 add" "$0/journal.jsonl")
		n=$(jq -s "[.[] | select(.type == \"sample\")] | length" \
			"$0/journal.jsonl")
		jq -e --argjson raw "$raw" --argjson n "$n" "[.systems[] |
		 .measured.by_workload[].counters.page_faults_per_request.value]
		 | add / length - \$raw / \$n | fabs < 1e-9" "$0/result.json"' "$dir"
else
	skip "faults are the raw readings' difference" "perf may not count"
fi
check "the page has the table" grep -q "switches / request" \
	"$dir/report/index.html"
check "the CSV file has the columns" grep -q "counters_least_share" \
	"$dir/report/systems.csv"
check "it verifies" "$oae" verify "$dir"

# Left to PAPI: perf keeps to the kernel's own events.
check "with OAE_COUNTERS=papi" env OAE_COUNTERS=papi "${smoke[@]}" \
	--no-report --out "$tmp/papi"
check "perf left the hardware's events to it" bash -c \
	'jq -e "select(.type == \"run\") | .channels[] |
	 select(.name == \"perf.cycles\") | .reason |
	 test(\"OAE_COUNTERS\")" "$0/journal.jsonl" | grep -q true' "$tmp/papi"
finish
