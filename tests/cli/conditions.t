#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae run --conditions: every kind of condition, with systems that bear it,
# that are slowed, that are killed; what cannot be made; going on after a kill.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
smoke=("$oae" run --suite smoke --quiet --no-report)
fake=(--adapter tests/fake/adapter)

runs() { # DIR CONDITION FILTER: over its run lines
	lines "$1" run "select(.condition == \"$2\" and
		.purpose == \"score\") | $3"
}
ends() { # DIR CONDITION FILTER: over its run_end lines
	local ids
	ids=$(runs "$1" "$2" .run | paste -sd,)
	lines "$1" run_end "select(.run | IN($ids)) | $3"
}
all() { # COUNT: so many lines, each of them true
	awk -v n="$1" '$0 != "true" { print; bad = 1 }
		END { if (NR != n) print NR " lines"; exit bad || NR != n }'
}

# ---- words
check "an unknown condition lists the known ones" fails 64 \
	"nominal, burst:cv1, burst:cv2" "${smoke[@]}" --conditions cpu:51
check "a condition given twice" fails 64 "twice" \
	"${smoke[@]}" --conditions cpu:50,cpu:50
check "conditions do not go with --resume" fails 64 "--resume" \
	"$oae" run --resume "$tmp" --conditions cpu:50
"${smoke[@]}" --conditions cold:load,noise:5 --dry-run --json >"$tmp/plan"
check "nominal comes first; a cold run has four requests" jq -e \
	'.runs | length == 6 and (.[0:2] | all(.condition == "nominal")) and
	 all(.[]; .requests == (if .condition == "cold:load" then 4 else 8
	 end))' "$tmp/plan"
"${smoke[@]}" --conditions standard --dry-run >"$tmp/plan"
check "standard is three severities of six kinds" test \
	"$(grep -c "rep [12]" "$tmp/plan")" -eq 38

# ---- all of them
dir=$tmp/all
check "the whole ladder" "${smoke[@]}" --conditions standard --out "$dir" \
	--systems null/echo,null/echo:tokens=9
check "the result is recomputed" "$oae" verify "$dir"
cat >"$tmp/valid.py" <<'END'
import json, jsonschema, sys
schema = json.load(open("schema/documents/result-1.schema.json"))
jsonschema.Draft202012Validator(schema).validate(json.load(open(sys.argv[1])))
END
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	check "the result is one by its schema" \
		/usr/bin/python3 "$tmp/valid.py" "$dir/result.json"
fi
check "each condition was measured or says why not" jq -e '.conditions |
	length == 18 and all(.[]; .runs == 4 and
	(.failed == 0 or .kind == "memory") and
	(.unavailable == 0 or (.unavailable == 4 and .reason != null)))' \
	"$dir/result.json"
check "what needs no control group is never unavailable" jq -e '.conditions |
	map(select(.kind != "cpu" and .kind != "memory")) |
	all(.[]; .unavailable == 0)' "$dir/result.json"
check "kappa, s and g stand beside nominal" jq -e '.profiles[0].conditions |
	(.cells | length == 19) and all(.cells[] | select(.kind == "noise") |
	.systems[]; .status == "measured" and .repetitions == 2 and
	.s_per_request > 0 and .g == 0 and .kappa_usd > 0)' "$dir/result.json"

# ---- smaller machines
tiers=$tmp/tiers
check "smaller machines" "${smoke[@]}" --out "$tiers" \
	--conditions tier:half,tier:smallest \
	--systems null/echo,null/echo:tokens=9
check "their table is an input" cmp schema/tables/tiers.csv \
	"$tiers/inputs/tables/tiers.csv"
check "their result is recomputed" "$oae" verify "$tiers"
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	check "and is one by its schema" \
		/usr/bin/python3 "$tmp/valid.py" "$tiers/result.json"
fi
check "each has its quota and limit, or says why not" jq -e '.conditions |
	length == 2 and all(.[]; .kind == "tier" and .severity == null) and
	all(.[] | select(.unavailable == 0); .set.cpu_cores > 0 and
	(.condition == "tier:smallest") == (.set | has("memory_bytes"))) and
	all(.[] | select(.unavailable > 0); .reason != null)' \
	"$tiers/result.json"
check "half is twice a quarter, memory 1.1 x the baseline" jq -e '
	[.conditions[] | select(.unavailable == 0)] | length < 2 or
	(.[0].set.cpu_cores / .[1].set.cpu_cores - 2 | fabs < 1e-3) and
	(.[1].set | .memory_bytes / .baseline_memory_bytes - 1.1 |
	fabs < 0.01)' "$tiers/result.json"
check "they are the grid, and no part of the minimum" jq -e '
	all(.profiles[]; [.access[0].cells[] | select(.skill == "T1") | .tier]
	== ["nominal", "tier:half", "tier:smallest"] and
	all(.conditions.robustness[].on_demand; .minimum == null))' \
	"$tiers/result.json"
sed 's/^half.cpu.*/half.cpu,assumed,70,70,70,% of cores,x/' \
	"$tiers/inputs/tables/tiers.csv" >"$tmp/tiers.csv"
cp "$tmp/tiers.csv" "$tiers/inputs/tables/tiers.csv"
check "a changed table is found out" bash -c "! '$oae' verify '$tiers' \
	>'$tmp/said' 2>&1 && grep -q tiers.csv '$tmp/said'"

# ---- bursts
check "bursts come at half of what the baseline served at once" bash -c '
	jq -s "(map(select(.purpose == \"score\" and
		.condition == \"nominal\" and
		.system == \"null/echo\")) | map(.run)) as \$b |
	 (map(select(.type == \"sample\" and (.run | IN(\$b[])))) |
	  map(.done_ns - .sent_ns) | add / length / 1e9) as \$s |
	 map(select(.type == \"run\" and
		(.condition | startswith(\"burst\")))) |
	 length == 12 and all(.[]; .condition_set.arrivals.rate_per_s * \$s |
	 . > 0.499999 and . < 0.500001)" -e "$0"' "$dir/journal.jsonl"
same_schedule() { # both systems, each repetition of one condition
	lines "$1" sample "select(.run | IN($(runs "$1" "$2" .run |
		paste -sd,))) | [.run, .due_ns]" |
		jq -se 'group_by(.[0]) | map(map(.[1]) as $d |
			$d | map(. - $d[0])) | length == 4 and
			(unique | length) == 2 and all(.[]; . == sort)'
}
for c in burst:cv1 burst:cv2 burst:cv4; do
	check "$c: the same moments for every system" same_schedule "$dir" $c
done

# ---- noise: the null adapter says what it was asked
said() { # DIR CONDITION: item and answer, over all runs
	lines "$1" sample "select(.run | IN($(runs "$1" "$2" .run |
		paste -sd,))) | select(.tokens_out > 9) | [.item, .answer]" |
		sort -u
}
check "a noisy prompt is the same one for each system and run" bash -c '
	[ "$(cut -d, -f1 "$0" | sort | uniq -d | wc -l)" -eq 0 ]' \
	<(said "$dir" noise:10)
digits() { sed 's/[^0-9.:]//g'; }
said "$dir" nominal >"$tmp/plain"
said "$dir" noise:10 >"$tmp/noisy"
check "letters were mistyped" bash -c '! cmp -s "$0" "$1"' \
	"$tmp/plain" "$tmp/noisy"
check "and no number" cmp <(digits <"$tmp/plain") <(digits <"$tmp/noisy")
check "the share is what was asked for" bash -c '"$@" |
	jq -se "map(.edits) as \$e | map(.editable) as \$m | (\$e | add) /
	(\$m | add) | . > 0.09 and . < 0.11"' x \
	jq -c 'select(.type == "run" and .condition == "noise:10") |
		.condition_set.noise' "$dir/journal.jsonl"

# ---- cold
cold=$(lines "$dir" run 'select(.condition | startswith("cold")) | .run' |
	paste -sd,)
check "a cold run has no warm-up" test \
	"$(lines "$dir" warmup "select(.run | IN($cold))" | wc -l)" -eq 0
check "its first request waits from the start of the process" bash -c '
	jq -se "(map(select(.type == \"ready\")) |
	 map({key: (.run | tostring), value: .setup_ns}) |
	 from_entries) as \$up |
	 map(select(.type == \"sample\" and .request == \"1\" and
	 (.run | IN('"$cold"')))) | length == 12 and all(.[];
	 .sent_ns - .due_ns >= \$up[.run | tostring])" "$0"' \
	"$dir/journal.jsonl"
check "under load all wait from then on" bash -c '"$@" | jq -se \
	"group_by(.[0]) | length == 4 and all(.[]; length == 4 and
	(map(.[1]) | unique | length) == 1)"' x jq -c 'select(.type == "sample"
	and (.run | IN('"$(runs "$dir" cold:load .run | paste -sd,)"'))) |
	[.run, .due_ns]' "$dir/journal.jsonl"

# ---- beside others
check "busy threads used the processor" all 12 < <(lines "$dir" run_end \
	'select(.condition_seen | has("busy_cpu_s")) |
	.condition_seen.busy_cpu_s > 0')

# ---- quota and memory: where a group can be made
dir=$tmp/groups
"${smoke[@]}" "${fake[@]}" --out "$dir" --conditions cpu:25,memory:1.5 \
	--systems null/echo,fake/echo:mode=busy,fake/echo:mode=hungry \
	>"$tmp/said" 2>&1
check "a campaign in which a system is killed ends well" test $? -eq 0
check "and verifies" "$oae" verify "$dir"
why=$(jq -r '[.conditions[] | .reason // empty] | first // empty' \
	"$dir/result.json")
cores=$(nproc)
if [ -n "$why" ]; then
	skip "a quota" "$why"
	skip "a memory limit" "$why"
else
	check "the quota is a quarter of the cores, as read back" all 6 < <(
		runs "$dir" cpu:25 ".condition_set.cpu_cores == $cores / 4")
	# In any stretch it may use its share and one period's more.
	check "the tree used no more CPU time than that" all 6 < <(
		ends "$dir" cpu:25 ".condition_seen.cpu_ns <=
		.wall_ns * $cores / 4 + $cores * 1e8")
	check "it was counted" jq -se 'map(select(.type == "run_end" and
		.condition_seen.cpu_ns > 200000000 and
		(.condition_seen | has("periods"))) |
		.condition_seen.periods > 0) | length >= 2 and all' \
		"$dir/journal.jsonl"
	check "the limit is a multiple of the baseline's own peak" all 6 < <(
		runs "$dir" memory:1.5 '.condition_set |
		.memory_bytes <= 1.5 * .baseline_memory_bytes and
		.memory_bytes > 1.5 * .baseline_memory_bytes - 65536')
	check "the kernel killed what needs more" all 2 < <(
		lines "$dir" run_end 'select(.condition_seen.oom_kills > 0 and
		(.reason | test("the kernel killed"))) |
		.status == "failed"' | head -2)
	check "that is a result: g is 0, its cost the remedy" jq -e '
		.profiles[0].conditions.cells[] |
		select(.condition == "memory:1.5") | .systems[] |
		select(.system | test("hungry")) | .status == "measured" and
		.g == 0 and .oom_kills >= 2 and .failed_runs == 2' \
		"$dir/result.json"
	check "nominal runs are not blamed for it" jq -e '.systems[] |
		select(.id | test("hungry")) | .runs.failed == 0 and
		(.runs.reasons | length == 0)' "$dir/result.json"
fi

# ---- what cannot be made
dir=$tmp/none
mkdir -p "$tmp/empty"
"$oae" run --suite smoke --no-report --out "$dir" \
	--conditions cpu:50,memory:1.1,cpu:25,noise:2 \
	--sysroot "$tmp/empty" >"$tmp/out" 2>"$tmp/err"
check "a machine without control groups ends well" test $? -eq 0
check "it is told once a condition" test \
	"$(grep -c 'is unavailable: ' "$tmp/err")" -eq 3
check "the journal has the reason" all 6 < <(lines "$dir" run_end \
	'select(.status == "unavailable") | .reason | test("cgroup")')
check "no adapter was started for it" test \
	"$(lines "$dir" ready 'select(.run < 1000) | .run' | wc -l)" -eq 4
check "the result says unavailable, and nothing of a score" jq -e '
	[.conditions[] | .unavailable] == [2, 2, 2, 0] and
	(.complete == true)' "$dir/result.json"
check "and verifies" "$oae" verify "$dir"

# ---- nominal alone
"${smoke[@]}" --out "$tmp/plain-run" >/dev/null
check "nominal alone says nothing of conditions" jq -e \
	'(has("conditions") | not) and
	 all(.profiles[]; has("conditions") | not)' "$tmp/plain-run/result.json"

# ---- going on
dir=$tmp/killed
long=("${smoke[@]}" --systems null/echo:delay_us=200 --items 20
	--conditions="burst:cv2,noise:5,cold:process,colocated:1" --out "$dir")
"${long[@]}" >/dev/null 2>&1 &
pid=$!
for _ in $(seq 200); do
	n=$(grep -c '"type":"sample"' "$dir/journal.jsonl" 2>/dev/null)
	[ "${n:-0}" -gt 70 ] && break
	sleep 0.05
done
kill -9 $pid 2>/dev/null
{ wait $pid; } 2>/dev/null
cp "$dir/journal.jsonl" "$tmp/before"
check "a campaign killed in the middle" bash -c '! tail -n 1 "$0" |
	grep -q "\"type\":\"seal\""' "$tmp/before"
check "goes on" "$oae" run --resume "$dir" --quiet --no-report
check "to the same plan: one rate for all bursts" bash -c '"$@" | sort -u |
	[ "$(wc -l)" -eq 1 ]' x jq -c 'select(.type == "run" and
	.condition == "burst:cv2") | .condition_set.arrivals.rate_per_s' \
	"$dir/journal.jsonl"
check "with every request once" test "$(lines "$dir" sample \
	'select(.run < 1000) | [.run, .request]' | sort -u | wc -l)" -eq 168
check "and verifies" "$oae" verify "$dir"
finish
