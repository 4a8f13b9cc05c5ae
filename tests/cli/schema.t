#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The documents against their JSON Schemas, with an independent validator;
# and the schemas against documents that are wrong.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
if ! /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	skip "schemas" "python3-jsonschema is not installed"
	finish
	exit 0
fi
cat >"$tmp/validate.py" <<'PY'
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
bad = 0
for path in sys.argv[2:]:
    for e in validator.iter_errors(json.load(open(path))):
        print(f"{path}: {e.json_path}: {e.message[:200]}")
        bad = 1
sys.exit(bad)
PY
docs=schema/documents
valid() { /usr/bin/python3 "$tmp/validate.py" "$docs/$1" "${@:2}"; }
refused() { # SCHEMA FILE JQ-FILTER: a change that must not pass
	jq "$3" "$2" >"$tmp/wrong.json" && ! valid "$1" "$tmp/wrong.json"
}

check "profiles" valid profile-1.schema.json schema/profiles/*.json
check "ledgers" valid ledger-1.schema.json \
	adapters/*/effort/*.ledger.json tests/fake/adapter/effort/*.json
check "manifests" valid adapter-1.schema.json adapters/*/adapter.json \
	tests/fake/adapter/adapter.json

# ---- results: invented, failed, incomplete, and a real small campaign
"$build/tests/test_result" "$tmp/one" || exit 1
cp -r "$tmp/one" "$tmp/noseal"
sed -i '$d' "$tmp/noseal/journal.jsonl"
"$oae" run --suite smoke --quiet --no-report --out "$tmp/smoke" \
	--adapter tests/fake/adapter --systems null/echo,fake/echo >/dev/null
for d in one noseal; do "$oae" score "$tmp/$d" >/dev/null || exit 1; done
result=$tmp/one/result.json
check "an invented result" valid result-1.schema.json "$result"
check "one without its seal" valid result-1.schema.json \
	"$tmp/noseal/result.json"
check "a real one" valid result-1.schema.json "$tmp/smoke/result.json"
check "the real one verifies" "$oae" verify "$tmp/smoke"
check "a system that failed its gate has a reason" jq -e \
	'.profiles[0].scores[0] | .gate.outcome == "fail" and
	 (.modes.owned.oae | .value == null and .reason != "")' \
	"$tmp/smoke/result.json"

check "the machine at both ends, and all that ran by hash" jq -e \
	'.environment | ([.start, .end] | all(.cpu.cores >= 1 and
	.cpu_time.own_s > 0 and .cgroup.layout and has("mitigations"))) and
	(.software | (.program_sha256 | length) == 64 and
	(.systems | length) == 2 and (.inputs | length) > 8) and
	(.warnings | type) == "array"' "$tmp/smoke/result.json"

s="result-1.schema.json"
check "a warning without its numbers is refused" refused $s "$result" \
	'.environment.warnings = [{"topic": "load_1min", "text": "busy"}]'
check "an unknown fact of the machine is refused" refused $s "$result" \
	'.environment.start.moon = "full"'
check "a key too many is refused" refused $s "$result" '.systems[0].x = 1'
check "a key too few is refused" refused $s "$result" 'del(.journal.sha256)'
check "a bare null score is refused" refused $s "$result" \
	'.profiles[0].scores[0].modes.owned.oae = null'
check "an unknown class is refused" refused $s "$result" \
	'.profiles[0].scores[0].modes.owned.oae.class = "guessed"'
check "an unknown verdict is refused" refused $s "$result" \
	'.profiles[0].scores[0].modes.owned.verdict = "MAYBE"'
check "a null without its reason is refused" refused $s "$result" \
	'del(.systems[0].measured.by_workload[0].joules_per_request.measured
	 .reason)'
check "a declared single value is refused" refused ledger-1.schema.json \
	adapters/reference/effort/dense.ledger.json \
	'.entries[0] |= (del(.low, .mid, .high) | .value = 1)'
check "a negative number is refused" refused ledger-1.schema.json \
	adapters/reference/effort/dense.ledger.json '.entries[0].low = -1'
check "a profile without limits is refused" refused profile-1.schema.json \
	schema/profiles/clinic.json 'del(.slo)'

# ---- every number of a result has a class, or stands for a count
check "the texts of a result are UTF-8 and have no line ends" jq -e \
	'[.. | strings | select(test("[\u0000-\u001f]"))] == []' "$result"
finish
