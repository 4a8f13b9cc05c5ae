#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Adapters that crash, hang, lie and flood: one campaign over all of them.
# Each bad run ends as failed with its reason, and the next one goes on.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh

# mode:when reason. The runs before `when` are good ones.
cat >"$tmp/modes" <<'END'
crash:2 signal 11
exit0:2 ended early: exit 0
exit0:0 ended early: exit 0
exit3:2 it said: no more memory
hang:2 cancel was not answered
close_stdout:2 closed its stdout
garbage:2 no message
not_json:2 no message
utf8:2 invalid UTF-8
huge:2 line longer than
unknown_type:2 unknown type 'hallo'
unknown_id:2 request 77, which was never sent
no_id:2 no id
twice:2 after its end
future:2 in the future
backwards:2 goes back
too_many:2 more tokens than
miscount:2 counts 5 tokens but sent 1
cancelled:2 cancelled by nobody
negative:2 bad message
half_line:2 ended early
error_all:2 out of cheese
stderr_flood:2 flooded its stderr
child:2 ended early: exit 0
wrong_protocol:2 protocol 2, not 1
two_ready:2 out of turn
no_bye:2 ended early: exit 0
stay:2 did not exit
exit5:2 exit 5 after 'bye'
END

systems=null/echo
while read -r mode reason; do
	systems+=,fake/echo:mode=${mode%:*},when=${mode#*:}
done <"$tmp/modes"
systems+=,fake/echo:mode=error,fake/echo:mode=slow,fake/echo

dir=$tmp/all
check "a campaign over $(wc -l <"$tmp/modes") kinds of bad adapters ends well" \
	"$oae" run --suite smoke --no-calibration --runs 2 --items 3 --adapter tests/fake/adapter \
	--systems "$systems" --request-limit 1 --ready-limit 60 --close-limit 2 \
	--out "$dir" --no-score --quiet

# One line for each run: its system, how it ended and why.
jq -rs '(map(select(.type == "run")) | map({(.run | tostring): .system}) | add)
	as $system | .[] | select(.type == "run_end")
	| [$system[.run | tostring], .status, .reason] | join("\t")' \
	"$dir/journal.jsonl" >"$tmp/ends"

reason_is() { # SYSTEM TEXT: both of its runs
	grep -F "$1	" "$tmp/ends"
	[ "$(grep -F "$1	failed	" "$tmp/ends" | grep -cF -- "$2")" -eq 2 ]
}

while read -r mode reason; do
	check "$mode: failed, and the reason is said" \
		reason_is "fake/echo:mode=${mode%:*},when=${mode#*:}" "$reason"
done <"$tmp/modes"

all_ok() { # SYSTEM
	local id
	for id in $(lines "$dir" run "select(.system == \"$1\") | .run"); do
		lines "$dir" run_end "select(.run == $id)" |
			jq -e '.status == "ok" and .requests.ok == 3' || return 1
	done
}
check "the good adapter beside them is untouched" all_ok null/echo
check "so is the good case of the bad one" all_ok fake/echo

outcomes() { # SYSTEM: outcomes of its first run's samples
	local id
	id=$(lines "$dir" run "select(.system == \"$1\") | .run" | head -1)
	lines "$dir" sample "select(.run == $id) | .outcome" | tr '\n' ' '
}
check "an error fails its request alone" \
	test "$(outcomes fake/echo:mode=error)" = '"ok" "failed" "failed" '
check "a silent request is cancelled and the run goes on" \
	test "$(outcomes fake/echo:mode=slow)" = '"ok" "timeout" "timeout" '
check "what was in flight at a crash is a failed sample" \
	test "$(outcomes fake/echo:mode=crash,when=2)" = '"ok" "failed" '
check "every sample that failed says why" \
	test "$(lines "$dir" sample 'select(.outcome != "ok" and .reason == null)' |
	wc -l)" -eq 0
check "the journal is sealed" \
	test "$(tail -1 "$dir/journal.jsonl" | jq -r .type)" = seal

check "every request failed: exit 1, one word about it" fails 1 \
	"every request failed" "$oae" run --suite smoke --no-calibration --items 2 --quiet \
	--adapter tests/fake/adapter --systems fake/echo:mode=exit3,when=1 \
	--out "$tmp/none" --no-score
finish
