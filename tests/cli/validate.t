#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae validate: every document of the project fits its schema, and what does
# not fit is named.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh

# ---- all that the project ships
mapfile -t shipped < <(find adapters tests/fake/adapter workloads schema/profiles \
	\( -name adapter.json -o -name '*.ledger.json' -o -path '*/suites/*.json' \
	-o -name '*.workload.json' -o -name '*.items.jsonl' \
	-o -path '*/profiles/*.json' \) | sort)
check "the project's own ${#shipped[@]} documents fit" \
	"$oae" validate "${shipped[@]}"
each_kind() {
	local kind
	for kind in adapter.json ledger.json suites/ workload.json \
		items.jsonl profiles/; do
		[ "$(printf '%s\n' "${shipped[@]}" |
			grep -c -- "$kind")" -ge 3 ] || return 1
	done
}
check "and there are some of each kind" each_kind
check "what oae doctor says fits" eval \
	'"$oae" doctor --json >"$tmp/doctor.json"; "$oae" validate "$tmp/doctor.json"'

# ---- a run folder
"$oae" run --suite smoke --quiet --no-report --out "$tmp/smoke" >/dev/null
check "a run's journal, result and inputs fit" eval '"$oae" validate \
	"$tmp"/smoke/{journal.jsonl,result.json} $(find "$tmp/smoke/inputs" \
	-name "*.json*")'
check "verify says how many lines and files it checked" eval \
	'"$oae" verify "$tmp/smoke" |
	grep -qE "^ok +schema +[0-9]{3,} lines of the journal and 7 files"'

# ---- what does not fit
wrong() { # FILE WORDS: exit 2, and a line says so
	local rc=0
	"$oae" validate "$1" >"$tmp/said" 2>&1 || rc=$?
	cat "$tmp/said"
	[ "$rc" -eq 2 ] && grep '^WRONG' "$tmp/said" | grep -qF -- "$2"
}
suite() { jq "$1" workloads/suites/smoke.json >"$tmp/suite.json"; }
suite '.runs = 3'
check "an odd number of runs" wrong "$tmp/suite.json" \
	"/runs: multipleOf: wanted a multiple of 2, found 3"
suite '.sytems = .systems | del(.systems)'
check "a misspelt member is named" wrong "$tmp/suite.json" \
	"/sytems: additionalProperties: no such member is known here"
check "so is the one that is missing" wrong "$tmp/suite.json" \
	'(top): required: the member "systems" is missing'
suite '.oae_suite = 2'
check "another version" wrong "$tmp/suite.json" "wanted 1, found 2"
sed '3s/"prompt":"[^"]*"/"prompt":7/' workloads/sums.items.jsonl \
	>"$tmp/x.items.jsonl"
check "a line of many" wrong "$tmp/x.items.jsonl" \
	"line 3: /prompt: type: wanted a string, found 7"
jq '.systems[0].knobs[0].default = null' adapters/null/adapter.json \
	>"$tmp/adapter.json"
check "deep in a document" wrong "$tmp/adapter.json" \
	"/systems/0/knobs/0/default: type: wanted a string or a number or"
echo '{"a": 01}' >"$tmp/no.json"
check "no JSON" wrong "$tmp/no.json" "JSON line 1"
echo '{"a": 1}' >"$tmp/no.json"
check "of no known kind: the kinds are named" wrong "$tmp/no.json" '"oae_suite"'
: >"$tmp/empty.jsonl"
check "an empty file of lines" wrong "$tmp/empty.jsonl" "is empty"
head -c 4000 "$tmp/smoke/journal.jsonl" >"$tmp/torn.jsonl"
check "a torn last line" wrong "$tmp/torn.jsonl" "cut short"
yes '{"prompt":1}' | head -n 500 >"$tmp/many.jsonl"
check "of very many faults the first twenty" eval \
	'"$oae" validate "$tmp/many.jsonl" >"$tmp/said"; [ $? -eq 2 ] &&
	[ "$(wc -l <"$tmp/said")" -eq 21 ] && grep -q "980 more" "$tmp/said"'
check "one wrong file among right ones is still 2, and each has its line" eval \
	'"$oae" validate "${shipped[@]:0:3}" "$tmp/no.json" >"$tmp/said"
	[ $? -eq 2 ] && [ "$(grep -c "^ok" "$tmp/said")" -eq 3 ]'

# ---- a journal that was changed by one who mends the hashes
cp -r "$tmp/smoke" "$tmp/bad"
/usr/bin/python3 - "$tmp/bad" <<'PY'
import hashlib
import json
import sys

path = sys.argv[1] + "/journal.jsonl"
lines = [json.loads(t) for t in open(path)]
at = next(i for i, t in enumerate(lines) if t["type"] == "sample")
lines[at]["claim"] = "best of all"
prev, out = "0" * 64, ""
for t in lines:
    t["prev"] = prev
    if t["type"] == "seal":
        t["sha256"] = hashlib.sha256(out.encode()).hexdigest()
    text = json.dumps(t, separators=(",", ":"))
    prev = hashlib.sha256(text.encode()).hexdigest()
    out += text + "\n"
open(path, "w").write(out)
PY
check "verify refuses a member that no journal has" eval \
	'"$oae" verify "$tmp/bad" >"$tmp/said"; [ $? -eq 2 ] &&
	grep -q "^ok *journal" "$tmp/said" &&
	grep -q "^WRONG schema *journal.jsonl line [0-9]*: /claim:" "$tmp/said"'

# ---- options
check "--json" eval '"$oae" validate --json "$tmp/suite.json" | jq -e \
	".[0] | .ok == false and .schema == \"suite-1.schema.json\" and
	.faults[0].line == null and (.faults[0].text | test(\"oae_suite\"))"'
check "--list names the kinds" eval \
	'"$oae" validate --list --json | jq -e "map(.id) | contains(
	[\"adapter\", \"journal\", \"ledger\", \"profile\", \"result\",
	 \"suite\", \"workload\"])"'
check "--schema KIND" eval '"$oae" validate --schema profile \
	"$tmp/suite.json" | grep -q oae_profile'
echo '{"type": "object", "required": ["mine"]}' >"$tmp/mine.json"
check "--schema FILE" eval '"$oae" validate --schema "$tmp/mine.json" \
	"$tmp/suite.json" | grep -q "the member \"mine\" is missing"'
echo '{"requierd": ["mine"]}' >"$tmp/mine.json"
check "an unknown keyword of a schema is an error" fails 1 '"requierd"' \
	"$oae" validate --schema "$tmp/mine.json" "$tmp/suite.json"
check "an unknown kind" fails 64 "validate --list" "$oae" validate \
	--schema moon "$tmp/suite.json"
check "no file" fails 64 "give a file" "$oae" validate
check "a missing file" fails 1 "nothing.json" "$oae" validate \
	"$tmp/nothing.json"
check "a folder" fails 1 "" "$oae" validate "$tmp/smoke"
check "--help teaches" eval '"$oae" validate --help | grep -q "^examples:"'

# ---- the machine is described alike in journal and result
machine() { # DOCUMENT: what its schema says of a machine
	jq -S '."$defs".environment.properties |
		del(.type, .seq, .prev, .when)' "schema/documents/$1.schema.json"
}
check "one description of a machine" eval \
	'diff <(machine result-1) <(machine journal-1)'
finish
