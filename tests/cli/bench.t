#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make bench-harness: that it measures all it says, and refuses what is wrong.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
bench=$build/bench-harness

check "--help teaches" bash -c '"$0" --help | grep -q "^exit codes:"' "$bench"
check "make help names it" bash -c \
	'make -s help | grep -q "make bench-harness .*targets"'
check "a short measurement prints what it writes" bash -c '"$0" --scale 0.01 \
	--requests 2000 --json -o "$1" >"$1.out" && cmp "$1" "$1.out"' \
	"$bench" "$tmp/bench.json"
check "every figure has its unit, and those with targets a verdict" jq -e \
	'.rows | length >= 20 and all(.name and .unit and .about and
	 (.target == null) == (.met == null))' "$tmp/bench.json"
value() { # NAME CONDITION
	jq -e --arg name "$1" ".rows[] | select(.name == \$name) | $2" \
		"$tmp/bench.json"
}
for name in request_cpu token_cpu wakeup_cpu event_cpu events_per_s \
	dispatch_1_p50 dispatch_1000_p50 sensors_share waiting_share; do
	check "$name is measured" value $name '.value > 0'
done
check "a p99 of three requests is none, and says why" value dispatch_1_p99 \
	'.value == null and (.reason | test("too few"))'
check "it says who else used the machine" jq -e \
	'.machine | .cores >= 1 and (.busy | type) == "boolean" and
	 .others_cores >= 0' "$tmp/bench.json"
check "no journal is left" bash -c '! ls -d "$0"/oae-bench-* 2>/dev/null' \
	"${TMPDIR:-/tmp}"

check "an unknown option: 64" fails 64 "--bogus" "$bench" --bogus
check "a scale of nothing: 64" fails 64 "0.01 to 1" "$bench" --scale 0
check "too many requests: 64" fails 64 "1000000" "$bench" --requests 2e6
check "an unknown part: 64" fails 64 "no such part" "$bench" --only nothing
check "no adapter there: 64" fails 64 "no null adapter" "$bench" \
	--adapter /nowhere
check "an adapter that is none: 1" fails 1 "requests" "$bench" \
	--adapter /bin/false --only events
finish
