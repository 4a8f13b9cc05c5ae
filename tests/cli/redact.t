#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `oae redact`: no prompt and no answer is left, every score stays as it was,
# and what is left gives nothing away.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
top=$PWD
cd "$tmp" || exit 1

# ---- a run with secrets: long and short, some with quotes and line ends; an
# adapter that quotes what it was asked when it fails
cat >asked.jsonl <<'EOT'
{"prompt": "Patient Mathilda Quellenberg says yes.", "expected": "yes", "group": "a"}
{"prompt": "Patient Ottokar Brunnwald says yes.", "expected": "yes", "group": "b"}
{"prompt": "He wrote: \"the left knee, since Tuesday\"\nand no more of it.", "expected": "left knee"}
{"prompt": "Short?", "expected": "q7"}
EOT
# more tokens than a hash has letters
printf '{"prompt": "Glyphs:%s.", "expected": "Glyphs"}\n' \
	"$(printf ' %s' {a..z} {a..z} {a..z} {a..z})" >>asked.jsonl
cp -r "$top/tests/fake/adapter" quoting
sed -i 's/say(type="error", id=m\["id"\], code="model",/m["text"] = "cannot do: " + m["prompt"]; say(type="error", id=m["id"], code="model",/; s/message="[^"]*"/message=m.get("text", "x")/' \
	quoting/adapter.py
measure() {
	"$oae" profile new secret.json --yes --prompts asked.jsonl \
		--judge contains_all --floor 0.1 --shape none >/dev/null &&
		"$oae" run --suite smoke --profile secret.json \
			--precision 50% --workloads secret \
			--adapter quoting --runs 2 \
			--systems null/echo,null/echo:tokens=2,fake/echo:mode=error,when=3 \
			--out run --no-report --no-calibration --quiet \
			>/dev/null &&
		grep -q 'cannot do: ' run/journal.jsonl &&
		jq -e '[.profiles[0].scores[].modes.on_demand.oae.value] |
			any(. != null)' run/result.json
}
check "a run with secrets, scores and quoting failures" measure
cp -r run kept
redact() {
	"$oae" redact run red >text && diff -r run kept &&
		grep -q 'texts replaced, every score as before' text
}
check "a redacted folder beside it; it is as it was" redact
check "it verifies, and says that it is redacted" eval \
	'"$oae" verify red >text && grep -q "redacted: its verdicts" text'

# every prompt, right answer and answer, as raw text and as JSON has it
jq -r '.prompt, .expected' asked.jsonl >texts
jq -r 'select(.answer? and .answer != "") | .answer' run/journal.jsonl >>texts
jq '.prompt, .expected' asked.jsonl | sed 's/^"//; s/"$//' >>texts
jq 'select(.answer? and .answer != "") | .answer' run/journal.jsonl |
	sed 's/^"//; s/"$//' >>texts
sort -u texts | awk 'length >= 4' >long
nothing_left() {
	[ "$(wc -l <long)" -ge 8 ] && grep -rqFf long run &&
		! grep -rFf long red
}
check "no text of four bytes or more is left in any file" nothing_left
short_gone() { # as whole JSON strings
	! jq -e '.. | strings | select(. == "yes" or . == "q7" or
		. == "Short?")' red/journal.jsonl red/result.json \
		red/inputs/workloads/*.jsonl
}
check "no short one is left as a string" short_gone
check "what an adapter said of its failure is gone" eval \
	'! grep -r "cannot do" red && grep -q "might quote" red/journal.jsonl'

# ---- the same scores, to the last digit
rest='del(.journal, .redacted) | .. |= (if type == "object" then
	with_entries(select(.key | test("^workloads/") | not)) else . end)'
same_scores() {
	diff <(jq -S "$rest" run/result.json) <(jq -S "$rest" red/result.json) &&
		jq -e '.redacted.verdicts == "judged before" and
			(.journal.sealed)' red/result.json
}
check "every number of the result is the same text" same_scores
check "oae score compares the two: nothing moved" \
	"$oae" score red --compare run
check "it is scored for another profile too" eval \
	'"$oae" score red --profile clinic --json | jq -e ".redacted and
		.profiles[0].id == \"clinic\""'
check "the report says so" eval \
	'cp -r red shown && "$oae" report shown >/dev/null &&
	grep -q "redacted: texts are hashes" shown/report/index.html'

# ---- what the hashes give away
expected() { jq -r 'select(.type == "sample" and .item == "'"$2"'" and
	.expected) | .expected' "$1/journal.jsonl" | sort -u; }
by_item() {
	[ "$(expected red p00001 | wc -l)" -eq 1 ] &&
		[ "$(expected red p00001)" != "$(expected red p00002)" ]
}
check "equal right answers of two questions look different" by_item
once_more() {
	"$oae" redact run red2 >/dev/null &&
		[ "$(expected red p00001)" != "$(expected red2 p00001)" ]
}
check "another redaction has another key" once_more
no_plain_hash() { # of a text, of the items, of the journal, of the result
	local h
	for h in "$(printf yes | sha256sum)" \
		"$(sha256sum <run/inputs/workloads/secret.items.jsonl)" \
		"$(sha256sum <run/journal.jsonl)" \
		"$(sha256sum <run/result.json)" \
		"$(jq -r .journal.sha256 run/result.json) -"; do
		! grep -rF "${h%% *}" red || return 1
	done
}
check "no hash without a key covers a text" no_plain_hash
lossless_kept() { # answers of one question: equal ones look equal
	diff <(jq -c 'select(.type == "sample") | .item + .answer' \
		run/journal.jsonl |
		awk '!($0 in n) { n[$0] = ++k } { print n[$0] }') \
		<(jq -c 'select(.type == "sample") | .item + .answer' \
			red/journal.jsonl |
		awk '!($0 in n) { n[$0] = ++k } { print n[$0] }')
}
check "equal answers to a question stay equal, others differ" lossless_kept
verdicts() {
	jq -se '[.[] | select(.type == "sample")] |
		any(.right == true) and any(.right == false) and
		all(.outcome != "ok" or (.right | type == "boolean"))' \
		red/journal.jsonl
}
check "each judged answer has its verdict" verdicts

submitted() {
	"$oae" run --suite smoke --profile clinic --profile school \
		--profile enterprise --profile hyperscale \
		--profile secret.json --workloads secret --out packable \
		--no-report --no-calibration --quiet >/dev/null &&
		"$oae" redact packable hidden >/dev/null &&
		"$oae" submit hidden --org acme --open --name s >/dev/null &&
		"$oae" verify submissions/acme/s
}
check "it can be submitted, and its submission verifies" submitted

# ---- what is refused
tampered() {
	cp -r red bad && sed -i '0,/"right":false/s//"right":true/' \
		bad/journal.jsonl && cmp -s red/journal.jsonl bad/journal.jsonl
	[ $? -eq 1 ] && "$oae" verify bad >text
	[ $? -eq 2 ] && grep -q "prev is not the sha256" text
}
check "a changed verdict breaks the chain" tampered
untold() { # only a journal that says "redacted" is believed its verdicts
	cp -r run lie && sed -i 's/"answer":"[^"]*"/"right":true,&/' \
		lie/journal.jsonl && /usr/bin/python3 - lie/journal.jsonl <<-'PY'
	import hashlib, json, sys
	prev, out, text = "0" * 64, b"", open(sys.argv[1]).read()
	for line in text.splitlines():
	    d = json.loads(line)
	    d["prev"] = prev
	    if d["type"] == "seal":
	        d["sha256"] = hashlib.sha256(out).hexdigest()
	    b = json.dumps(d, separators=(",", ":"), ensure_ascii=False).encode()
	    prev = hashlib.sha256(b).hexdigest()
	    out += b + b"\n"
	open(sys.argv[1], "wb").write(out)
	PY
	"$oae" score lie --json >lie.json &&
		diff <(jq -S 'del(.journal)' run/result.json) \
			<(jq -S 'del(.journal)' lie.json)
}
check "verdicts in a journal with its texts are not believed" untold
leak() {
	cp -r run titled && jq '.title = "About Patient Mathilda Quellenberg says yes."' \
		run/inputs/profiles/secret.json >p.json || return 1
	"$oae" score run --profile p.json --out titled2 >/dev/null &&
		fails 2 "profiles/secret.json would still hold the answer of secret/p00001" \
			"$oae" redact titled2 leaked &&
		[ ! -e leaked ]
}
check "a text in another place: it is named, and nothing is left" leak
rescored() {
	jq '.title = "Harmless"' p.json >q.json &&
		"$oae" score run --profile q.json --out fine >/dev/null &&
		"$oae" redact fine fine-out && "$oae" verify fine-out &&
		jq -e '.profiles[0].profile.title == "Harmless" and
			.rescored.of_result_sha256 == null' fine-out/result.json
}
check "a rescored folder is redacted with its profile" rescored
check "a redacted folder has nothing to redact" \
	fails 64 "is redacted already" "$oae" redact red again
unsealed() {
	cp -r run open && sed -i '$d' open/journal.jsonl &&
		fails 2 "has no seal" "$oae" redact open open-out &&
		[ ! -e open-out ]
}
check "a journal without its seal is not given one" unsealed
check "an old folder is not written into" \
	fails 64 "not empty" "$oae" redact run kept
check "a folder that is not there" fails 1 "no such folder" \
	"$oae" redact nowhere new
check "one word only" fails 64 "give a run folder and a new one" \
	"$oae" redact run
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	check "the result is valid" /usr/bin/python3 - \
		"$top/schema/documents/result-1.schema.json" red/result.json \
		<<-'PY'
	import json, sys
	import jsonschema
	schema, doc = (json.load(open(p)) for p in sys.argv[1:])
	jsonschema.Draft202012Validator(schema).validate(doc)
	PY
else
	skip "the result is valid" "python3-jsonschema is not installed"
fi
cd "$top" || exit 1
finish
