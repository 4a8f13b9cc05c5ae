#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A unit test that is skipped passes under prove, with its reason; one that
# fails, crashes or hangs beside it still fails.
. tests/cli/tap.sh
program=$build/tests/skips
export CMOCKA_MESSAGE_OUTPUT=TAP

passes() {
	prove --verbose --exec ci/tap "$program" >"$tmp/out" 2>&1 || return 1
	cat "$tmp/out"
	grep -qx 'ok 1 - skipped # SKIP no such board here' "$tmp/out" &&
		grep -q '^Result: PASS' "$tmp/out"
}

refuses() { # WORD PROGRAM...
	local word=$1
	shift
	printf '#!/bin/sh\nexec %s\n' "$*" >"$tmp/program"
	chmod +x "$tmp/program"
	! prove --verbose --exec ci/tap "$tmp/program" >"$tmp/out" 2>&1 ||
		return 1
	cat "$tmp/out"
	grep -q "$word" "$tmp/out"
}

check "a skipped test passes, and says why" passes
check "a test that fails beside it fails" refuses 'Failed test:  2' \
	"$program" broken
check "a program that ends with 1 after what was well fails" \
	refuses 'exited 1' "sh -c '$program; exit 1'"
check "a program that is killed fails" refuses 'exited 137' \
	"sh -c 'echo 1..1; echo ok 1; kill -9 \$\$'"
check "words that only look like it stay a failure" refuses \
	'Failed test:  1' "echo 'not ok 1 - # SKIP x'; echo 1..1"
finish
