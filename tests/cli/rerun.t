#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae verify --rerun: the seed, items under other names, the numbers, the review.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh

null_home
export OAE_HOME=$home
"$oae" run --suite all --systems null/echo,null/echo:delay_us=9000 --out "$tmp/run" --quiet --no-report \
	--no-calibration >/dev/null || exit 1
"$oae" submit "$tmp/run" --org acme --name a --out "$tmp/s" >/dev/null 2>&1 || exit 1
sub=$tmp/s/acme/a
rerun=("$oae" verify "$sub" --rerun --nonce 7f3a)

# The machine may be busy: reproduced (0) and disputed (2) are both an answer.
cd "$tmp" || exit 1
check "runs again and says reproduced or disputed" bash -c 'rc=0
	"$@" --by tester --json >"$0/v.json" 2>"$0/err" || rc=$?
	tail -n 3 "$0/err"; [ $rc -eq 0 ] || [ $rc -eq 2 ]' "$tmp" "${rerun[@]}"
cd - >/dev/null || exit 1
seed=$(/usr/bin/python3 - "$sub/adapter/bill-of-materials.json" <<'PY'
import hashlib, sys
h = hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()
print(int(hashlib.sha256((h + "7f3a").encode()).hexdigest()[:16], 16))
PY
)
check "the seed follows from the adapter's hash and the nonce" jq -e \
	--arg s "$seed" '.rerun.seed == $s' "$tmp/v.json"
again=$tmp/rerun-7f3a/run
check "the campaign had it" jq -es --arg s "$seed" '.[0].seed == $s' \
	"$again/journal.jsonl"
check "items have other names" bash -c '! jq -r "select(.type == \"run\") |
	.items[]" "$0/journal.jsonl" | grep -qv "^r-[0-9a-f]\{16\}$"' "$again"
check "they are the same questions, in another order" bash -c '
	one="$0/run/inputs/workloads/notices.items.jsonl"
	two="$0/rerun-7f3a/run/inputs/workloads/notices.items.jsonl"
	diff <(jq -r .prompt "$one" | sort) <(jq -r .prompt "$two" | sort) &&
	! diff -q <(jq -r .prompt "$one") <(jq -r .prompt "$two")' "$tmp"
check "answers were right again" bash -c \
	'[ "$(jq -r ".systems[0].measured.by_workload[0].quality.score" "$0/run/result.json")" = \
	"$(jq -r ".systems[0].measured.by_workload[0].quality.score" "$1/result.json")" ]' \
	"$tmp" "$again"
check "the same machine: 2 %, every number has its verdict" jq -e '.rerun |
	.same_machine and .tolerance == 0.02 and (.numbers | length > 10) and
	.inside + .outside + .not_comparable == (.numbers | length)' "$tmp/v.json"
check "a review stands beside it and fits its schema" bash -c 'python3 - "$@" <<"PY"
import json, sys, jsonschema
review, v = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
jsonschema.Draft202012Validator(json.load(open(
    "schema/documents/review-1.schema.json"))).validate(review)
r = v["rerun"]
assert review["status"] == r["status"] == (
    "disputed" if r["outside"] else "reproduced"), review
assert review["by"] == "tester" and review["nonce"] == "7f3a"
assert review["result_sha256"] == v["result_sha256"]
for key in ("inside", "outside", "not_comparable"):
    assert review[key] == r[key]
PY' x "$sub.review.json" "$tmp/v.json"
check "verify tells its status" bash -c '"$0" verify "$1" | grep -qE \
	"division, (reproduced|disputed)"' "$oae" "$sub"

# ---- what it refuses
check "a review is not written over" fails 64 "is there already" "${rerun[@]}" \
	--out "$tmp/x"
check "without a nonce: 64" fails 64 "--nonce" "$oae" verify "$sub" --rerun
check "a nonce without --rerun: 64" fails 64 "--rerun" "$oae" verify "$sub" \
	--nonce x
check "a nonce with blanks: 64" fails 64 "printable" "$oae" verify "$sub" \
	--rerun --nonce "a b" --out "$tmp/x" --review "$tmp/r.json"
mkdir "$tmp/there"
check "a folder that is there: 64" fails 64 "new folder" "${rerun[@]}" \
	--out "$tmp/there" --review "$tmp/r.json"
cp -r "$sub" "$tmp/bad"
echo >>"$tmp/bad/README.md"
check "one that breaks a rule is not run" bash -c 'rc=0
	"$0" verify "$1/bad" --rerun --nonce 1 --out "$1/x" >"$1/said" || rc=$?
	[ $rc -eq 2 ] && [ ! -e "$1/x" ] && grep -q OAE-V014 "$1/said"' "$oae" "$tmp"

# ---- redacted results
check "a redacted run is packed and verified, in the open division" bash -c '
	"$0" redact "$1/run" "$1/hidden" >/dev/null &&
	"$0" submit "$1/hidden" --org acme --name h --open --out "$1/s" >/dev/null &&
	"$0" verify "$1/s/acme/h" | grep -q "verified, open division"' "$oae" "$tmp"
check "nobody else can run it again" fails 64 "redacted" "$oae" verify \
	"$tmp/s/acme/h" --rerun --nonce 1 --out "$tmp/y"
finish
