#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `oae profile`: the dialogue from a pipe, answers as options, what is
# refused, own prompts as a workload, and a run that uses both.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
top=$PWD
cd "$tmp" || exit 1

questions=28
# answers NUMBER=TEXT...: a line for each question, empty but for these.
answers() {
	local n a
	for ((n = 1; n <= questions; n++)); do
		for a in "$@"; do
			[ "${a%%=*}" != "$n" ] || printf '%b' "${a#*=}"
		done
		echo
	done
}
schema() { # NAME FILE
	/usr/bin/python3 - "$top/schema/documents/$1" "$2" <<-'PY'
	import json, sys
	import jsonschema
	schema, doc = (json.load(open(p)) for p in sys.argv[1:])
	jsonschema.Draft202012Validator(schema).validate(doc)
	PY
}
python_there() { /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; }

# ---- the dialogue: everything by default but five answers
dialogue() {
	answers 2='Our house' 3='5,000\n4900 5000 5100\n5000' 4='0\n36' \
		13='0.36' 18='MARS\n120' | "$oae" profile new mine.json >out
}
check "a dialogue from a pipe writes a profile" dialogue
check "it asks once for each thing and shows defaults" \
	test "$(grep -c '^  \[' out)" -eq "$((questions - 3))"
check "a thousands separator is refused and asked again" \
	grep -q "5,000': is no number; write 5000" out
check "a range too narrow for somebody's word is refused, with the way out" \
	grep -q 'too narrow .* "log: where from"' out
check "a number out of bounds is refused with its bounds" \
	grep -q "'0': must be above 0 and at most 1200" out
check "an unknown grid names the known ones" \
	grep -q "MARS': is no row of the grid table ( FR DE WORLD" out
check "what is next is printed as commands" \
	grep -qx '  oae run --profile mine.json --workloads letters,notices,sums' \
	out
check "answers stand in the profile, with ranges, declared" jq -e '
	.id == "mine" and .title == "Our house" and .H_months == 36 and
	(.requests_a_month | .low == 2500 and .mid == 5000 and .high == 10000
		and .class == "declared" and .source != "") and
	(.prices.p_s_usd.mid - 0.0001 | fabs) < 1e-15 and
	.grid.mid == 120' mine.json
check "a default stays the table's: it is not written down" jq -e '
	(.prices | has("p_h_usd") | not) and (has("wages_usd_h") | not)' \
	mine.json
if python_there; then
	check "the schema accepts it" schema profile-1.schema.json mine.json
else
	skip "the schema accepts it" "python3-jsonschema is not installed"
fi
check "show prints every number with its class and source" eval \
	'"$oae" profile show mine.json >shown && grep -q "Our house" shown &&
	grep -q "published: general IT: US BLS" shown &&
	grep -q "0.36 (0.18 to 0.72) USD/h" shown'
check "show --json is for programs" eval \
	'"$oae" profile show clinic --json |
	jq -e ".wage_T1_usd_h.mid == 41.65 and .tier == \"T1\""'

# ---- what is refused
cut_short() {
	answers | head -7 | fails 1 "the answers ended before" \
		"$oae" profile new short.json && [ ! -e short.json ]
}
check "answers that end too early: one line, no file" cut_short
# shellcheck disable=SC2016  # code
check "no answers at all" eval \
	'fails 1 "the answers ended before" "$oae" profile new no.json \
	</dev/null && [ ! -e no.json ]'
new() { "$oae" profile new "$@"; }
check "an existing file is never written over" \
	fails 64 "mine.json: is there already" new mine.json --yes
check "a folder that is not there" \
	fails 64 "nowhere: no such folder" new nowhere/x.json --yes
check "a base that is not there" \
	fails 64 "known are clinic" new x.json --yes --from castle
check "an unknown option" fails 64 "unexpected '--colour'" \
	new x.json --yes --colour red
check "an option twice" fails 64 "--months is given twice" \
	new x.json --yes --months 3 --months 4
check "a wrong value of an option says which and why" \
	fails 64 "--utilisation: '1.5': must be above 0 and at most 1" \
	new x.json --yes --utilisation 1.5
check "a workload that is not there" fails 64 "no workload of that name" \
	new x.json --yes --workloads "letters=1 songs=2"
check "weights must be above 0" fails 64 "a weight must be" \
	new x.json --yes --workloads letters=0
check "an option that goes with another only" \
	fails 64 "--judge: goes with --prompts" new x.json --yes --judge exact
check "no command" fails 64 "say new or show" "$oae" profile
check "nothing of these left a file" test ! -e x.json
quoted() { # the printed commands can be typed as they are
	local show
	new "it's mine.json" --yes >out &&
		show=$(sed -n 's/^  oae profile show/profile show/p' out) &&
		eval "'$oae' $show" | grep -q "A clinic"
}
check "a name that a shell would split is quoted" quoted

# ---- own prompts
printf 'One plain line\r\n\n  Another one\n' >plain.txt
plain() {
	new plain.json --yes --prompts plain.txt >out &&
		jq -se 'length == 2 and .[0].prompt == "One plain line" and
			.[1].id == "p00002" and
			all(.[]; has("expected") | not)' \
			workloads/plain.items.jsonl &&
		jq -e '.judge == "none" and .gate.floor == 0' \
			workloads/plain.workload.json &&
		jq -e '.workloads == [{"id":"plain","weight":1}]' plain.json &&
		grep -q "nothing is ranked" out
}
check "plain prompts become a workload without right answers" plain
cat >asked.jsonl <<'EOT'
{"prompt": "Say yes.", "expected": "yes", "group": "a"}
{"prompt": "Say no.", "expected": "no", "id": "no-1", "group": "b"}
EOT
asked() {
	new asked.json --yes --prompts asked.jsonl --judge contains_all \
		--max-tokens 32 --floor 0.5 --workloads "asked=3,notices=1" \
		>out &&
		jq -e '.judge == "contains_all" and .gate.floor == 0.5 and
			.max_tokens == 32' workloads/asked.workload.json &&
		jq -se '.[1].id == "no-1" and .[0].expected == "yes"' \
			workloads/asked.items.jsonl
}
check "prompts with right answers, judged as said" asked
refused() { # WORD LINES
	printf '%b' "$2" >bad.jsonl
	fails 64 "$1" new bad.json --yes --prompts bad.jsonl ||
		fails 1 "$1" new bad.json --yes --prompts bad.jsonl
}
check "some with and some without a right answer" refused \
	'bad.jsonl line 2: lacks an "expected"' \
	'{"prompt":"a","expected":"b"}\n{"prompt":"c"}\n'
check "two prompts of one id" refused 'two prompts have the id "x"' \
	'{"prompt":"a","id":"x"}\n{"prompt":"c","id":"x"}\n'
check "an empty prompt" refused 'line 1: "prompt": is empty' \
	'{"prompt":""}\n'
check "a file without prompts" refused 'holds no prompt' '\n\n'
check "a file that is not UTF-8" refused 'is no UTF-8 text' 'caf\xe9\n'
check "none of these left a file" test ! -e bad.json

# ---- a run for it: own profile, own workload beside it
run() {
	"$oae" run --suite smoke --profile asked.json --workloads asked,notices \
		--items 2 --out run --no-report --no-calibration --quiet \
		>/dev/null && "$oae" verify run >/dev/null
}
check "a run scores for it and asks its prompts" run
check "profile, workload and items are copied into the run" eval \
	'jq -se ".[0].inputs | has(\"profiles/asked.json\") and
		has(\"workloads/asked.items.jsonl\") and
		(has(\"profiles/clinic.json\") | not)" run/journal.jsonl &&
	cmp asked.json run/inputs/profiles/asked.json'
resumed() { # from elsewhere, by the absolute path in its journal
	cp -r run cut && sed -i '$d' cut/journal.jsonl &&
		(cd / && "$oae" run --resume "$tmp/cut" --quiet --no-report \
			>/dev/null) && "$oae" verify cut &&
		jq -e '.profiles[0].id == "asked"' cut/result.json
}
check "a run for an own profile is resumed from elsewhere" resumed
run_plain() {
	"$oae" run --suite smoke --profile "$PWD/plain.json" --items 2 \
		--systems null/echo,null/echo:tokens=3 --workloads plain \
		--out run2 --no-report --no-calibration --quiet >/dev/null &&
		jq -e '.profiles[0].scores[0] |
			.gate.outcome == "unproven" and .ranked == false and
			(.modes.on_demand.oae.value > 0) and
			any(.gate.reasons[]; test("without right answers"))' \
			run2/result.json
}
check "without right answers there are costs and no rank" run_plain
if python_there; then
	check "such a result is valid too" \
		schema result-1.schema.json run2/result.json
else
	skip "such a result is valid too" "python3-jsonschema is not installed"
fi
check "a profile that is not there" fails 64 "known are" \
	"$oae" run --suite smoke --profile castle --dry-run
check "two profiles of one id" fails 64 'two profiles have the id "asked"' \
	"$oae" run --suite smoke --profile asked.json --profile asked.json \
	--dry-run
cd "$top" || exit 1
finish
