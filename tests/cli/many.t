#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Several requests in flight: an adapter that answers them in its own order,
# forgets one, fails or crashes with all of them; and the reference engine's
# batch, whose answers are those of one at a time.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh

# ---- an adapter that takes four
many=()
for mode in reverse one_silent crash_many error_many; do
	many+=("fake/echo:mode=$mode,when=1,flight=4")
done
check "four in flight, in four bad ways" "$oae" run --suite smoke \
	--no-calibration --no-score --quiet --runs 2 --items 8 \
	--scenario Offline --concurrency 16 --request-limit 2 --close-limit 5 \
	--adapter tests/fake/adapter --systems "$(IFS=,; echo "${many[*]}")" \
	--out "$tmp/many"

# of MODE TYPE FILTER: lines of the runs of a system
of() {
	local id
	for id in $(lines "$tmp/many" run \
		"select(.system | contains(\"mode=$1,\")) | .run"); do
		lines "$tmp/many" "$2" "select(.run == $id) | $3"
	done
}
count_of() { # N MODE TYPE FILTER: so many lines, of both runs together
	of "$2" "$3" "$4"
	[ "$(of "$2" "$3" "$4" | wc -l)" -eq "$1" ]
}
check "answered in reverse: all are taken" count_of 16 reverse sample \
	'select(.outcome == "ok" and .tokens_out == 3) | .request'
own_text() { # the tokens came in turn; each answer has its own
	of reverse sample '[.request, .answer]' |
		jq -se 'length == 16 and all(.[0] as $id | .[1] ==
			" \($id) \($id) \($id)")'
}
check "and each answer is put together of its own tokens" own_text
check "the last of four is the first to end" jq -se '
	[.[] | select(.type == "sample" and .run == 0)] |
	map(.request | tonumber) | .[0:4] == ([4, 3, 2, 1])' \
	<(of reverse sample 'select(.segment == 0)' | jq -c '.run = 0' | head -8)
check "one that is silent is cancelled" count_of 4 one_silent sample \
	'select(.outcome == "timeout" and .reason != null) | .request'
check "and the others are answered" count_of 12 one_silent sample \
	'select(.outcome == "ok") | .request'
check "its runs go on to their ends" count_of 2 one_silent run_end \
	'select(.status == "ok")'
check "errors end each its own request" count_of 16 error_many sample \
	'select(.outcome == "failed" and .reason == "model: no") | .request'
check "a crash fails all that were in flight, with the reason" \
	count_of 8 crash_many sample 'select(.outcome == "failed" and
	(.reason | contains("signal 11"))) | .request'
check "and the run" count_of 2 crash_many run_end 'select(.status == "failed")'

# ---- the engine's batch, by hand
hello='{"type":"hello","protocol":1,"system":"batch","home":"'$PWD'","knobs":'
notices=$(head -1 workloads/notices.items.jsonl | jq -r .prompt)
submit() { # ID MAX PROMPT
	jq -nc --arg id "$1" --argjson max "$2" --arg prompt "$3" \
		'{type: "submit", id: $id, prompt: $prompt, max_tokens: $max}'
}
# talk KNOBS ENDS LINE...: says all at once and waits for so many ends, which
# it prints with what else is no token; $tmp/heard has all.
talk() {
	local i pid
	rm -f "$tmp/in"
	mkfifo "$tmp/in"
	"$build/adapters/reference" <"$tmp/in" >"$tmp/heard" &
	pid=$!
	exec 3>"$tmp/in"
	printf '%s\n' "$hello$1}" "${@:3}" >&3
	for ((i = 0; i < 1200; i++)); do
		[ "$(grep -cE '"type":"(done|scored|error)"' "$tmp/heard")" \
			-ge "$2" ] && break
		sleep 0.05
	done
	exec 3>&-
	wait "$pid"
	jq -c 'select(.type != "token")' "$tmp/heard"
}
text_of() { jq -rj "select(.type == \"token\" and .id == \"$1\") | .text" \
	"$tmp/heard"; }

if [ ! -f adapters/reference/models/target.q8_0.gguf ]; then
	skip "the reference engine's batch" "no model"
	finish
	exit
fi
talk '{"slots":2,"prefix":"on"}' 5 "$(submit 1 40 "$notices")" \
	"$(submit 2 40 "$notices")" "$(submit 3 40 'Sum: 3 and 4.')" \
	"$(submit 4 40 'Sum: 5 and 6.')" "$(submit 5 1 'Sum')" \
	>"$tmp/said"
check "two slots take four requests" jq -se '.[0].max_in_flight == 4' \
	"$tmp/said"
check "a fifth is one too many" jq -se 'any(.type == "error" and .id == "5" and
	.code == "limit")' "$tmp/said"
check "the same prompt is not computed twice" jq -se '
	map(select(.type == "done")) | map({(.id): .}) | add |
	."1".reused == null and ."2".reused == ."2".tokens_in - 1' "$tmp/said"
check "and has the same answer" test "$(text_of 1)" = "$(text_of 2)"
check "which is one" test -n "$(text_of 1)"
one=$(text_of 1)
talk '{"slots":2,"prefix":"off"}' 2 "$(submit 1 40 "$notices")" \
	"$(submit 2 40 "$notices")" >"$tmp/said"
check "prefix=off computes it twice" jq -se 'map(select(.type == "done")) |
	length == 2 and all(.reused == null)' "$tmp/said"
check "to the same end" test "$(text_of 2)" = "$one"
talk '{"slots":4}' 3 \
	"$(submit 1 4000 "$notices" | jq -c '.ignore_eos = true')" \
	"$(submit 2 10 "$notices")" '{"type":"cancel","id":"1"}' \
	'{"type":"score","id":"3","prompt":"a","continuation":"b"}' >"$tmp/said"
check "one of several is cancelled, the others go on" jq -se '
	map({(.id // ""): .}) | add | ."1".finish == "cancelled" and
	."2".finish != "cancelled" and ."3".type == "scored"' "$tmp/said"

# ---- and as a system
check "dense and batch with all at once" "$oae" run --suite compare --quiet \
	--no-report --no-calibration --systems reference/dense,reference/batch \
	--workloads sums --items 10 --runs 2 --scenario Offline \
	--concurrency 16 --out "$tmp/load"
answers() { # SYSTEM: item and answer of each sample
	local id
	for id in $(lines "$tmp/load" run "select(.system == \"$1\") | .run"); do
		lines "$tmp/load" sample "select(.run == $id) | [.item, .answer]"
	done | sort
}
check "all are answered" test "$(answers reference/batch | wc -l)" -eq 20
check "the same, letter by letter" \
	test "$(answers reference/batch)" = "$(answers reference/dense)"
check "ten were in flight together; dense takes one" jq -e \
	'[.scenarios[] | {(.system): .load.in_flight_peak}] | add |
	."reference/batch" == 10 and ."reference/dense" == 1' \
	"$tmp/load/result.json"
check "the result is recomputed from the journal" "$oae" verify "$tmp/load"
finish
