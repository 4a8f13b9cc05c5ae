#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae compare: a slower build is found, the same build is not, what cannot be
# told is said, and CI systems can read all of it.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
unset GITHUB_STEP_SUMMARY GITHUB_OUTPUT
top=$PWD

# A program of a journal's lines, chained and sealed again.
cat >"$tmp/rechain.py" <<'PY'
import hashlib
import json
import sys

path, change = sys.argv[1:]
lines = [json.loads(x) for x in open(path)]
prev, out = "0" * 64, b""
for line in lines[:-1]:
    exec(change)
    line["prev"] = prev
    text = (json.dumps(line, separators=(",", ":")) + "\n").encode()
    prev = hashlib.sha256(text.rstrip(b"\n")).hexdigest()
    out += text
seal = lines[-1]
seal["prev"] = prev
seal["sha256"] = hashlib.sha256(out).hexdigest()
open(path, "wb").write(out + (json.dumps(seal, separators=(",", ":"))
                              + "\n").encode())
PY

# exits CODE COMMAND...: that exit code; what it says is in $tmp/last.
exits() {
	local want=$1 rc=0
	shift
	"$@" >"$tmp/last" 2>&1 || rc=$?
	cat "$tmp/last"
	echo "exit $rc, wanted $want"
	[ "$rc" -eq "$want" ]
}
says() { # FILE WORD
	grep -qF -- "$2" "$1" || { cat "$1"; false; }
}
valid() { # FILE
	if ! /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
		skip "$1 against its schema" "python3-jsonschema is missing"
		return
	fi
	check "$1 against its schema" /usr/bin/python3 -c '
import json, jsonschema, sys
schema = json.load(open("schema/documents/compare-1.schema.json"))
jsonschema.Draft202012Validator.check_schema(schema)
jsonschema.Draft202012Validator(schema).validate(json.load(open(sys.argv[1])))
' "$tmp/$1"
}

# ---- words
check "--help teaches with examples" \
	bash -c '"$0" compare --help | grep -q "^  oae compare --run"' "$oae"
check "nothing to compare" fails 64 "BASE and HEAD" "$oae" compare
check "an unknown option" fails 64 "--bogus" "$oae" compare --bogus a b
check "an unknown metric names the known ones" \
	fails 64 "tokens_per_s" "$oae" compare a b --metrics speed
check "a threshold without %" fails 64 "such as 3%" \
	"$oae" compare a b --threshold 3
check "measuring needs --run" fails 64 "--run" "$oae" compare a b --pairs 4
check "odd pairs" fails 64 "even" \
	"$oae" compare --run a b --systems x/y --pairs 5
check "no rerun of stored results" fails 64 "--run" \
	"$oae" compare a b --on-inconclusive rerun
check "an empty word" fails 64 "variable" "$oae" compare "" b
check "--run says what" fails 64 "--systems" "$oae" compare --run a b

# ---- a repository whose second commit is slower
git init -q "$tmp/repo" && cd "$tmp/repo" || exit 1
git config user.email nobody@example.org
git config user.name nobody
git config commit.gpgsign false
mkdir serving
cp "$top"/tests/fake/sleeper/* serving/
sed -i 's/^SERVICE_MS = .*/SERVICE_MS = 16/' serving/adapter.py
git add -A && git commit -qm fast && git tag fast
sed -i 's/^SERVICE_MS = .*/SERVICE_MS = 100/' serving/adapter.py
git commit -qam slow && git tag slow
sed -i 's/^def answer.*/&\n    sys.exit(3)/' serving/adapter.py
git commit -qam broken && git tag broken && git checkout -q slow
run=("$oae" compare --run --adapter serving --systems sleeper/nap --items 2
	--quiet)
times=(--metrics "s_per_request,tokens_per_s")

check "a slower commit is a regression: 2" exits 2 env \
	GITHUB_STEP_SUMMARY="$tmp/step.md" "${run[@]}" fast slow "${times[@]}" \
	--out "$tmp/slow" --json "$tmp/slow.json" --junit "$tmp/slow.xml" \
	--markdown "$tmp/slow.md" --annotations github
check "both metrics, by about 5, with what could have been seen" jq -e \
	'[.metrics[] | select(.unit != "share")] | length == 2 and
	all(.verdict == "regression" and .base_n == 10 and
	    .worse.low > 0.03 and .worse.value > 0.5 and .worse.value < 20 and
	    .detectable > 0 and .p_holm <= 0.01)' "$tmp/slow.json"
check "the document names commits and the journal" jq -e --arg a \
	"$(git rev-parse fast)" --arg h "$(git rev-parse slow)" --arg j \
	"$(sha256sum <"$tmp/slow/look-1/journal.jsonl" | cut -c1-64)" \
	'.base.revision == $a and .head.revision == $h and
	.folders[0].journal_sha256 == $j and .exit_code == 2' "$tmp/slow.json"
check "the order is ABBA" jq -es '[.[] | select(.type == "run") | .system[0:4]]
	| [range(0; length; 4) as $i | .[$i:$i + 4]] | length == 5 and
	all(.[0] == .[3] and .[1] == .[2] and .[0] != .[1])' \
	"$tmp/slow/look-1/journal.jsonl"
check "the measured campaign verifies" "$oae" verify "$tmp/slow/look-1"
check "the worktrees are gone" test "$(git worktree list | wc -l)" -eq 1
check "::error, escaped" says "$tmp/last" \
	"::error title=oae%3A tokens_per_s of head/nap on notices%3A"
check "the step's summary is the Markdown file" \
	cmp "$tmp/step.md" "$tmp/slow.md"
cd "$top" || exit 1
valid slow.json

cat >"$tmp/junit.py" <<'PY'
# What Jenkins and GitLab read: suites with counts, cases with one outcome.
import sys
import xml.etree.ElementTree as E

root = E.parse(sys.argv[1]).getroot()
want = dict(x.split("=") for x in sys.argv[2:])
assert root.tag == "testsuites" and len(root) == 1, root.tag
suite = root[0]
assert suite.tag == "testsuite" and suite.get("name")
cases = suite.findall("testcase")
seen = {"tests": len(cases), "failures": 0, "errors": 0, "skipped": 0}
names = {"failure": "failures", "error": "errors", "skipped": "skipped"}
for case in cases:
    assert case.get("name") and case.get("classname") and case.get("time")
    outcomes = [x for x in case if x.tag in names]
    assert len(outcomes) <= 1
    for x in outcomes:
        seen[names[x.tag]] += 1
        assert x.get("message")
        assert x.tag == "skipped" or x.get("type")
    assert all(x.tag in names or x.tag in ("system-out", "system-err")
               for x in case)
for key, n in seen.items():
    assert int(suite.get(key)) == n, (key, suite.get(key), n)
    if key in want:
        assert n == int(want[key]), (key, n, want[key])
for x in suite:
    assert x.tag in ("testcase", "system-out", "system-err", "properties")
PY
check "JUnit: two failures" /usr/bin/python3 "$tmp/junit.py" "$tmp/slow.xml" \
	tests=4 failures=2 errors=0 skipped=0

# ---- the same build against itself; a limit that noise does not reach
cd "$tmp/repo" || exit 1
check "A/A passes: 0" exits 0 "${run[@]}" --aa serving "${times[@]}" \
	--threshold 300% --out "$tmp/aa" --json "$tmp/aa.json" \
	--junit "$tmp/aa.xml"
check "and says how often the gate fails, with an interval" jq -e \
	'.false_positives |
	.low <= .value and .value <= .high and .high < 0.01' \
	"$tmp/aa.json"
cd "$top" || exit 1
valid aa.json
check "JUnit: nothing wrong" /usr/bin/python3 "$tmp/junit.py" "$tmp/aa.xml" \
	tests=4 failures=0 errors=0 skipped=0
check "one system's own runs, split" exits 3 \
	"$oae" compare --aa "$tmp/slow/look-1" --systems base/nap "${times[@]}"
check "of five pairs nothing is said" says "$tmp/last" "fewer than 10 pairs"

# ---- what cannot be told: few pairs, and the policies
null=("$oae" compare --run . . --systems null/echo --items 1 --quiet --pairs 2)
check "few pairs: 3" exits 3 "${null[@]}" --out "$tmp/few" \
	--metrics s_per_request --junit "$tmp/few.xml"
check "JUnit: errors" /usr/bin/python3 "$tmp/junit.py" "$tmp/few.xml" \
	failures=0 errors=2
check "more looks, at most --pairs-max, then 3" exits 3 "${null[@]}" \
	--out "$tmp/looks" --metrics s_per_request --on-inconclusive rerun \
	--pairs-max 4 --json "$tmp/looks.json"
check "two looks of two pairs, each at Pocock's level" jq -e \
	'.rules.looks_planned == 2 and .rules.looks_taken == 2 and
	.rules.alpha_of_a_look < 0.0057 and .rules.alpha_of_a_look > 0.0055 and
	(.folders | length) == 2 and
	([.metrics[] | select(.unit != "share") | .base_n] == [4])' \
	"$tmp/looks.json"
valid looks.json
few=("$oae" compare "$tmp/few/look-1" --systems "base/echo,head/echo")
check "--on-inconclusive pass: 0" exits 0 "${few[@]}" --on-inconclusive pass \
	--junit "$tmp/pass.xml" --annotations github
check "and it is said" says "$tmp/last" "which passes here"
check "::warning then" says "$tmp/last" "::warning "
check "JUnit: skipped" /usr/bin/python3 "$tmp/junit.py" "$tmp/pass.xml" \
	failures=0 errors=0
check "--on-inconclusive fail: 3" exits 3 "${few[@]}" --on-inconclusive fail
check "--json - is the document alone" bash -c \
	'"$@" --json - | jq -e ".schema == \"compare-1\""' _ "${few[@]}"
check "no baseline folder: 3" exits 3 \
	"$oae" compare "$tmp/nowhere" "$tmp/few/look-1" \
	--json "$tmp/missing.json"
check "which the document says" jq -e \
	'.verdict == "inconclusive" and (.notes[0] | test("no baseline"))' \
	"$tmp/missing.json"
valid missing.json
check "no new result: 64" fails 64 "no such run folder" \
	"$oae" compare "$tmp/few/look-1" "$tmp/nowhere"
check "no such revision as baseline: 3" exits 3 \
	"$oae" compare --run no-such-revision . --systems null/echo

noisy=sleeper/nap:noise_pct=80,sleeper/nap:noise_pct=80,slower_pct=20
"$oae" run --suite compare --items 1 --quiet --no-calibration --no-report \
	--adapter tests/fake/sleeper --systems "$noisy" --out "$tmp/noisy" \
	>/dev/null
check "20 % in ten pairs that vary by 80 %: 3" exits 3 "$oae" compare \
	"$tmp/noisy" --systems "$noisy" --metrics s_per_request
check "it says how many pairs would tell" says "$tmp/last" "as noisy as this"

# ---- stored results: weaker, and only what is alike
slow=$tmp/slow/look-1
check "two campaigns, by Welch: still a regression" exits 2 "$oae" compare \
	"$slow" "$slow/result.json" --systems base/nap,head/nap "${times[@]}" \
	--json "$tmp/unpaired.json"
check "labelled weaker" jq -e '.weaker and .how == "unpaired"' \
	"$tmp/unpaired.json"
check "in words too" says "$tmp/last" "weaker"
valid unpaired.json
cp -r "$slow" "$tmp/other"
/usr/bin/python3 "$tmp/rechain.py" "$tmp/other/journal.jsonl" '
if line["type"] == "environment":
    line["cpu"]["model"] = "Another CPU"
    line["kernel"] = "1.2.3"
if line["type"] == "campaign":
    line["suite"] = "mine"
    line["systems"][0]["models"] = [{"path": "m", "sha256": "ab" * 32,
                                     "bytes": 1}]'
check "the changed journal is sound" \
	bash -c '"$0" verify "$1" | grep -q "ok    journal"' "$oae" "$tmp/other"
other=("$oae" compare "$slow" "$tmp/other" --systems base/nap "${times[@]}")
check "another machine: 4" exits 4 "${other[@]}" --json "$tmp/other.json" \
	--junit "$tmp/other.xml" --annotations github
check "each difference by name, with both sides" jq -e \
	'[.differences[] | .what] == ["cpu", "kernel", "suite", "model"] and
	.differences[0].head == "Another CPU" and .comparable == false' \
	"$tmp/other.json"
check "the sentence has them" says "$tmp/last" "kernel ($(uname -r) / 1.2.3)"
valid other.json
check "JUnit: an error" /usr/bin/python3 "$tmp/junit.py" "$tmp/other.xml" \
	errors=1 failures=0
check "some may be meant" exits 4 "${other[@]}" --allow kernel,model,suite
check "all may be meant" bash -c \
	'"$@" --allow cpu,kernel,model,suite; [ $? -ne 4 ]' _ "${other[@]}"
check "systems that differ need names" fails 64 "base/nap, head/nap" \
	"$oae" compare "$slow" "$tmp/few/look-1" --systems base/echo

# ---- runs that fail are a regression, not a lack of data
cd "$tmp/repo" || exit 1
check "a build that crashes: 2" exits 2 "${run[@]}" fast broken \
	--out "$tmp/crash" --json "$tmp/crash.json"
check "by a sign test over runs" jq -e '.metrics[] |
	select(.metric == "completed") | .verdict == "regression" and
	.base == 1 and .head == 0 and .p < 0.002' "$tmp/crash.json"

# ---- building
check "a build command runs in the checkout" exits 3 "${run[@]}" fast slow \
	--pairs 2 --out "$tmp/built" \
	--build "pwd >'$tmp/where'; git describe --tags >>'$tmp/where'"
check "one for each side, the last here" says "$tmp/where" slow
check "a build that fails: 1, with its last words" fails 1 "no such gear" \
	"${run[@]}" fast slow --build 'echo no such gear; exit 3'
check "a build without end: 1" fails 1 "--build-limit" \
	"${run[@]}" fast slow --build 'sleep 60' --build-limit 1
check "an adapter that is not there" fails 64 "--adapter PATH" \
	"$oae" compare --run . . --systems sleeper/nap --adapter nope
check "no worktree is left" test "$(git worktree list | wc -l)" -eq 1

# ---- the CI templates
cat >"$tmp/ci.py" <<'PY'
import sys

import yaml

top, tmp = sys.argv[1:]
action = yaml.safe_load(open(top + "/ci/github/action.yml"))
assert action["runs"]["using"] == "composite"
assert action["name"] and action["description"] and action["branding"]
steps = action["runs"]["steps"]
assert all(s["shell"] == "bash" for s in steps if "run" in s)
for name, i in action["inputs"].items():
    assert i["description"] and (i.get("required") or "default" in i), name
used = {w.split("}}")[0].strip() for s in steps
        for v in s.get("env", {}).values() for w in str(v).split("${{")[1:]}
for word in used:
    for part in word.split("||"):
        part = part.strip()
        if part.startswith("inputs."):
            assert part[7:] in action["inputs"], part
assert not any("${{" in s["run"] for s in steps), "no pasting into scripts"
for o in action["outputs"].values():
    assert "steps.compare.outputs." in o["value"]
step = [s for s in steps if s.get("id") == "compare"][0]
open(tmp + "/github.sh", "w").write(step["run"])
open(tmp + "/github.env", "w").write("\n".join(step["env"]))

job = yaml.safe_load(open(top + "/ci/gitlab/oae.gitlab-ci.yml"))[".oae-compare"]
assert job["artifacts"]["reports"]["junit"] == "$OAE_OUT/junit.xml"
assert job["artifacts"]["when"] == "always"
assert all(isinstance(v, str) for v in job["variables"].values())
assert all(isinstance(x, str) for k in ("before_script", "script")
           for x in job[k])
open(tmp + "/gitlab.sh", "w").write("\n".join(job["script"]))
open(tmp + "/gitlab.env", "w").write(
    "\n".join(k + "=" + v for k, v in job["variables"].items()))
PY
if /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
	check "the templates are YAML of the right shape" \
		/usr/bin/python3 "$tmp/ci.py" "$top" "$tmp"
	mkdir -p "$tmp/tree/build" && ln -s "$oae" "$tmp/tree/build/oae"
	ln -s "$top/ci" "$tmp/tree/ci"
	set -- OAE_TREE="$tmp/tree" OAE_SYSTEMS=sleeper/nap \
		OAE_ADAPTER=serving OAE_PAIRS=2 OAE_METRICS=s_per_request \
		OAE_ARGS="--items 1 --quiet"
	check "GitHub's step, run here" exits 3 env "$@" OAE_BASE=fast \
		OAE_HEAD=slow OAE_OUT="$tmp/gh" OAE_THRESHOLD=3% \
		OAE_ON_INCONCLUSIVE=fail OAE_WORKLOADS= OAE_BUILD_COMMAND= \
		GITHUB_OUTPUT="$tmp/gh.out" GITHUB_STEP_SUMMARY="$tmp/gh.md" \
		bash -e "$tmp/github.sh"
	check "its outputs" says "$tmp/gh.out" "verdict=inconclusive"
	check "every variable that it sets is used or set here" bash -c \
		'while read -r v || [ "$v" ]; do grep -q "$v" "$1" || exit 1
		done <"$0"' \
		"$tmp/github.env" "$top/ci/compare"
	check "GitLab's script, run here" exits 0 env "$@" OAE_OUT="$tmp/gl" \
		OAE_ON_INCONCLUSIVE=pass \
		CI_COMMIT_BEFORE_SHA="$(printf %040d 0)" \
		bash -e "$tmp/gitlab.sh"
	check "its report" /usr/bin/python3 "$tmp/junit.py" \
		"$tmp/gl/junit.xml" failures=0 errors=0
else
	skip "the CI templates" "python3-yaml is not installed"
fi

finish
