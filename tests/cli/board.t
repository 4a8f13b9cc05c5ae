#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae board: the site, its feeds, its ranks, hostile submissions, and what it
# refuses. What a browser makes of it is in board-browser.t.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
schema=schema/documents/board-1.schema.json
subs=$tmp/subs
site=$tmp/site
board=("$oae" board --no-verify)
python3 tests/board/make.py "$subs" 14 --profiles 2

read_site() {
	python3 tests/board/read.py "$1" "$schema" &&
		"$oae" validate --schema board "$1/board.json"
}
feed() { jq -e "$1" "${2:-$site}/board.json"; }

made() { "${board[@]}" "$subs" -o "$site" --quiet >"$tmp/text"; }
check "a site is made" made
check "the path of its page is said" \
	grep -qF "site: $site/index.html" "$tmp/text"
check "other parsers read all of it; ranks are those of the rule" \
	read_site "$site"
check "nothing is left beside it" \
	test -z "$(find "$tmp" -name '*.new' -o -name '*.tmp-*')"
check "unchecked submissions are said to be so" \
	grep -q 'were not checked' "$site/index.html"
check "each profile has both modes" feed '[.tables[] | [.profile, .mode]] ==
	[["clinic", "on_demand"], ["clinic", "owned"], ["school", "on_demand"],
	["school", "owned"]]'
check "an unproven gate is not ranked, and why is said" feed '[.tables[].rows[]
	| select(.gate == "unproven")] | all(.rank == null) and
	any(.not_ranked_because == "gate unproven: too few items")'

# ---- the same bytes, whole or not at all
same() {
	"${board[@]}" "$subs" -o "$tmp/again" --quiet &&
		diff -r "$site" "$tmp/again"
}
check "the same submissions give the same bytes" same
stale() {
	cp -r "$subs" "$tmp/fewer" && rm -r "$tmp/fewer/acme" &&
		"${board[@]}" "$tmp/fewer" -o "$tmp/again" --quiet &&
		[ ! -e "$tmp/again/submissions/acme" ] &&
		read_site "$tmp/again"
}
check "pages of what is gone are gone" stale
mkdir "$tmp/mine"
echo "do not delete" >"$tmp/mine/board.json"
check "a folder that is no site stays" \
	fails 64 "is not a board's site" "${board[@]}" "$subs" -o "$tmp/mine"
check "and has what it had" grep -q "do not delete" "$tmp/mine/board.json"
check "a site around its submissions is refused" \
	fails 64 "the submissions are in it" "${board[@]}" "$subs" -o "$tmp"
inside() {
	cp -r "$subs" "$tmp/repo" && mkdir "$tmp/repo/.git" &&
		"${board[@]}" "$tmp/repo" -o "$tmp/repo/site" --quiet &&
		"${board[@]}" "$tmp/repo" -o "$tmp/repo/site/" --quiet &&
		feed '[.submissions[].org] | contains(["site"]) | not' \
			"$tmp/repo/site" &&
		[ ! -e "$tmp/repo/site/.new" ] && read_site "$tmp/repo/site"
}
check "a site among its submissions is none of them" inside
if mounts 64k "$tmp/small"; then
	check "a full disk" fails 1 "No space left" \
		"${board[@]}" "$subs" -o "$tmp/small/site" --quiet
	check "and nothing is left there" [ -z "$(ls -A "$tmp/small")" ]
else
	skip "a full disk" "not allowed to mount here"
	skip "and nothing is left there" "not allowed to mount here"
fi
empty() {
	mkdir "$tmp/none" && "${board[@]}" "$tmp/none" -o "$tmp/nothing" &&
		grep -q 'no score yet' "$tmp/nothing/index.html" &&
		read_site "$tmp/nothing"
}
check "no submissions yet" empty

# ---- reviews
check "a review of these very bytes gives the status" feed '
	[.submissions[] | select(.submission == "run-0003")][0] |
	.status == "reproduced" and .review.counts and .review.inside == 40'
check "a disputed result is not ranked" feed '[.tables[].rows[] |
	select(.submission == "run-0013")] | length > 0 and all(.rank == null
	and .not_ranked_because == "disputed")'
reviews() { # FILTER: changes a review; its submission is then unranked
	cp -r "$subs" "$tmp/reviewed" && rm -rf "$tmp/other" &&
		jq "$1" "$subs/delta/run-0003.review.json" \
			>"$tmp/reviewed/delta/run-0003.review.json" &&
		"${board[@]}" "$tmp/reviewed" -o "$tmp/other" --quiet 2>"$tmp/warnings"
	rm -r "$tmp/reviewed"
	feed "[.tables[].rows[] | select(.submission == \"run-0003\")] |
		length > 0 and all(.rank == null and
		(.not_ranked_because | test(\"$2\")))" "$tmp/other"
}
check "superseded" reviews '.superseded_by = "run-0011"' superseded
check "its page links to what replaces it" grep -q \
	'superseded by</dt><dd><a href="../../submissions/delta/run-0011.html"' \
	"$tmp/other/submissions/delta/run-0003.html"
check "a review of another result does not count" \
	reviews '.result_sha256 = "00"' "review does not count"
check "and the operator is told" grep -q "is of another result" "$tmp/warnings"
check "a review with an unknown status does not count" \
	reviews '.status = "good"' "review does not count"
check "a broken review does not count" reviews 'empty' "review does not count"

# ---- leagues
league() { # FILTER over result.json: who is ranked with whom then?
	rm -rf "$tmp/league" "$tmp/other"
	cp -r "$subs" "$tmp/league"
	jq "$1" "$subs/acme/run-0008/result.json" \
		>"$tmp/league/acme/run-0008/result.json"
	"${board[@]}" "$tmp/league" -o "$tmp/other" --quiet &&
		read_site "$tmp/other"
}
tables() { [ "$(jq '.tables | length' "$tmp/other/board.json")" -eq "$1" ]; }
wages() { league '.tables.wages[0].mid += 1' && tables 8; }
check "other wages are another table" wages
items() {
	league '.environment.software.inputs["workloads/sums.items.jsonl"] =
		"'"$(printf 'a%.0s' {1..64})"'"' && tables 8
}
check "other items are another table" items
leagues() { # how many leagues the table of run-0008's scores has
	[ "$(jq '.tables[0].rows | map(select(.rank) |
		[.baseline_sha256, .oae.class]) | unique | length' \
		"$tmp/other/board.json")" -eq "$1" ]
}
evidence() {
	league '(.profiles[].scores[].modes[].oae | select(.value) | .class) =
		"measured"' && tables 4 && leagues 2
}
check "a measured score is not ranked with assumed ones" evidence
baseline() { league '.systems[0].knobs = {"slow": 1}' && tables 4 && leagues 2; }
check "a baseline with other settings is another one" baseline
incomplete() {
	league '(.profiles[].scores[].modes[].oae | select(.value)) |=
		(.low = null)' &&
		feed '[.tables[].rows[] | select(.submission == "run-0008" and
			.not_ranked_because == "no interval")] | length > 0' \
			"$tmp/other"
}
check "a score without an interval is not ranked" incomplete

# ---- hostile submissions
cat >"$tmp/hostile.py" <<'END'
import json, sys
evil = ("=cmd|' /C calc'!A0 <script>alert(1)</script>\"'`><img src=x"
        " onerror=alert(2)>\n\x1b[31m\u202e{}<!--]]> javascript:x \\" +
        "L" * 3000)
known = ("1.0", "pass", "unproven", "fail", "PAYS", "DOES-NOT-PAY",
         "UNDECIDED", "NO-SCORE", "measured", "published", "declared",
         "estimated", "assumed")
def spoil(v):
    if isinstance(v, dict):
        return {(k + evil if k in ("made-up/quick",) else k): spoil(x)
                for k, x in v.items()}
    if isinstance(v, list):
        return [spoil(x) for x in v]
    return evil + v if isinstance(v, str) and v not in known else v
json.dump(spoil(json.load(open(sys.argv[1]))), open(sys.argv[2], "w"))
END
hostile() {
	rm -rf "$tmp/hostile"
	mkdir -p "$tmp/hostile/evil/one" "$tmp/hostile/x&<b>y/two" \
		"$tmp/hostile/evil/empty" "$tmp/hostile/evil/broken" \
		"$tmp/hostile/evil/folder/result.json"
	python3 "$tmp/hostile.py" "$subs/acme/run-0008/result.json" \
		"$tmp/hostile/evil/one/result.json" || return 1
	cp "$subs/acme/run-0008/result.json" "$tmp/hostile/x&<b>y/two/"
	ln -s "$subs/acme/run-0008" "$tmp/hostile/evil/link"
	mkdir "$tmp/hostile/evil/linked"
	ln -s /etc/passwd "$tmp/hostile/evil/linked/result.json"
	head -c 9000 "$subs/acme/run-0008/result.json" \
		>"$tmp/hostile/evil/broken/result.json"
	"${board[@]}" "$tmp/hostile" -o "$tmp/hostile-site" --quiet 2>"$tmp/warnings" &&
		read_site "$tmp/hostile-site" &&
		! grep -rq $'\x1b\|\u202e' "$tmp/hostile-site" &&
		! grep -rq --include='*.html' '<script>alert\|<img' \
			"$tmp/hostile-site"
}
check "hostile submissions do no harm" hostile
check "their texts are shown, as texts" grep -q '&lt;script&gt;alert(1)' \
	"$tmp/hostile-site/index.html" \
	"$tmp/hostile-site/submissions/evil/one.html"
check "texts are cut" test "$(grep -o 'L\{90,\}' "$tmp"/hostile-site/*.html | wc -l)" = 0
check "bad names, broken and missing results are rejected, links ignored" \
	feed '[.submissions[] | select(.check == "rejected") | .submission] ==
	["broken", "empty", "folder", "linked", "two"]' "$tmp/hostile-site"
check "with their reasons, on the page and on the terminal" sh -c "
	grep -q 'there is no result.json' '$tmp/hostile-site/submissions.html' &&
	grep -q 'rejected: .*evil/empty' '$tmp/warnings'"

unknown() { # PATH: a word that no specification knows
	league "(.profiles[0].scores[0]$1) = \"splendid\"" &&
		feed '[.submissions[] | select(.submission == "run-0008" and
			.check == "rejected" and
			(.reasons[0] | test("splendid")))] | length == 1' \
			"$tmp/other"
}
check "an unknown verdict" unknown .modes.owned.verdict
check "an unknown outcome of the gate" unknown .gate.outcome
check "an unknown class" unknown .modes.owned.oae.class

# ---- real submissions, checked
null_home
real=$tmp/real
ssh-keygen -q -t ed25519 -N '' -C '' -f "$tmp/key"
echo "acme $(cut -d' ' -f1-2 "$tmp/key.pub")" >"$tmp/signers"
pack() {
	export OAE_HOME=$home
	"$oae" run --suite all --out "$tmp/run" --quiet --no-report \
		--no-calibration >/dev/null &&
		"$oae" submit "$tmp/run" --org acme --key "$tmp/key" \
			--out "$real" >/dev/null &&
		cp -r "$real/acme" "$real/evil" &&
		cp -r "$real"/acme/* "$real/acme/changed" &&
		jq '.profiles[0].N += 1' "$real/acme/changed/result.json" \
			>"$tmp/changed" &&
		cp "$tmp/changed" "$real/acme/changed/result.json"
}
check "a run is made and packed" pack
export OAE_HOME=$home
packed=$(basename "$(find "$real/acme" -mindepth 1 -maxdepth 1 -name '2*')")
checked() {
	"$oae" board "$real" -o "$tmp/checked" --quiet "$@" &&
		OAE_HOME=$PWD read_site "$tmp/checked"
}
check "they are checked" checked --allowed-signers "$tmp/signers"
state() { # SUBMISSION STATE REASON
	feed '[.submissions[] | select("\(.org)/\(.submission)" == "'"$1"'")][0] |
		.check == "'"$2"'" and (.reasons | join(" ") | test("'"$3"'"))' \
		"$tmp/checked"
}
check "the good one is verified, and its division known" \
	state "acme/$packed" verified '^$'
check "a changed one is rejected by the rule that it breaks" \
	state acme/changed rejected OAE-V014
check "and has no page and no numbers" sh -c "
	[ ! -e '$tmp/checked/submissions/acme/changed.html' ] &&
	! grep -q changed '$tmp/checked/board.csv'"
check "another's is rejected" state "evil/$packed" rejected "is of acme"
agrees() { # the verdict of `oae verify` is the site's
	local one is
	for one in "acme/$packed" acme/changed; do
		is=verified
		"$oae" verify "$real/$one" --allowed-signers "$tmp/signers" \
			>/dev/null || is=rejected
		state "$one" "$is" . || state "$one" "$is" '^$' || return 1
	done
}
check "oae verify says the same" agrees
echo "acme $(ssh-keygen -q -t ed25519 -N '' -C '' -f "$tmp/other-key" &&
	cut -d' ' -f1-2 "$tmp/other-key.pub")" >"$tmp/nobody"
unsigned() {
	checked --allowed-signers "$tmp/nobody" &&
		state "acme/$packed" rejected OAE-V015 &&
		checked && state "acme/$packed" "signature not checked" '^$' &&
		grep -qi 'whose signature it is' \
			"$tmp/checked/submissions/acme/$packed.html"
}
check "a signature of nobody's, and one that is not checked" unsigned
export OAE_HOME=$PWD
check "a list of signers that is not there" fails 64 "no such file" \
	"$oae" board "$real" -o "$tmp/x" --allowed-signers "$tmp/nowhere"

# ---- words
json() {
	"${board[@]}" "$tmp/hostile" -o "$tmp/hostile-site" --quiet --json >"$tmp/json" &&
		jq -e '.submissions == 6 and (.rejected | length) == 5' \
			"$tmp/json"
}
check "--json" json
links() {
	"${board[@]}" "$subs" -o "$tmp/other" --quiet --files-url "$1" &&
		grep -q "$2" "$tmp/other/submissions/acme/run-0008.html"
}
check "files are linked" grep -q \
	'href="../../../subs/acme/run-0008/result.json"' \
	"$site/submissions/acme/run-0008.html"
check "--files-url" links https://example.org/b \
	'href="https://example.org/b/acme/run-0008/result.json"'
check "--files-url none" links none '<li>result.json</li>'
check "a script for a URL" fails 64 "no http" \
	"${board[@]}" "$subs" -o "$tmp/other" --files-url 'javascript:alert(1)'
check "--help" sh -c "'$oae' board --help | grep -q 'oae board submissions -o'"
check "no folder" fails 64 "give the folder" "${board[@]}" -o "$tmp/x"
check "no place" fails 64 "-o SITE" "${board[@]}" "$subs"
check "an unknown option" fails 64 "unknown option" "${board[@]}" "$subs" --fast
check "a folder that is not there" fails 1 "no such folder" \
	"${board[@]}" "$tmp/nowhere" -o "$tmp/x"
finish
