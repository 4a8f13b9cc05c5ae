#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Our JSON Schema validator against python3-jsonschema, ajv and the JSON
# Schema Test Suite. What cannot be installed is skipped, with the reason.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
batch=$build/tests/validate_batch

# ---- one table
check "each schema has its row, and each row its schema" eval \
	'diff <("$oae" validate --list --json | jq -r ".[].schema" | sort) \
	<(find schema/documents -name "*.schema.json" -printf "%f\n" |
		sed "s/.schema.json$//" | sort)'
keywords() { sed -n '/^static const struct {/,/^} known/d
	/^\t{ "/s/^\t{ "\([^"]*\)", OAE_KW.*/\1/p' schema/validate_load.c; }
every_keyword() {
	local k
	[ "$(keywords | wc -l)" -gt 30 ] || return 1
	for k in $(keywords); do
		grep -qF "\"$k\":" schema/documents/*.json ||
			{ echo "no document uses $k" && return 1; }
	done
}
check "each keyword that we know is one that a document uses" every_keyword

# ---- the three of them
if ! /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	skip "other validators" "python3-jsonschema is not installed"
	finish
	exit 0
fi
ajv=-
why="the npm parts of tests/node are not installed"
command -v node >/dev/null || why="node is not installed"
[ -d tests/node/node_modules/ajv ] && command -v node >/dev/null &&
	ajv=tests/node/ajv.mjs
"$oae" doctor --json >"$tmp/doctor.json"
"$oae" run --suite smoke --quiet --no-report --out "$tmp/smoke" >/dev/null
real=("journal-1=$tmp/smoke/journal.jsonl" "result-1=$tmp/smoke/result.json"
	"doctor-1=$tmp/doctor.json" item-1=workloads/sums.items.jsonl)
for f in adapters/*/adapter.json; do real+=("adapter-1=$f"); done
for f in adapters/*/effort/*.json; do real+=("ledger-1=$f"); done
for f in schema/profiles/*.json; do real+=("profile-1=$f"); done
for f in workloads/suites/*.json; do real+=("suite-1=$f"); done
for f in workloads/*.workload.json; do real+=("workload-1=$f"); done
agree() {
	/usr/bin/python3 -B tests/oracles/differ.py "${OAE_SEED:-1}" "$batch" \
		"$1" "${real[@]}" >"$tmp/said" 2>&1
	local rc=$?
	cut -c1-300 "$tmp/said"
	return $rc
}
if [ "$ajv" = - ]; then
	check "one verdict of ours and python3-jsonschema" agree -
	skip "and of ajv" "$why"
else
	check "one verdict of ours, python3-jsonschema and ajv" agree "$ajv"
fi
grep 'verdicts' "$tmp/said" | sed 's/^/# /'

# ---- the test suite
suite=/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance/tests
suite=${OAE_JSON_SCHEMA_SUITE:-$suite/draft2020-12}
if [ -d "$suite" ]; then
	suite_says() {
		/usr/bin/python3 -B tests/oracles/suite.py "$batch" "$suite" \
			>"$tmp/said" 2>&1
		local rc=$?
		cat "$tmp/said"
		return $rc
	}
	check "the JSON Schema Test Suite, where keywords are shared" suite_says
	sed 's/^/# /' "$tmp/said"
else
	skip "the JSON Schema Test Suite" \
		"libtest-json-schema-acceptance-perl is not installed"
fi
finish
