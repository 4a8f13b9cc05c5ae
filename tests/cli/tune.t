#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A tuning: of an adapter whose cost is known, killed and resumed, of the
# reference engine, and everything that is refused. Numbers are recomputed
# from the document's own by an independent program.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh

tune=("$oae" tune surface/tuned --adapter tests/fake/surface --baseline
	surface/plain --workloads notices --no-scale --quiet)
tiny=("${tune[@]}" --trials 3 --items 2 --knob-runs 0 --held-out-runs 2)
doc() { jq -e "$2" "$1/tune.json"; }

# ---- words
check "help teaches" grep -q "examples:" <("$oae" tune --help)
check "no system" fails 64 "give a system" "$oae" tune
check "two systems" fails 64 "one system" "$oae" tune a/b c/d
check "unknown option" fails 64 "--bogus" "$oae" tune a/b --bogus
check "no trials" fails 64 "--trials" "${tune[@]}" --trials 0
check "an odd number of runs" fails 64 "even" "${tune[@]}" --runs 3
check "nothing to tune" fails 64 "no knob left" "$oae" tune surface/plain \
	--adapter tests/fake/surface --baseline surface/plain --dry-run
check "all knobs given" fails 64 "no knob left" "$oae" tune \
	surface/tuned:batch=1,idle=true,mode=good --dry-run \
	--adapter tests/fake/surface --baseline surface/plain
check "an expert of another system" fails 64 "must be a setting of" \
	"${tune[@]}" --expert surface/plain --dry-run
check "who, without an expert" fails 64 "--expert SETTING" \
	"${tune[@]}" --who me
check "an unknown profile" fails 64 "nobody" "${tune[@]}" \
	--profile nobody --dry-run
check "nothing there to go on with" fails 64 "no tuning was begun" \
	"$oae" tune --resume "$tmp/nowhere"

# ---- the plan
"${tune[@]}" --trials 5 --dry-run >"$tmp/five"
"${tune[@]}" --trials 9 --dry-run >"$tmp/nine"
"${tune[@]}" --trials 9 --dry-run --seed 7 >"$tmp/other"
draws() { awk '$2 == "trial" {print $3}' "$1"; }
check "more trials go on with the same draws" \
	cmp <(draws "$tmp/five") <(draws "$tmp/nine" | head -5)
check "another seed draws others" \
	bash -c "! cmp -s '$tmp/nine' '$tmp/other'"
check "a knob that is given stays so" bash -c "! '$oae' tune \
	surface/tuned:batch=2 --adapter tests/fake/surface --baseline \
	surface/plain --no-scale --dry-run | grep trial | grep -v batch=2,"
check "what is not for tuning is not drawn" \
	bash -c "! grep -E 'share|path' '$tmp/nine'"

# ---- a whole one
check "a tuning" "${tune[@]}" --trials 5 --items 3 --knob-runs 2 \
	--held-out-runs 2 --out "$tmp/t" --seed 6 \
	--expert surface/tuned:batch=4 --who "an expert" --expert-trials 20 \
	--expert-hours 3
check "verifies" "$oae" verify "$tmp/t"
check "a setting that crashes or refuses costs what a miss costs" doc \
	"$tmp/t" '[.searches[0].settings[] | select(.knobs.mode != "good")] |
	length > 0 and all(.kappa_usd == 0.1 and .reason != null)'
check "of what serves, more batch is cheaper" doc "$tmp/t" \
	'[.searches[0].settings[] | select(.knobs.mode == "good")] |
	length > 1 and (sort_by(.knobs.batch) | map(.kappa_usd) |
	. == (sort | reverse))'
check "the best was measured again, on other items" test "$(lines "$tmp/t" \
	choice .as | wc -l)" = 1
items() { lines "$1" sample "select(.run $2) | .item" | sort -u; }
held=$(jq -c 'select(.type == "campaign") | .tune | [.plan, .settings] |
	. as [$p, $s] | [range($p | length) | select($s[$p[.]].role == "best")] |
	min' "$tmp/t/journal.jsonl")
check "none of them was seen in a trial" test -z \
	"$(comm -12 <(items "$tmp/t" "< 14") <(items "$tmp/t" "== $held"))"
check "the expert is recorded and charged" doc "$tmp/t" '.expert |
	.who == "an expert" and .trials == 20 and .hours == 3 and
	.hours_class == "declared" and (.charge_usd - 3 * 41.65 | fabs) < 1e-9
	and .setting.id == "surface/tuned:batch=4"'
check "every knob has its word" doc "$tmp/t" '.declared_knobs == 5 and
	([.knobs[] | .verdict != null or .reason != null] | all) and
	(.knobs[] | select(.name == "mode") | .verdict == "effective")'
check "its page and picture" test -s "$tmp/t/report/tune.svg" -a \
	-s "$tmp/t/report/tune.png" -a -s "$tmp/t/report/index.html"

cat >"$tmp/again.py" <<'PY'
import json
import math
import sys

d = json.load(open(sys.argv[1]))
s = d["searches"][0]
x = sorted((t["kappa_usd"] for t in s["settings"]), reverse=True)
B = len(x)


def same(a, b, what):
    if not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12):
        sys.exit(f"{what}: {a} is not {b}")


kb, ke = d["kappa_baseline_usd"], d["expert"]["setting"]["kappa_usd"]
tau = lambda k: math.log(kb / k) / math.log(kb / ke)
for c in s["curve"]:
    n = c["n"]
    best = sum(math.comb(i - 1, n - 1) / math.comb(B, n) * x[i - 1]
               for i in range(n, B + 1))
    dodge = sum(x[i - 1] * ((i / B)**n - ((i - 1) / B)**n)
                for i in range(1, B + 1))
    same(c["kappa_usd"], best, "unbiased")
    same(c["kappa_dodge_usd"], dodge, "Dodge")
    same(c["tau"], tau(best), "tau")
    if c["few"] != (n > B / 2):
        sys.exit("few")
same(d["tau"]["default"]["value"], tau(s["default"]["kappa_usd"]), "default")
same(d["tau"]["4"]["value"], s["curve"][3]["tau"], "tau(4)")
if "at least 16" not in d["tau"]["16"]["reason"]:
    sys.exit("tau(16) of five trials")
PY
check "both estimators and tau, from their definitions" \
	python3 "$tmp/again.py" "$tmp/t/tune.json"
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	check "tune.json fits its schema" /usr/bin/python3 -c "
import json, jsonschema
jsonschema.Draft202012Validator(json.load(open(
    'schema/documents/tune-1.schema.json'))).validate(
    json.load(open('$tmp/t/tune.json')))"
else
	skip "tune.json fits its schema" "python3-jsonschema is not installed"
fi

# ---- what was changed
cp -r "$tmp/t" "$tmp/lie"
sed -i 's/"who": "an expert"/"who": "nobody"/' "$tmp/lie/tune.json"
check "another tune.json is found out" bash -c "'$oae' verify '$tmp/lie' |
	grep 'not what journal and inputs give'"
check "it is computed again, without measuring" \
	"$oae" tune --resume "$tmp/lie" --quiet
check "to the same bytes" cmp "$tmp/lie/tune.json" "$tmp/t/tune.json"
check "a tuning has no score" fails 64 "holds a tuning" \
	"$oae" score "$tmp/t"
check "nor is it a campaign" fails 64 "is a tuning" \
	"$oae" run --resume "$tmp/t"

# ---- taken into a result
run=("$oae" run --suite smoke --no-calibration --workloads notices --items 2
	--runs 2 --quiet --adapter tests/fake/surface)
cp -r "$tmp/t/inputs" "$tmp/no"
check "no tuning there" fails 64 "holds no tune.json" "${run[@]}" \
	--systems surface/plain,surface/tuned --tune "$tmp/no"
check "a tuning of something else" fails 64 "does not measure" \
	"${run[@]}" --systems surface/plain --tune "$tmp/t"
check "a tuning against another baseline" fails 64 "its baseline was" \
	"${run[@]}" --systems surface/tuned,surface/plain --tune "$tmp/t"
check "two of one system" fails 64 "has one already" "${run[@]}" \
	--systems surface/plain,surface/tuned --tune "$tmp/t" --tune "$tmp/lie"
check "one" "${run[@]}" --systems surface/plain,surface/tuned \
	--tune "$tmp/t" --out "$tmp/run"
check "is in the result" jq -e --slurpfile t "$tmp/t/tune.json" \
	'.talent | length == 1 and .[0].system == "surface/tuned" and
	.[0].tau == $t[0].tau and .[0].expert.gain == $t[0].expert.setting.gain
	and .[0].effective_knobs == $t[0].effective_knobs and
	.[0].same_program' "$tmp/run/result.json"
check "trials say what 4 of them find, not what 16 do" jq -e '
	.profiles[0].access[] | select(.system == "surface/tuned") | .cells |
	(map(.skill) == ["T1", "T2", "T3"]) and .[1].probability >= 0 and
	.[1].outcome != null and .[2].outcome == null and
	(.[2].reason | contains("fewer than 16"))' "$tmp/run/result.json"
check "and in its report" grep -q "expert's gain (tau)" \
	<(tr '\n' ' ' <"$tmp/run/report/index.html" | sed "s/&#39;/'/g")
check "the run verifies" "$oae" verify "$tmp/run"
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	check "its result fits the schema" /usr/bin/python3 -c "
import json, jsonschema
jsonschema.Draft202012Validator(json.load(open(
    'schema/documents/result-1.schema.json'))).validate(
    json.load(open('$tmp/run/result.json')))"
else
	skip "its result fits the schema" "python3-jsonschema is not installed"
fi
sed -i 's/"trials": 5/"trials": 6/' "$tmp/run/inputs/tune/0.json"
check "a changed tuning is found out" fails 2 "tune/0.json" \
	"$oae" score "$tmp/run"

# ---- killed
killed() { # SAMPLES: when so many are there
	local dir=$tmp/k pid n
	rm -rf "$dir"
	"${tiny[@]}" --out "$dir" --no-report >"$tmp/said" 2>&1 &
	pid=$!
	for _ in $(seq 600); do
		n=$(grep -c '"type":"sample"' "$dir/journal.jsonl" 2>/dev/null)
		[ "${n:-0}" -ge "$1" ] && break
		sleep 0.02
	done
	kill -9 $pid
	wait $pid 2>/dev/null
	grep '"type":"sample"' "$dir/journal.jsonl" >"$tmp/before"
	"$oae" tune --resume "$dir" --quiet --no-report >"$tmp/said" || return 1
	head -n "$(wc -l <"$tmp/before")" \
		<(grep '"type":"sample"' "$dir/journal.jsonl") |
		cmp - "$tmp/before" &&
		[ -z "$(lines "$dir" sample '[.run, .request]' | sort |
			uniq -d)" ] &&
		"$oae" verify "$dir" && doc "$dir" '.complete'
}
check "killed among the trials, and resumed" killed 5
check "killed among the last runs, and resumed" killed 22

# ---- the reference engine's own knobs
check "the reference engine" "$oae" tune reference/dense --baseline \
	reference/dense --workloads sums --items 2 --trials 2 --knob-runs 0 \
	--held-out-runs 2 --no-scale --no-report --quiet --out "$tmp/r"
check "tunes a baseline against itself" doc "$tmp/r" \
	'(.searches | length) == 1 and .system == .baseline'
check "where the defaults win, nobody gains" "$oae" tune null/echo --baseline \
	null/echo --suite smoke --items 2 --trials 2 --knob-runs 0 \
	--held-out-runs 2 --no-report --quiet --out "$tmp/n"
check "as it says" doc "$tmp/n" '.tau.default.value == null and
	(.tau.default.reason | contains("gains nothing"))'
finish
