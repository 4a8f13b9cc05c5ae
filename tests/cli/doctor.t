#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae doctor: this machine, invented ones, users without rights, bad words.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
chmod 755 "$tmp"
for kind in server guest laptop board; do
	tests/fake/machine.sh $kind "$tmp/$kind" || exit 1
done
mkdir "$tmp/empty"
# Another user than root may not reach the build folder.
cp "$oae" "$tmp/oae"
as_nobody() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# ---- this machine
mkdir "$tmp/here"
check "it reports, in time" bash -c 'cd "$1" && timeout 60 "$0" doctor >"$2"' \
	"$oae" "$tmp/here" "$tmp/text"
check "the document, too" bash -c 'cd "$1" && timeout 60 "$0" doctor --json \
	>"$2"' "$oae" "$tmp/here" "$tmp/here.json"
check "it leaves nothing behind" bash -c '[ -z "$(ls -A "$0")" ]' "$tmp/here"
check "sources, machine, watch, verdicts, in this order" bash -c \
	'[ "$(grep -oE "^(WHAT|THE|WATCHED|HOW)" "$0" | tr "\n" " ")" = \
	"WHAT THE WATCHED HOW " ]' "$tmp/text"
check "at most 80 columns, but for commands" bash -c \
	'! grep -v "^ *\\$ " "$0" | grep -E "^.{81}"' "$tmp/text"
check "every sensor of oae list is a source" bash -c '
	"$0" list sensors --json | jq -r ".sensors[].id" | sort >"$2/listed"
	jq -r ".sources[].sensor" "$1" | sort -u >"$2/asked"
	[ -s "$2/listed" ] && [ -z "$(comm -23 "$2/listed" "$2/asked")" ]' \
	"$oae" "$tmp/here.json" "$tmp"
check "what does not work has a reason, and what to do or why nothing" \
	jq -e '[.sources[] | select(.state != "works")] | all(.reason and
	(.remedy or .advice))' "$tmp/here.json"
check "the CPUs are counted" bash -c \
	'[ "$(jq .machine.cpu.cores "$0")" -eq "$(getconf _NPROCESSORS_ONLN)" ]' \
	"$tmp/here.json"
check "it watched: sleeps, shares between 0 and 1" jq -e '.watched |
	.sleeps > 0 and .late_p99_ns >= .late_p50_ns and
	(.busy_share | . >= 0 and . <= 1) and
	(.steal_share | . >= 0 and . <= 1)' "$tmp/here.json"
check "four verdicts, each no better than its worst finding" jq -e '
	{"good": 0, "fair": 1, "poor": 2, "none": 3} as $g |
	[.verdicts[].topic] == ["time", "isolation", "counters", "energy"] and
	(.verdicts | all(. as $v | $v.text != "" and
	([$v.because[] | $g[.grade]] + [0] | max) == $g[$v.grade]))' \
	"$tmp/here.json"
check "the last paragraph is the overall one" bash -c '
	tail -n 12 "$1" | tr "\n" " " | grep -qF "$(jq -r .overall.text "$0" |
	cut -c1-30)"' "$tmp/here.json" "$tmp/text"

# ---- invented machines
examine() { # KIND: its document
	timeout 60 "$oae" doctor --json --sysroot "$tmp/$1" >"$tmp/$1.json"
}
for kind in server guest laptop board empty; do
	check "invented: $kind" examine $kind
done
says() { # KIND FILTER
	jq -e "$2" "$tmp/$1.json"
}
check "nothing is watched there" says guest '.watched == null and
	(.sysroot | endswith("/guest"))'
check "a frozen meter is a phantom, never 0 J" says server \
	'[.sources[] | select(.sensor == "powercap")] | length == 4 and
	all(.state == "phantom" and .remedy == null and
	(.advice | contains("0 J")))'
check "a guest has no meter, and is told so" says guest '.sources[] |
	select(.sensor == "powercap") | .state == "absent" and .remedy == null
	and (.advice | contains("virtual machine"))'
check "its energy cannot be had" says guest '.verdicts[3].grade == "none"'
check "its times are for comparing" says guest '.verdicts[0].grade == "fair"'
check "a laptop without RAPL gets the command" says laptop '.sources[] |
	select(.sensor == "powercap") | .remedy | startswith("sudo modprobe")'
check "a laptop on its battery is poor" says laptop \
	'.overall.grade == "poor" and (.verdicts[0].because[0].text |
	contains("charger"))'
check "its clock, governor, boost and swap have commands" says laptop \
	'[.verdicts[].because[].remedy | select(.)] | join("\n") |
	contains("echo tsc |") and contains("echo performance |") and
	contains("cpufreq/boost") and contains("swapoff")'
check "a board knows RAPL is not for it" says board '.sources[] |
	select(.sensor == "powercap") | .advice | contains("feature of x86")'
check "what is not known is null" says empty '.machine | .cpu.model == null and
	.cpu.cores == null and .memory_bytes == null and .virtual == null and
	.mitigations == null'

# ---- another user
server_as_nobody() {
	as_nobody "$tmp/oae" doctor --json --sysroot "$tmp/server" \
		>"$tmp/server.json"
}
find "$tmp/server" -name energy_uj -exec chmod 400 {} +
if [ "$(id -u)" -ne 0 ]; then
	find "$tmp/server" -name energy_uj -exec chmod 000 {} +
fi
if ! as_nobody test -x "$tmp/oae"; then
	skip "root-only counters" "the folder is closed to other users"
	skip "they have their command" "the folder is closed to other users"
	skip "so has the verdict" "the folder is closed to other users"
else
	check "root-only counters" server_as_nobody
	check "they are refused, with the command and the reason" says server \
		'[.sources[] | select(.sensor == "powercap")] | length == 4 and
		all(.state == "refused" and (.advice |
		contains("CVE-2020-8694")) and .remedy ==
		"sudo chmod -R a+r /sys/class/powercap/intel-rapl*/")'
	check "so says the verdict" says server '.verdicts[3] |
		.grade == "none" and (.because[0].remedy | contains("chmod"))'
fi

# ---- a place that cannot be written
if mounts 64k "$tmp/ro" && mount -o remount,ro "$tmp/ro"; then
	check "in a read-only folder" bash -c 'cd "$1" && "$0" doctor --json \
		--sysroot "$2" >/dev/null' "$oae" "$tmp/ro" "$tmp/board"
else
	skip "in a read-only folder" "needs root and mount"
fi
if [ -e /dev/full ]; then
	check "a full disk" bash -c '"$0" doctor --sysroot "$1" >/dev/full
		[ $? -eq 1 ]' "$oae" "$tmp/board"
else
	skip "a full disk" "no /dev/full"
fi

# ---- words
check "--help teaches" bash -c '"$0" doctor --help >"$1" &&
	grep -q phantom "$1" && grep -q "exit codes" "$1" &&
	! grep -E "^.{81}" "$1"' "$oae" "$tmp/help"
check "oae --help names it" bash -c '"$0" --help | grep -q "^  doctor "' "$oae"
check "an unknown option" fails 64 "--bogus" "$oae" doctor --bogus
check "a word too many" fails 64 "'energy'" "$oae" doctor energy
check "--sysroot without a folder" fails 64 "needs a word" "$oae" doctor \
	--sysroot
check "an empty one" fails 64 "needs a word" "$oae" doctor --sysroot ''
check "one that does not exist" fails 64 "no such folder" "$oae" doctor \
	--sysroot "$tmp/nowhere"
check "a file for a folder" fails 64 "no such folder" "$oae" doctor \
	--sysroot "$tmp/text"
check "an unknown source" fails 64 "no such source" "$oae" doctor --ask moon
check "one source alone" bash -c '"$0" doctor --ask cgroup |
	jq -e "length == 4" >/dev/null' "$oae"

# ---- against its schema
if ! /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	skip "the document's schema" "python3-jsonschema is not installed"
	finish
	exit 0
fi
cat >"$tmp/validate.py" <<'PY'
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
bad = 0
for path in sys.argv[2:]:
    for e in validator.iter_errors(json.load(open(path))):
        print(f"{path}: {e.json_path}: {e.message[:200]}")
        bad = 1
sys.exit(bad)
PY
valid() {
	/usr/bin/python3 "$tmp/validate.py" \
		schema/documents/doctor-1.schema.json "$@"
}
refused() { # JQ-FILTER: a change that must not pass
	jq "$1" "$tmp/here.json" >"$tmp/wrong.json" && ! valid "$tmp/wrong.json"
}
check "every document is valid" valid "$tmp/here.json" "$tmp"/{server,guest}.json \
	"$tmp"/{laptop,board,empty}.json
check "an unknown state is refused" refused '.sources[0].state = "maybe"'
check "what does not work without a reason is refused" refused \
	'.sources[0] |= (.state = "absent" | .reason = null)'
check "a fact too many is refused" refused '.machine.moon = "full"'
check "a fact too few is refused" refused 'del(.machine.cpu.microcode)'
check "a verdict too few is refused" refused '.verdicts = .verdicts[1:]'
check "results and doctor describe a machine alike" jq -en \
	--slurpfile d schema/documents/doctor-1.schema.json \
	--slurpfile r schema/documents/result-1.schema.json '
	def bare: del(.. | objects | .required?);
	($d[0]."$defs".machine.properties | bare) ==
	($r[0]."$defs".environment.properties | bare |
	del(.utc, .program_sha256))'
finish
