#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae trend: steps in a series of results are found, named and drawn.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh

"$oae" run --suite smoke --quiet --no-calibration --no-report \
	--out "$tmp/one" >/dev/null || exit 1
# Sixty results of that one's shape, a day each: a step of 6 % in s after 25,
# down after 45 together with the kernel; memory after 30; the rest is noise.
cat >"$tmp/many.py" <<'PY'
import copy
import json
import os
import random
import sys

one, out = json.load(open(sys.argv[1])), sys.argv[2]
random.seed(3)
for i in range(60):
    d = copy.deepcopy(one)
    day = f"2026-{9 + i // 30:02}-{1 + i % 30:02}T10:00:00Z"
    d["campaign"]["utc"] = day
    d["campaign"]["build"]["git"] = f"c0ffee{i:02}"
    w = d["systems"][0]["measured"]["by_workload"][0]
    step = 1 if i < 25 else 1.06 if i < 45 else 0.97

    def noisy(mean, cv=.01):
        return mean * (1 + random.gauss(0, cv))

    w["s_per_request"]["value"] = noisy(.2 * step)
    w["ttft_ms"]["mean"] = noisy(30, .05)
    w["tpot_ms"]["mean"] = noisy(4, .05)
    w["cpu_s_per_request"]["value"] = noisy(.1)
    w["peak_memory_bytes"]["value"] = int(noisy(1.2e7 if i >= 30 else 1e7))
    w["quality"]["score"] = .98
    if i >= 45:
        d["environment"]["start"]["kernel"] = "9.9.9"
    if i == 3:
        d["environment"]["start"]["cpu"]["model"] = "Another CPU"
    os.makedirs(f"{out}/{(i * 7) % 60:02}")
    json.dump(d, open(f"{out}/{(i * 7) % 60:02}/result.json", "w"))
PY
/usr/bin/python3 "$tmp/many.py" "$tmp/one/result.json" "$tmp/many" || exit 1

check "--help teaches with examples" \
	bash -c '"$0" trend --help | grep -q "^  oae trend oae-runs"' "$oae"
check "nothing named" fails 64 "result.json" "$oae" trend
check "an unknown option" fails 64 "--bogus" "$oae" trend x --bogus
check "a folder without results" fails 64 "no result.json" \
	"$oae" trend tests/fake
check "a file that is not there" fails 1 "nowhere" "$oae" trend "$tmp/nowhere"
check "one result: 3, and why" fails 3 "from 10 on" \
	bash -c '"$0" trend "$1" --quiet >/dev/null' "$oae" "$tmp/one"

"$oae" trend "$tmp/many" --quiet --out "$tmp/trend" >"$tmp/table"
check "three changes, at their places, by their sizes" jq -e '
	[.series[] | .metric as $m | .changes[] |
	 {m: $m, at: .result, w: .worse}] as $c |
	($c | length) == 3 and
	($c[0] | .m == "s_per_request" and .at == 25 and
	 .w.low < 0.06 and .w.high > 0.06) and
	($c[1] | .m == "s_per_request" and .at == 45 and
	 .w.low < (0.97 / 1.06 - 1) and .w.high > (0.97 / 1.06 - 1)) and
	($c[2] | .m == "memory" and .at == 30 and
	 .w.low < 0.2 and .w.high > 0.2)' \
	"$tmp/trend/trend.json"
check "the table names day and commit" grep -q "2026-09-26 *c0ffee25 " \
	"$tmp/table"
check "and the kernel that changed at the same place" \
	grep -q "kernel .* to 9.9.9" "$tmp/table"
check "the result of another CPU is left out, and said" \
	grep -q "left out: .*: another CPU" "$tmp/table"
check "drawn" bash -c 'head -c 8 "$0/trend.png" | grep -q PNG &&
	grep -q "<svg" "$0/trend.svg"' "$tmp/trend"
check "the document is the same again" bash -c \
	'"$0" trend "$1" --quiet --json | cmp - "$2"' "$oae" "$tmp/many" \
	"$tmp/trend/trend.json"
check "an older trend is replaced, another folder is not" bash -c '
	"$0" trend "$1" --quiet --out "$2" >/dev/null &&
	! "$0" trend "$1" --quiet --out "$1" >/dev/null 2>&1' \
	"$oae" "$tmp/many" "$tmp/trend"
check "one metric alone" jq -e \
	'(.series | length) == 1 and .series[0].metric == "cpu" and
	.series[0].changes == []' <("$oae" trend "$tmp/many" --quiet --json \
	--metrics cpu)
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	check "the document against its schema" /usr/bin/python3 -c '
import json, jsonschema, sys
schema = json.load(open("schema/documents/trend-1.schema.json"))
jsonschema.Draft202012Validator.check_schema(schema)
jsonschema.Draft202012Validator(schema).validate(json.load(open(sys.argv[1])))
' "$tmp/trend/trend.json"
else
	skip "the document against its schema" "python3-jsonschema is missing"
fi

finish
