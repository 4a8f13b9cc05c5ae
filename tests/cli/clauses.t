#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The numbered clauses of the spec: those of the project hold, and
# ci/check-clauses finds each kind of mistake in a copy.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh

check "every clause and rule is defined once and cited rightly" \
	ci/check-clauses

# A small project of its own: one section, two clauses, a rule, a test.
fresh() {
	rm -rf "$tmp/p"
	mkdir -p "$tmp/p"/{base,schema,workloads,adapters,harness,reports,ci} \
		"$tmp/p/tests/unit"
	cat >"$tmp/p/schema/OAE-SPEC.md" <<-'MD'
		## 1. One

		**§1.1** Must.

		| rule | clause | broken when |
		|---|---|---|
		| `OAE-V001` | **§1.2** | late |
	MD
	echo '/* spec §1.1, OAE-V001 */' >"$tmp/p/schema/a.c"
	echo '/* OAE-V001 */' >"$tmp/p/tests/unit/test_a.c"
}
finds() { # WORD: what the check says of the copy, with exit code 2
	local rc=0
	ci/check-clauses "$tmp/p" >"$tmp/found" || rc=$?
	cat "$tmp/found"
	[ "$rc" -eq 2 ] && [ "$(wc -l <"$tmp/found")" -eq 1 ] &&
		grep -qF -- "$1" "$tmp/found"
}
fresh
check "a small project is right" ci/check-clauses "$tmp/p"
fresh
echo '/* spec §1.9 */' >>"$tmp/p/schema/a.c"
check "a clause that is not there" finds \
	'schema/a.c:2: §1.9 is no clause of schema/OAE-SPEC.md'
fresh
echo '**§1.2** Again.' >>"$tmp/p/schema/OAE-SPEC.md"
check "a number used twice" finds '§1.2 is not above the one before it'
fresh
echo '**§2.1** Elsewhere.' >>"$tmp/p/schema/OAE-SPEC.md"
check "a clause of another section" finds '§2.1 stands in section 1'
fresh
echo '/* OAE-V009 */' >>"$tmp/p/schema/a.c"
check "a rule without its row" finds 'OAE-V009: code names it'
fresh
echo '/* spec §1.1 */' >"$tmp/p/schema/a.c"
check "a rule that nothing checks" finds 'nothing in schema/ checks it'
fresh
rm "$tmp/p/tests/unit/test_a.c"
check "a rule without a test" finds 'OAE-V001: no test names it'
fresh
# shellcheck disable=SC2016  # Markdown
echo '| `OAE-V001` | §1.1 | late |' >>"$tmp/p/schema/OAE-SPEC.md"
check "a rule that stands twice" finds 'OAE-V001 stands twice'
finish
