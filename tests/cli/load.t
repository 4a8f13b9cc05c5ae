#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Scenarios, arrivals, traces, goodput, and runs that are not valid. The null
# adapter serves; nothing here depends on how fast the machine is.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
smoke=("$oae" run --suite smoke --quiet --no-report --no-calibration)
slow=(--systems "null/echo:delay_us=1000,tokens=2")

# value DIR FILTER WANT: jq over the result's first scenario.
value() {
	local is
	is=$(jq -c ".scenarios[0] | $2" "$1/result.json")
	echo "$2 is $is, not $3"
	[ "$is" = "$3" ]
}
all_answered() { # DIR N
	[ "$(lines "$1" sample 'select(.outcome == "ok")' | wc -l)" -eq "$2" ]
}
serves() { # DIR OPTION...
	"${smoke[@]}" --out "$tmp/$1" "${@:2}" && "$oae" verify "$tmp/$1"
}

# ---- each scenario
check "SingleStream" serves single
check "MultiStream" serves multi --scenario MultiStream --items 20 "${slow[@]}"
check "Server" serves server --scenario Server --rate 100 --items 20 \
	"${slow[@]}" --goodput "ttft:1000 tpot:500"
check "Interactive" serves interactive --scenario Interactive --rate 100 \
	"${slow[@]}" --arrivals gamma:2
check "Offline" serves offline --scenario Offline --items 20 "${slow[@]}"
check "a closed loop of users who think" serves users --scenario Server \
	--arrivals closed --concurrency 4 --think 0.01 --items 20 "${slow[@]}"
check "MultiStream: queries of eight, the last one of four" \
	value "$tmp/multi" .load.samples_per_query 8
check "at most eight in flight" value "$tmp/multi" .load.in_flight_peak 8
check "a query begins when the one before it is answered" jq -se \
	'map(select(.type == "sample")) | group_by(.run) | all(
	 map({q: (((.request | tonumber) - 1) / 8 | floor), sent_ns, done_ns}) |
	 group_by(.q) | [range(1; length) as $i |
	 (.[$i] | map(.sent_ns) | min) >= (.[$i - 1] | map(.done_ns) | max)] |
	 all)' "$tmp/multi/journal.jsonl"
check "all of Offline is due at once" jq -se \
	'map(select(.type == "sample")) | group_by(.run) |
	 all(map(.due_ns) | unique | length == 1)' "$tmp/offline/journal.jsonl"
check "Server: MLPerf's limits" value "$tmp/server" \
	'[.goodput[] | select(.of == "scenario")][0].slo' \
	'{"ttft_ms":2000,"tpot_ms":200}'
check "Interactive: its tighter ones" value "$tmp/interactive" \
	'[.goodput[] | select(.of == "scenario")][0].slo' \
	'{"ttft_ms":450,"tpot_ms":40}'
check "what was asked for beside them" value "$tmp/server" \
	'.goodput[0] | [.of, .slo]' '["option",{"ttft_ms":1000,"tpot_ms":500}]'
check "no score is made of another scenario" jq -e \
	'.profiles == [] and .systems[0].measured.by_workload == [] and
	 .systems[0].runs.ok == 2' "$tmp/server/result.json"
check "the offered rate is that of the schedule as drawn" jq -se \
	'[.[] | select(.type == "run") | .load.offered_per_s] as $drawn |
	 [.[] | select(.type == "sample")] | group_by(.run) | map(map(.due_ns) |
	 (length - 1) / (max - min) * 1e9) | [., $drawn] | transpose |
	 all((.[0] / .[1] - 1) | . < 1e-6 and . > -1e-6)' \
	"$tmp/server/journal.jsonl"
# On a machine that is busy the runs may not be valid; then they say why.
check "latency from due and from send, and what lies between" jq -e \
	'.scenarios[0] | .valid_runs < .runs and .validity.broken != [] or
	 (.from_due.e2el_ms.mean - .from_send.e2el_ms.mean - .dispatch_ms.mean |
	 . < 1e-6 and . > -1e-6)' "$tmp/server/result.json"
check "percentiles have their floors" jq -e '.scenarios[0].dispatch_ms |
	.n == 40 and (.median | type) == "number" and
	.p90.reason == "insufficient" and .p99.reason == "insufficient"' \
	"$tmp/server/result.json"

same_load() { # every system meets the same schedule; every repetition another
	"${smoke[@]}" --out "$tmp/pair" --no-score --scenario Server \
		--rate 200 --runs 4 \
		--systems null/echo,null/echo:delay_us=10 || return 1
	lines "$tmp/pair" run '[.rep, .load.schedule_sha256]' |
		sort | uniq -c | awk '$1 != 2 {bad = 1}
			END {exit bad || NR != 4}'
}
check "every system meets the same schedule" same_load
again() {
	"${smoke[@]}" --out "$tmp/again" --no-score --scenario Server \
		--rate 200 --runs 4 \
		--systems null/echo,null/echo:delay_us=10 &&
		[ "$(lines "$tmp/pair" run .load.schedule_sha256)" = \
			"$(lines "$tmp/again" run .load.schedule_sha256)" ]
}
check "and the same seed draws it again" again

# ---- 256 in flight
check "256 at once" serves wide --scenario Offline --items 600 \
	--concurrency 256 --systems null/echo:delay_us=2000,tokens=4
check "are in flight" value "$tmp/wide" .load.in_flight_peak 256
check "and all are answered" all_answered "$tmp/wide" 1200
check "256 users" serves crowd --scenario Server --arrivals closed \
	--concurrency 256 --items 600 --systems null/echo:delay_us=2000,tokens=4
check "are all served" all_answered "$tmp/crowd" 1200

# ---- traces
cat >"$tmp/azure.csv" <<'END'
TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:15:46.6805900,374,44
2023-11-16 18:15:46.7005900,396,109
2023-11-16 18:15:46.7005900,879,55
2023-11-16 18:15:46.7305900,91,16
END
check "a trace" serves azure --scenario Server --items 4 \
	--arrivals "trace:$tmp/azure.csv" "${slow[@]}"
check "is replayed as it is" test "$(jq -sc '[.[] | select(.type == "sample" and
	.run == 0)] | sort_by(.due_ns) | map(.due_ns) | . as $due |
	map((. - ($due | min)) / 1e6)' \
	"$tmp/azure/journal.jsonl")" = "$(jq -nc '[0, 20, 20, 50]')"
check "a copy of it is in the run folder" cmp "$tmp/azure.csv" \
	"$tmp/azure/inputs/trace.csv"
trace() { # EXIT WORD TEXT: a trace that is refused before anything runs
	printf "$3" >"$tmp/bad.csv"
	fails "$1" "$2" "${smoke[@]}" --out "$tmp/never" --scenario Server \
		--items 2 --arrivals "trace:$tmp/bad.csv" &&
		[ ! -e "$tmp/never" ]
}
azure='TIMESTAMP,ContextTokens,GeneratedTokens\n'
burst='Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n'
check "BurstGPT goes back" trace 1 "row 3: is earlier" \
	"${burst}5,m,1,1,2,x\n4,m,1,1,2,x\n"
check "a negative time" trace 1 "0 or more" "${burst}-5,m,1,1,2,x\n"
check "negative tokens" trace 1 "whole numbers" \
	"${azure}2023-11-16 18:15:46,-1,1\n"
check "binary" trace 1 "bad.csv row" '\177ELF\002\001\001\000\000'
check "empty" trace 1 "holds no request" ''
check "another CSV" trace 1 "no known trace" 'a,b\n1,2\n'
check "too short" trace 64 "--items 1" "${burst}5,m,1,1,2,x\n"
check "a huge field" trace 1 "256 bytes" \
	"$(head -c 100000 /dev/zero | tr '\0' x)"
check "no file" fails 64 "No such file" "${smoke[@]}" --scenario Server \
	--arrivals trace:/nowhere.csv
check "a folder" fails 64 "is no file" "${smoke[@]}" --scenario Server \
	--arrivals "trace:$tmp"

# ---- words that do not go together
words() { fails 64 "$1" "${smoke[@]}" --out "$tmp/never" "${@:2}"; }
check "an unknown scenario" words "MultiStream" --scenario Batch
check "Server without a rate" words "--rate" --scenario Server
check "a rate without Server" words "closed loop has none" --rate 3
check "a rate of 0" words "above 0" --scenario Server --rate 0
check "a rate that is none" words "above 0" --scenario Server --rate nan
check "too many in flight" words "1024" --concurrency 1025
check "unknown arrivals" words "gamma:CV" --scenario Server --rate 1 \
	--arrivals weibull
check "gamma without its CV" words "0.1 to 10" --scenario Server --rate 1 \
	--arrivals gamma:
check "a bad goodput" words "ttft:100" --goodput fast
check "arrivals that would take months" fails 1 "raise the rate" \
	"${smoke[@]}" --out "$tmp/never" --scenario Server --rate 0.000001
check "none of them left a folder" test ! -e "$tmp/never"
check "they do not go with --resume" \
	fails 64 "--resume" "$oae" run --resume "$tmp/server" --rate 3

# ---- goodput of another limit, without changing the result
cp "$tmp/server/result.json" "$tmp/before"
"$oae" score "$tmp/server" --json --goodput "e2el:0.001" >"$tmp/what-if"
check "oae score --goodput: nothing is that fast" jq -e \
	'.scenarios[0].goodput[0] | .share == 0 and .per_s.value == 0 or
	 .per_s.value == null' "$tmp/what-if"
check "and the result stays" cmp "$tmp/before" "$tmp/server/result.json"
check "a bad limit" fails 64 "milliseconds" "$oae" score "$tmp/server" \
	--goodput ttft:x

# ---- interrupted
"${smoke[@]}" --out "$tmp/cut" --scenario Server --rate 25 --items 100 \
	"${slow[@]}" >"$tmp/log" 2>&1 &
pid=$!
until [ -s "$tmp/cut/journal.jsonl" ] &&
	[ "$(lines "$tmp/cut" sample .run 2>/dev/null | wc -l)" -ge 10 ]; do
	sleep 0.05
done
kill -INT $pid
wait $pid
check "an interrupted schedule says so" test $? -eq 130
check "goes on" "$oae" run --resume "$tmp/cut" --quiet --no-report
check "in the same scenario" value "$tmp/cut" .scenario '"Server"'
check "each request once" test "$(lines "$tmp/cut" sample \
	'[.run, .request]' | sort -u | wc -l)" -eq 200
check "from where it was, not from the start" test "$(lines "$tmp/cut" run \
	'select(.segment == 1) | .load.due_from_ns | tonumber > 0')" = true
check "and verifies" "$oae" verify "$tmp/cut"
cp "$tmp/azure.csv" "$tmp/mine.csv"
(cd "$tmp" && exec "$oae" run --suite smoke --quiet --no-score \
	--no-calibration --out "$tmp/cut2" --scenario Server --items 4 --runs 8 \
	--arrivals trace:mine.csv \
	--systems null/echo:delay_us=100000,tokens=1) >"$tmp/log" 2>&1 &
pid=$!
until [ -s "$tmp/cut2/journal.jsonl" ] &&
	grep -q '"type":"sample"' "$tmp/cut2/journal.jsonl"; do
	sleep 0.05
done
kill -KILL $pid
{ wait $pid; } 2>/dev/null
echo "2023-11-16 18:15:47,1,1" >>"$tmp/mine.csv"
check "a trace that was changed meanwhile is refused" fails 2 "has changed" \
	"$oae" run --resume "$tmp/cut2" --quiet
cp "$tmp/azure.csv" "$tmp/mine.csv"
check "the one that was, from another folder, is not" "$oae" run \
	--resume "$tmp/cut2" --quiet --no-report
check "and all is answered" all_answered "$tmp/cut2" 32

# ---- a harness that stands still is the bottleneck, and says so
"${smoke[@]}" --out "$tmp/late" --scenario Server --rate 50 --items 100 \
	--arrivals constant --systems null/echo:delay_us=20000,tokens=2 \
	>"$tmp/log" 2>&1 &
pid=$!
until [ -s "$tmp/late/journal.jsonl" ] &&
	[ "$(lines "$tmp/late" sample .run 2>/dev/null | wc -l)" -ge 10 ]; do
	sleep 0.05
done
kill -STOP $pid
sleep 1
kill -CONT $pid
wait $pid
check "a stopped harness: the run is not valid" jq -e '.scenarios[0] |
	.validity.valid == false and .validity.broken[0].rule == "OAE-V001" and
	(.validity.broken[0].text | test("sent late")) and
	.valid_runs < .runs' "$tmp/late/result.json"
check "it verifies all the same" "$oae" verify "$tmp/late"

# ---- the tables
shows() { # DIR WORD
	"$oae" score "$tmp/$1" >"$tmp/table" && grep -qF "$2" "$tmp/table" ||
		{ cat "$tmp/table"; false; }
}
check "the table says how it served under load" shows server "Under load"
check "from due and from send" shows server " send "
check "there is no score of it, and why" shows server "There is no score"
check "a query has its own latency" shows multi "query"
check "a run that is not valid stands there with its rule" \
	shows late "OAE-V001: the harness sent late"
check "SingleStream has no such table" bash -c \
	'"$0" score "$1" | grep -q Measured && ! "$0" score "$1" |
	 grep -q "Under load"' "$oae" "$tmp/single"
check "page and summary too" bash -c '"$0" report "$1" >/dev/null &&
	grep -q "Under load" "$1/report/index.html" &&
	grep -q "OAE-V001" "$1/report/index.html" &&
	grep -q "OAE-V001" "$1/report/summary.md"' "$oae" "$tmp/late"

# ---- the document
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	check "all of it is as the schema says" /usr/bin/python3 - \
		schema/documents/result-1.schema.json "$tmp"/*/result.json <<'PY'
import json
import sys

import jsonschema

v = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
for path in sys.argv[2:]:
    for e in v.iter_errors(json.load(open(path))):
        sys.exit(f"{path}: {e.json_path}: {e.message[:200]}")
PY
else
	skip "all of it is as the schema says" "python3-jsonschema is missing"
fi
finish
