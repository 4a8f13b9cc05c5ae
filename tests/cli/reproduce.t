#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae reproduce: a published campaign again, as it was; each number's verdict.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh

# Files here may be newer than the published ones (OAE-V033); no more than that.
check "what this project published is listed and holds" bash -c '
	[ "$("$0" reproduce --list --json | jq length)" -ge 1 ] || exit 1
	for d in $("$0" reproduce --list --json | jq -r ".[].folder"); do
		"$0" verify "$d" --json | jq -e "[.findings[] |
			select(.rule != \"OAE-V033\")] == [] and
			.signature != \"missing\"" || exit 1
	done' "$oae"

null_home
export OAE_HOME=$home
"$oae" run --suite all --systems null/echo,null/echo:delay_us=2000 \
	--out "$tmp/run" --quiet --no-report --no-calibration >/dev/null ||
	exit 1
"$oae" submit "$tmp/run" --org acme --name small \
	--out "$home/reports/published" >/dev/null 2>&1 || exit 1
published=$home/reports/published/acme/small

# The machine may be busy: inside (0) and outside (2) are both an answer.
check "runs again by its name" bash -c 'rc=0
	"$@" --json >"$0/v.json" 2>"$0/err" || rc=$?
	tail -n 3 "$0/err"; [ $rc -eq 0 ] || [ $rc -eq 2 ]' "$tmp" \
	"$oae" reproduce small --out "$tmp/again"
again=$tmp/again/run
check "with its own seed" bash -c '[ "$(jq -r "select(.type == \"campaign\") |
	.seed" "$0/journal.jsonl")" = "$(jq -r "select(.type == \"campaign\") |
	.seed" "$1/journal.jsonl")" ]' "$tmp/run" "$again"
check "the same items in the same order" diff \
	<(lines "$tmp/run" run '[.system, .items]') \
	<(lines "$again" run '[.system, .items]')
check "the same machine: 2 %, every number has its verdict" jq -e '.rerun |
	.same_machine and .tolerance == 0.02 and (.numbers | length > 10) and
	.inside + .outside + .not_comparable == (.numbers | length) and
	.nonce == null' "$tmp/v.json"
check "no review: this is nobody's judgement" bash -c \
	'! ls "$0"/*.review.json' "$home/reports/published/acme"

# ---- numbers that are not what was published
sed -i 's/"about": *"/&Changed: /' "$home/adapters/null/adapter.json"
check "an adapter that has changed since is named" bash -c 'rc=0
	"$@" >"$0/said" 2>"$0/err" || rc=$?
	[ $rc -eq 0 ] || [ $rc -eq 2 ] || exit 1
	grep -q "adapters/null/adapter.json: is not the file" "$0/said" &&
	grep -q "inside (" "$0/said"' "$tmp" \
	"$oae" reproduce "$published" --out "$tmp/third"
rm -r "$home/adapters/null"
check "an adapter that is not here: 64, and where to put it" fails 64 \
	"adapter null: is not here" "$oae" reproduce small --out "$tmp/no"

# ---- bad input
check "a folder that is there: 64" fails 64 "is there already" \
	"$oae" reproduce small --out "$tmp/again"
check "an unknown one: 64, with those that there are" fails 64 "acme/small" \
	"$oae" reproduce quick
check "no name: 64" fails 64 "--list" "$oae" reproduce
echo >>"$published/system.json"
check "a published result that was changed: 2, the rule is named" bash -c '
	rc=0; "$0" reproduce small --out "$1/never" >"$1/said" || rc=$?
	[ $rc -eq 2 ] && grep -q "OAE-V014" "$1/said" && [ ! -e "$1/never" ]' \
	"$oae" "$tmp"
finish
