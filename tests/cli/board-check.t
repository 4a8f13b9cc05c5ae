#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ci/board/check: what the repository of a leaderboard lets in.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
for tool in git jq ssh-keygen; do
	command -v "$tool" >/dev/null || {
		skip "the check of pull requests" "$tool is not installed"
		finish
		exit 0
	}
done

# A packed result of the null adapter.
null_home
export OAE_HOME=$home OAE=$oae
pull=$PWD/ci/board/check
ssh-keygen -q -t ed25519 -N '' -C '' -f "$tmp/key"
"$oae" run --suite all --out "$tmp/run" --quiet --no-report \
	--no-calibration >/dev/null || exit 1
pack() { # NAME
	"$oae" submit "$tmp/run" --org acme --key "$tmp/key" --name "$1" \
		--out "$tmp/packed" >/dev/null
}
pack first && pack second || exit 1

# The operator's repository.
export GIT_CONFIG_GLOBAL=$tmp/gitconfig GIT_CONFIG_SYSTEM=/dev/null
git config --global user.name somebody
git config --global user.email somebody@example.org
git config --global init.defaultBranch main
repo=$tmp/repo
git init -q "$repo"
cd "$repo" || exit 1
echo 'submissions/** -text' >.gitattributes
echo "acme $(cut -d' ' -f1-2 "$tmp/key.pub")" >allowed_signers
mkdir -p submissions/acme
cp -r "$tmp/packed/acme/first" submissions/acme/
git add -A && git commit -qm "the first"

request() { # COMMAND: a branch of main with what the command changes
	git checkout -q -B request main && git reset -q --hard &&
		git clean -qfdx && "$@" && git add -A &&
		git commit -qm request --allow-empty
}
passes() { "$pull" main; }
refused() { # TEXT
	local code=0
	"$pull" main >"$tmp/said" 2>&1 || code=$?
	cat "$tmp/said"
	[ "$code" -eq 2 ] && grep -qF -- "$1" "$tmp/said"
}
add() { cp -r "$tmp/packed/acme/second" "${1:-submissions/acme/second}"; }

request add
check "a new submission that passes" passes
edit() { echo >>submissions/acme/first/README.md; }
request edit
check "a result that is there is not edited" refused "never edited"
check "not even by the operator" env OAE_OPERATOR=yes bash -c \
	'! "$0" main' "$pull"
request git rm -qr submissions/acme/first
check "nor deleted" refused "never edited"
spoil() { add && echo ' ' >>submissions/acme/second/result.json; }
request spoil
check "one that does not verify" refused "does not pass oae verify"
elsewhere() { mkdir -p submissions/evil && add submissions/evil/second; }
request elsewhere
check "one in another's folder" refused "says that it is submissions/acme/second"
review() { add && echo '{}' >submissions/acme/first.review.json; }
request review
check "a review of one's own" refused "only the operator changes this"
check "which the operator may write" env OAE_OPERATOR=yes "$pull" main
foreign() {
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$tmp/foreign" <<<y >/dev/null
	"$oae" submit "$tmp/run" --org evil --key "$tmp/foreign" --name x \
		--out submissions >/dev/null &&
		echo "evil $(cut -d' ' -f1-2 "$tmp/foreign.pub")" \
			>>allowed_signers
}
request foreign
check "a signer whom the request itself allows" refused "OAE-V015"
rename() { git mv submissions/acme/first submissions/acme/moved; }
request rename
check "a renamed one" refused "never edited"
check "a base that is not there" fails 1 "no common commit" "$pull" nowhere
finish
