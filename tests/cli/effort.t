#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `oae effort`: asked, given as options, counted; and our own ledgers say what
# is counted.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh

adapter=$tmp/mine
mkdir -p "$adapter"
cp tests/fake/adapter/adapter.py "$adapter/"
jq '.name = "mine" | .systems[0].effort = "effort/echo.ledger.json"' \
	tests/fake/adapter/adapter.json >"$adapter/adapter.json"
ledger=$adapter/effort/echo.ledger.json
effort() { "$oae" effort mine/echo --adapter "$adapter" "$@"; }

# ---- a conversation
talk() { printf '%s\n' "$@" | effort >"$tmp/out" 2>"$tmp/talk"; }
first() {
	talk "install it" "" "T9" "T2" "" "" "two tries, one evening" "2 3 4" \
		"-1" "" "3" "" "keep it alive" "maintenance" "T1" "measured" \
		"log: ticket 12" "0.5" "" "" "y" &&
		jq -e '.oae_ledger == 1 and .system == "mine/echo" and
		(.entries | length == 2) and
		(.entries[0] | .id == "adopt.install-it" and .kind == "adoption" and
			.tier == "T2" and .unit == "h" and .low == 1.5 and .mid == 3 and
			.high == 6 and .class == "declared") and
		(.entries[1] | .id == "maintain.keep-it-alive" and .tier == "T1" and
			.unit == "h/month" and .value == 0.5 and .class == "measured")' "$ledger"
}
check "questions are answered from a pipe, wrong answers asked again" first
check "each wrong answer was told why" sh -c \
	"grep -q \"'T9': give T1\" '$tmp/talk' && grep -q 'too narrow' '$tmp/talk' && grep -q 'no number of at least 0' '$tmp/talk' && grep -q 'counts for nothing' '$tmp/talk'"
check "the sums are shown, in hours and money" sh -c \
	"grep -q 'USD' '$tmp/out' && grep -q '3.00 \[1.50, 6.00\] h' '$tmp/out'"
valid() {
	/usr/bin/python3 -c 'import json, sys, jsonschema
jsonschema.Draft202012Validator(json.load(open(sys.argv[1]))).validate(json.load(open(sys.argv[2])))' \
		schema/documents/ledger-1.schema.json "$1"
}
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	check "its ledger follows its schema" valid "$ledger"
else
	skip "its ledger follows its schema" "python3-jsonschema is not installed"
fi

# ---- nothing half written
cp "$ledger" "$tmp/before"
early() {
	local n
	for n in 1 2 3 4 5 6 7; do
		printf '%s\n' "more" "adoption" "T1" "declared" "why" "4" "adopt.more" |
			head -n "$n" | effort >"$tmp/out" 2>"$tmp/err"
		[ $? -eq 1 ] && grep -q "nothing was written" "$tmp/err" &&
			cmp "$tmp/before" "$ledger" || return 1
	done
}
check "answers that end too early write nothing, wherever they end" early
check "an empty pipe neither" sh -c "! '$oae' effort mine/echo --adapter '$adapter' </dev/null 2>'$tmp/err' && cmp '$tmp/before' '$ledger'"
check "a no neither" sh -c "printf '%s\n' more adoption T1 declared why 4 adopt.more '' n | '$oae' effort mine/echo --adapter '$adapter' 2>/dev/null >/dev/null && cmp '$tmp/before' '$ledger'"
forever() { yes 'x y z' | head -c 1000000 | effort >"$tmp/out" 2>"$tmp/err"; [ $? -ne 0 ] && cmp "$tmp/before" "$ledger"; }
check "nonsense without end comes to an end" forever

# ---- options
check "every answer is an option" effort --yes --activity "write docs" --kind adoption \
	--tier T3 --class declared --source "a guess" --amount "1 4 9" --id adopt.docs
check "and stands in the file" jq -e '.entries | length == 3 and (.[2] |
	[.id, .tier, .low, .mid, .high] == ["adopt.docs", "T3", 1, 4, 9])' "$ledger"
check "a name that is there is replaced" sh -c "'$oae' effort mine/echo --adapter '$adapter' --yes --activity 'write docs' --source x --amount 8 --id adopt.docs >/dev/null 2>&1 && jq -e '.entries | length == 3 and (.[2] | .tier == \"T1\" and .low == 4 and .high == 16)' '$ledger'"
check "a narrow guess is refused" fails 64 "too narrow" effort --yes --activity a --source s --amount "2 3 4"
check "one without a source too" fails 64 "say why" effort --yes --activity a --amount 3
check "a log may be exact" sh -c "'$oae' effort mine/echo --adapter '$adapter' --yes --activity exact --source 'log: clock' --amount 3 --id adopt.exact >/dev/null 2>&1 && jq -e '.entries[3].value == 3' '$ledger'"
check "machine time has no skill" fails 64 "no skill" effort --yes --activity a --kind machine --tier T1 --source s --amount 3
check "an entry is taken out" sh -c "'$oae' effort mine/echo --adapter '$adapter' --remove adopt.exact >/dev/null && jq -e '.entries | length == 3' '$ledger'"
check "one that is not there is not" fails 64 "no entry" effort --remove adopt.nothing
money() {
	effort --show --json --months 10 >"$tmp/json" && jq -e '
	(.tiers[0] | .maintenance_h_month.mid == 0.5 and .adoption_h.mid == 8 and
		(.usd.mid - (8 + 5) * 41.65 | fabs) < 1e-9) and
	(.usd.mid - (13 * 41.65 + 3 * 68.28) | fabs) < 1e-9' "$tmp/json"
}
check "money is hours times the wages of the table" money
check "an unknown system" fails 64 "oae list systems" "$oae" effort nobody/nothing
check "two things at once" fails 64 "give one of" effort --show --count

# ---- counted
counts() {
	effort --count --json >"$tmp/json" && jq -e '.ledger.counts | map({(.id): .value}) | add |
	.knobs == 4 and .models == 0 and .processes == 1 and .config_lines > 10' "$tmp/json"
}
check "what must be kept is counted" counts
check "and agrees with itself" effort --count --check
jq '.counts[1].value = 99' "$ledger" >"$tmp/x" && cp "$tmp/x" "$ledger"
check "a ledger that says otherwise is found" fails 2 "knobs is 4" effort --count --check
for s in reference/dense reference/batch reference/speculative reference/lookup reference/moe null/echo skeleton/fixed; do
	check "$s: its ledger says what is counted" "$oae" effort "$s" --count --check
done
check "training times in our ledgers are those of the records" \
	adapters/reference/effort/refresh --check
altered() {
	cp -r adapters/reference "$tmp/reference" && mkdir -p "$tmp/none" &&
		jq '.wall_s += 1' "$tmp/reference/models/draft.train.json" >"$tmp/x" &&
		cp "$tmp/x" "$tmp/reference/models/draft.train.json"
	! OAE_BUILD=$tmp/none "$tmp/reference/effort/refresh" --check 2>"$tmp/err" &&
		grep -q speculative "$tmp/err" &&
		OAE_BUILD=$tmp/none "$tmp/reference/effort/refresh" &&
		OAE_BUILD=$tmp/none "$tmp/reference/effort/refresh" --check
}
check "another time is found, and refresh puts it in" altered
finish
