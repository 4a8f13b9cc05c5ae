#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A finished run scored again: for other profiles, with other tables, under a
# later version of the spec, without the installation that measured it.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
top=$PWD later=$build/tests/oae-later
cd "$tmp" || exit 1

# ---- a run whose systems have scores: prompts without right answers
printf 'One line\nAnother, longer line of words\n' >p.txt
measure() {
	"$oae" profile new base.json --yes --prompts p.txt --shape none \
		>/dev/null &&
		"$oae" run --suite smoke --profile base.json \
			--workloads base --systems null/echo,null/echo:tokens=2 \
			--out run --no-report --no-calibration --quiet \
			>/dev/null &&
		"$oae" profile new mine.json --from base.json --yes \
			--name mine --requests-per-month 9000 --wage-t1 20 \
			--workloads base=1 >/dev/null
}
# the workload of base.json stands in workloads/ here
check "a run to score again" measure
cp -r run kept
same() { diff -r run kept; }

value() { # FILE JQ
	jq -e "$2" "$1"
}
# ---- other profiles
what_if() {
	"$oae" score run --profile mine.json --json >a.json && same &&
		value a.json '.profiles | length == 1 and .[0].id == "mine" and
			.[0].N == 9000 * 24' &&
		value a.json '.rescored.profiles == "others" and
			.rescored.tables == "the run'"'"'s"'
}
check "a what-if for another profile touches nothing" what_if
both() {
	"$oae" score run --profile mine.json --profile clinic --json >b.json &&
		value b.json '[.profiles[].id] == ["mine", "clinic"]'
}
check "several profiles, files and names" both
# measured numbers are the run's; only what depends on the profile moves
check "what was measured does not move" eval \
	'[ "$(jq -cS .systems[0].measured a.json |
		sed s/mine/base/g)" = "$(jq -cS .systems[0].measured \
		run/result.json)" ]'
out() {
	"$oae" score run --profile mine.json --out new --json >c.json &&
		same && cmp c.json new/result.json && "$oae" verify new
}
check "--out writes a whole folder that verifies" out
alone() { # the program and the folder, and nothing else of ours
	mkdir -p alone && cp "$oae" alone/oae && cp -r new alone/run &&
		cp alone/run/result.json before.json &&
		(cd alone && env -i PATH=/nowhere ./oae score run >/dev/null &&
			env -i PATH=/nowhere ./oae verify run) &&
		cmp alone/run/result.json before.json
}
check "it is scored and verified without the installation" alone
alone_plain() {
	rm -rf alone/run && cp -r run alone/run &&
		(cd alone && env -i PATH=/nowhere ./oae score run >/dev/null) &&
		cmp alone/run/result.json run/result.json
}
check "so is the run itself: journal and inputs are enough" alone_plain
again() {
	"$oae" score new --tables current --out newer >/dev/null &&
		value newer/result.json '.profiles[0].id == "mine" and
			.rescored.tables == "others" and
			.rescored.profiles == "others"' && "$oae" verify newer
}
check "what was rescored is rescored with its own profiles" again
changed() {
	cp -r new bad && sed -i 's/"H_months": 24/"H_months": 25/' \
		bad/rescore/profiles/mine.json &&
		fails 2 "is not the file that rescore.json names" \
			"$oae" score bad
}
check "a changed profile of a rescored folder is found" changed
ill() { # chained by hash, but no profile
	cp -r new ill && jq -c '.more = 1' new/rescore/profiles/mine.json \
		>ill/rescore/profiles/mine.json &&
		sed -i "s/\"rescore.profiles.mine.json\": \"[0-9a-f]*\"/\
\"rescore\/profiles\/mine.json\": \"$(sha256sum \
			<ill/rescore/profiles/mine.json | cut -c1-64)\"/" \
			ill/rescore.json
	"$oae" verify ill >text
	[ $? -eq 2 ] && grep -q 'rescore/profiles/mine.json: .*more' text
}
check "what it was scored with is held against its schema" ill
check "an old folder is never written into" \
	fails 64 "not empty" "$oae" score run --profile mine.json --out kept
check "a profile that is not there" fails 64 "--profile castle: no such file" \
	"$oae" score run --profile castle
check "an option that is none" fails 64 "unexpected '--colour'" \
	"$oae" score run --colour
check "no folder" fails 64 "give a run folder" "$oae" score

valid() {
	/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || return 0
	/usr/bin/python3 - "$top/schema/documents/$1" "$2" <<-'PY'
	import json, sys
	import jsonschema
	schema, doc = (json.load(open(p)) for p in sys.argv[1:])
	jsonschema.Draft202012Validator(schema).validate(doc)
	PY
}
check "what was scored again is not submitted" fails 64 \
	"submit the run that it was made from" \
	"$oae" submit new --org acme --open

# ---- other tables, and what moved
mkdir other && cp -r "$top/schema/tables" other/
sed -i 's/^p_s_usd,assumed,0.00001,0.00003,0.0001,/p_s_usd,assumed,0.00002,0.00006,0.0002,/' \
	other/tables/defaults.csv
moved() {
	"$oae" score run --tables other/tables --compare run >text
	[ $? -eq 2 ] && same && grep -q "defaults\[p_s_usd\].mid .*+100 %" text &&
		grep -q '^profiles\[base\].scores\[null/echo:tokens=2\].modes.on_demand: ' \
			text
}
check "a changed default says which numbers moved, exit 2" moved
doubled() { # the price of machine time is in on-demand machine cost alone
	"$oae" score run --tables other/tables --compare run/result.json \
		--json >moved.json
	[ $? -eq 2 ] && value moved.json '
		([.moved[] | select(.path | endswith(
			"modes.on_demand.cost_usd.machine"))] | length == 1 and
			(.[0].relative - 1 | fabs) < 1e-9) and
		([.moved[] | select(.path | contains(
			"modes.owned.cost_usd"))] | length == 0) and
		.numbers_moved > 20 and .compared > 300 and
		(.moved | length) == .numbers_moved + .words_changed'
}
check "twice the price is twice the machine cost, and nothing owned" doubled
check "its document is valid" eval 'valid moved-1.schema.json moved.json'
check "so are a rescored result and its note" eval \
	'valid result-1.schema.json newer/result.json &&
	valid rescore-1.schema.json newer/rescore.json'
check "nothing moved: 0" "$oae" score run --compare run
other_journal() {
	jq '.journal.sha256 = "'"$(printf '0%.0s' {1..64})"'"' run/result.json \
		>foreign.json
	fails 4 "different journals" "$oae" score run --compare foreign.json
}
check "a result of another journal is not comparable: 4" other_journal
check "an old result that is not there" \
	fails 1 "gone.json" "$oae" score run --compare gone.json

# ---- a later version of the spec: a program of its own, other defaults
if [ ! -x "$later" ]; then
	skip "a later version" "$later is not built"
	cd "$top" || exit 1
	finish
	exit 0
fi
mkdir home && cp -r "$top/schema" home/ && cp other/tables/defaults.csv \
	home/schema/tables/
later() { OAE_HOME=$tmp/home "$later" "$@"; }
automatic() {
	later score run >text 2>note && same &&
		grep -q "^spec 1.0 -> 1.7: " text &&
		grep -q "defaults\[p_s_usd\].mid .*+100 %" text &&
		grep -q "result.json is of spec 1.0 and stays" note
}
check "a later version shows what moves, and keeps the old result" automatic
beside() {
	later score run --out run-1.7 >/dev/null 2>&1 && same &&
		value run-1.7/result.json '.spec == "1.7" and
			.rescored.of_spec == "1.0" and
			.rescored.of_result_sha256 == "'"$(
			sha256sum <run/result.json | cut -c1-64)"'" and
			([.tables.defaults[] | select(.name == "p_s_usd")][0]
				.mid == 0.00006)' &&
		OAE_HOME=/nowhere "$later" verify run-1.7
}
check "with --out it stands beside the old one, whole and verified" beside
check "the earlier program says that it cannot read it: 4" \
	fails 4 "spec 1.7" "$oae" score run-1.7
check "an old result is not verified by another version: 4" eval \
	'later verify run >out; [ $? -eq 4 ] && grep -q "oae score" out'
cd "$top" || exit 1
finish
