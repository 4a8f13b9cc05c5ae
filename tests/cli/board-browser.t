#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae board's pages in headless Chromium (tests/board/browser.mjs).
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
chromium=${OAE_CHROMIUM:-$(command -v chromium || true)}
why=
[ -n "$chromium" ] || why="chromium is not installed"
command -v node >/dev/null || why="node is not installed"
library=$PWD/tests/node/node_modules/playwright-core/index.mjs
[ -e "$library" ] || why="playwright-core is not installed (ci/setup test)"
if [ -n "$why" ]; then
	skip "the site in a browser" "$why"
	finish
	exit 0
fi
python3 tests/board/make.py "$tmp/few" 40 --profiles 2
python3 tests/board/make.py "$tmp/many" 1000 --profiles 1
for folder in few many; do
	"$oae" board "$tmp/$folder" -o "$tmp/$folder-site" --quiet \
		--no-verify >/dev/null 2>&1 || exit 1
done
OAE_CHROMIUM=$chromium node tests/board/browser.mjs "$tmp/few-site" \
	"$tmp/many-site" "$library"
