#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `oae setup`: steps in a clean place, what is recorded, and what a stranger's
# transcript cannot do.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
export TMPDIR=$tmp/places SECRET=42
mkdir "$TMPDIR"

# adapter NAME STEPS: an adapter with these set-up steps in $tmp/NAME.
adapter() {
	mkdir -p "$tmp/$1"
	cp tests/fake/adapter/adapter.py "$tmp/$1/"
	printf 'one\ntwo\nthree\n' >"$tmp/$1/conf"
	jq -n --arg name "$1" --argjson steps "$2" '{
		oae_adapter: 1, name: $name, version: "1.0.0", title: "small",
		licence: "Apache-2.0",
		command: ["/usr/bin/env", "python3", "-IS", "{adapter}/adapter.py"],
		materials: ["LICENSE"], first: {prompt: "good morning"},
		systems: [{name: "echo", title: "words", kind: "echo", knobs: [
			{name: "mode", type: "string", default: "good"},
			{name: "when", type: "int", default: 2, low: 0, high: 9},
			{name: "delay_ms", type: "int", default: 0, low: 0, high: 9}]}],
		setup: $steps}' >"$tmp/$1/adapter.json"
}
sets_up() { # NAME [OPTIONS...]: transcript in $tmp/NAME.jsonl
	"$oae" setup "$1/echo" --adapter "$tmp/$1" --out "$tmp/$1.jsonl" --force --quiet "${@:2}"
}
line() { jq -s -e -c "map(select(.type == \"$2\"))[0] | $3" "$tmp/$1.jsonl"; }
step() { jq -s -e -c "map(select(.step == $2))[0] | $3" "$tmp/$1.jsonl"; }

# ---- a good one
adapter good '[
	{"argv": ["sh", "-c", "test -z \"$SECRET\" && echo made >{adapter}/made && head -c 300000 /dev/zero | tr \"\\\\0\" x >$HOME/big"], "sets": ["when"]},
	{"patch": "two.patch", "about": "by hand"},
	{"argv": ["grep", "-q", "zwei", "{adapter}/conf"]}]'
cat >"$tmp/good/two.patch" <<'P'
--- a/conf
+++ b/conf
@@ -1,3 +1,4 @@
 one
-two
+zwei
+and a half
 three
P
check "an adapter is set up" sets_up good
check "in a clean place, which is gone afterwards" [ -z "$(ls "$TMPDIR")" ]
check "its own environment, files and blocks" \
	step good 1 '.outcome == "ok" and .exit == 0 and .files.made == 2 and
	.disk_bytes.value >= 300000 and .disk_bytes.value < 400000 and
	(.files.list | map(.[0]) == ["adapter/made", "home/big"])'
check "an edit's lines are counted" \
	step good 2 '.edits == {files: 1, lines: 3} and .files.changed == 1'
check "CPU of the step's tree" \
	step good 1 '.cpu_s.value > 0 and .cpu_s.class == "measured"'
check "the first token, with its time and processes" line good first \
	'.outcome == "ok" and .token == "good" and .answer == "good morning" and
	.first_token_s.value > 0 and .processes >= 1'
check "the parameters that were set, of those exposed" line good setup \
	'.parameters == {exposed: ["mode", "when", "delay_ms"], set: ["when"]}'
if line good setup '.confinement.network' >/dev/null; then
	check "no network is no bytes, measured" step good 1 \
		'.network_bytes | .value == 0 and .class == "measured"'
else
	check "with a network the bytes are an estimate" step good 1 \
		'.network_bytes | .value == null or .class == "estimated"'
fi
valid_lines() {
	/usr/bin/python3 - schema/documents/transcript-1.schema.json "$@" <<'PY'
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
v = jsonschema.Draft202012Validator(schema)
bad = [(p, n, e.message[:300]) for p in sys.argv[2:]
       for n, l in enumerate(open(p)) for e in v.iter_errors(json.loads(l))]
print(*bad, sep="\n")
sys.exit(bool(bad))
PY
}
check "the file that is there is not written over" fails 64 "is there already" \
	"$oae" setup good --adapter "$tmp/good" --out "$tmp/good.jsonl" --quiet
check "a dry run shows the steps and runs none" sh -c \
	"'$oae' setup good --adapter '$tmp/good' --dry-run | grep -q 'patch two.patch' && [ ! -e setup-transcript.jsonl ]"
sums() {
	sets_up good --json --keep >"$tmp/json" && jq -e \
		'.outcome == "ok" and .steps == 3 and .failures == 0 and
		.edits.lines == 3 and .wall_s.value > 0 and
		.disk_bytes.class == "measured"' "$tmp/json" &&
		[ -f "$(jq -r .place "$tmp/json")/adapter/made" ]
}
check "JSON has the sums; --keep leaves the place" sums
rm -rf "${TMPDIR:?}"/*

# ---- what fails is recorded
adapter broken '[{"argv": ["sh", "-c", "echo no such thing >&2; exit 7"]}, {"argv": ["true"]}]'
check "a failed step ends it" fails 2 "no such thing" sets_up broken
check "and is in the transcript" step broken 1 '.outcome == "failed" and .exit == 7'
check "nothing was asked afterwards" line broken first \
	'.outcome == "not tried" and .first_token_s.value == null and .first_token_s.reason != ""'
adapter slow '[{"argv": ["sleep", "60"], "limit_s": 1}]'
check "a step has a time limit" fails 2 "time limit" sets_up slow
adapter missing '[{"argv": ["no-such-program"]}]'
check "a program that is not there" fails 2 "not started" sets_up missing
adapter package '[{"packages": ["no-such-package"]}]'
check "a package that is not there, and what to do" fails 2 "apt-get install" sets_up package
adapter mute '[]'
check "an adapter without a token is no success" fails 2 "no first valid token" \
	"$oae" setup mute/echo:mode=exit3,when=1 --adapter "$tmp/mute" --out "$tmp/mute.jsonl" --json --quiet
check "wrong steps are refused before anything is made" fails 1 "one of" \
	sh -c "jq '.setup = [{}]' '$tmp/mute/adapter.json' >'$tmp/x' && cp '$tmp/x' '$tmp/mute/adapter.json' && '$oae' setup mute --adapter '$tmp/mute' --out '$tmp/x.jsonl'"
adapter daemon '[{"argv": ["sh", "-c", "setsid sleep 300 >/dev/null 2>&1 & echo $! >{adapter}/pid; sleep 0.2"]}]'
left_behind() {
	sets_up daemon --keep --json >"$tmp/json" || return 1
	! grep '^State:[[:space:]]*[RSDT]' "/proc/$(cat "$(jq -r .place "$tmp/json")/adapter/pid")/status"
}
if step broken 1 '.cpu_s.source | test("group")' >/dev/null; then
	check "what a step leaves running is ended" left_behind
else
	skip "what a step leaves running is ended" "no control group"
fi
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	check "transcripts follow their schema" valid_lines "$tmp"/*.jsonl
else
	skip "transcripts follow their schema" "python3-jsonschema is not installed"
fi

interrupted() {
	local code=0
	rm -rf "${TMPDIR:?}"/*
	adapter long '[{"argv": ["sleep", "60"]}]'
	"$oae" setup long --adapter "$tmp/long" --out "$tmp/long.jsonl" --quiet >/dev/null 2>&1 &
	local pid=$!
	for _ in $(seq 100); do
		[ -n "$(ls "$TMPDIR"/oae-setup-*/copy 2>/dev/null)" ] && break
		sleep 0.1
	done
	sleep 0.3
	kill -INT "$pid"
	wait "$pid" || code=$?
	[ "$code" -eq 130 ] && step long 1 '.outcome == "interrupted"' &&
		line long first '.outcome == "interrupted"' &&
		[ -z "$(ls "$TMPDIR")" ]
}
check "an interrupted one is recorded, and leaves nothing behind" interrupted

# ---- nothing but the place is written to
outside=$tmp/outside
adapter greedy "[{\"argv\": [\"sh\", \"-c\", \"echo x >$outside\"]}]"
sets_up greedy >/dev/null 2>&1
if line greedy setup '.confinement.writes' >/dev/null; then
	check "a step cannot write elsewhere" [ ! -e "$outside" ]
else
	skip "a step cannot write elsewhere" "no Landlock here"
fi

# ---- a root folder of its own
root=$tmp/root
busybox=$(command -v busybox || true)
if [ "$(id -u)" -ne 0 ]; then
	skip "a root folder of its own" "needs root"
elif [ -z "$busybox" ] || ldd "$busybox" >/dev/null 2>&1; then
	skip "a root folder of its own" "busybox-static is not installed"
elif ! chroot / /bin/true 2>/dev/null; then
	skip "a root folder of its own" "chroot is not allowed here"
else
	mkdir -p "$root"/{bin,dev,tmp,proc,var/lib/dpkg}
	cp "$busybox" "$root/bin/"
	for tool in sh cat mkdir sleep test; do ln -s busybox "$root/bin/$tool"; done
	printf 'Package: one\nStatus: install ok installed\n\n' >"$root/var/lib/dpkg/status"
	mkdir -p "$tmp/caged"
	cat >"$tmp/caged/adapter.sh" <<'SH'
#!/bin/sh
while read -r line; do
	case $line in
	'{"type":"hello"'*) echo '{"type":"ready","protocol":1,"adapter":"caged","version":"1","system":"echo","max_in_flight":1,"verbs":["submit"],"details":{}}' ;;
	'{"type":"submit"'*)
		echo '{"type":"token","id":"1","t_ns":"1","n":1,"text":"caged"}'
		echo '{"type":"done","id":"1","t_ns":"2","finish":"stop","tokens_in":1,"tokens_out":1,"drafted":0,"accepted":0}' ;;
	'{"type":"close"'*) echo '{"type":"bye"}'; exit 0 ;;
	esac
done
SH
	chmod +x "$tmp/caged/adapter.sh"
	jq -n --arg out "$outside.3" '{oae_adapter: 1, name: "caged", version: "1", title: "x",
		licence: "Apache-2.0", command: ["/bin/sh", "{adapter}/adapter.sh"],
		materials: ["LICENSE"], first: {prompt: "hello"},
		systems: [{name: "echo", title: "x", kind: "echo"}],
		setup: [{argv: ["sh", "-c",
			"test ! -e /etc/debian_version && mkdir -p /opt && echo x >/opt/made && printf \"Package: two\\nStatus: install ok installed\\n\" >>/var/lib/dpkg/status"]}]}' \
		>"$tmp/caged/adapter.json"
	caged() {
		"$oae" setup caged --adapter "$tmp/caged" --root "$root" --out "$tmp/caged.jsonl" --quiet --json >"$tmp/json" &&
			[ -f "$root/opt/made" ] && [ -z "$(ls -d "$root"/oae-setup-* 2>/dev/null)" ] &&
			jq -e '.in_root' "$tmp/json"
	}
	check "a root folder of its own" caged
	check "a replay of it needs a root folder, too" fails 64 "give --root" \
		"$oae" setup --replay "$tmp/caged.jsonl" --adapter "$tmp/caged" --yes
	check "its packages are those that came" step caged 1 \
		'.packages_seen.installed == 1 and .packages_seen.there.value == 2'
	check "what a step makes anywhere in it is seen" step caged 1 \
		'.files.list | map(.[0]) | index("opt/made") != null'
fi

# ---- a replay
again() { "$oae" setup --replay "$1" --adapter "$tmp/${2:-good}" --quiet "${@:3}"; }
check "a replay shows its commands, and does not run them unasked" \
	sh -c "'$oae' setup --replay '$tmp/good.jsonl' --adapter '$tmp/good' </dev/null 2>'$tmp/err'; [ \$? -eq 64 ] && grep -q 'patch two.patch' '$tmp/err' && grep -q 'nothing was run' '$tmp/err'"
same() {
	again "$tmp/good.jsonl" good --yes --json >"$tmp/json" && jq -e \
		'.same_place and (.replay | length == 4 and all(.same)) and .replay[1].files_same == 2' "$tmp/json"
}
check "made again it is the same, step by step" same
other() {
	cp -r "$tmp/good" "$tmp/moved" && echo four >>"$tmp/moved/conf" &&
		again "$tmp/good.jsonl" moved --yes --json >"$tmp/json" && jq -e \
		'(.replay[0].same | not) and .replay[1].same and (.replay[2].same | not) and (.replay[0].difference | test("conf"))' "$tmp/json"
}
check "other sources: says which file and step differ" other
cp -r "$tmp/good" "$tmp/dead"
echo 'raise SystemExit(3)' >"$tmp/dead/adapter.py"
void() {
	again "$tmp/good.jsonl" dead --yes >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 2 ] && grep -q "no first valid token" "$tmp/err"
}
check "a replay without a token is void" void

# ---- a hostile one
sed 's/zwei/drei/' "$tmp/good.jsonl" >"$tmp/torn.jsonl"
check "a changed transcript is refused, and not run" fails 2 "changed" \
	again "$tmp/torn.jsonl" good --yes
head -c 3000 "$tmp/good.jsonl" >"$tmp/cut.jsonl"
check "a cut one too" fails 1 "" again "$tmp/cut.jsonl" good --yes
: >"$tmp/empty.jsonl"
check "an empty one too" fails 2 "not whole" again "$tmp/empty.jsonl" good --yes
chained() { # FILTER [FILE [WHICH]]: another line in a chain that fits
	jq -c "if ${3:-.step == 1} then $1 else . end" "${2:-$tmp/good.jsonl}" | /usr/bin/python3 -c '
import hashlib, json, sys
prev, whole = "0" * 64, b""
for n, line in enumerate(sys.stdin):
    d = json.loads(line)
    d["prev"] = prev
    if d["type"] == "seal":
        d["sha256"] = hashlib.sha256(whole).hexdigest()
    b = json.dumps(d, ensure_ascii=False).encode()
    prev = hashlib.sha256(b).hexdigest()
    whole += b + b"\n"
    sys.stdout.buffer.write(b + b"\n")'
}
chained ".argv = [\"sh\", \"-c\", \"echo x >$outside.2; printf \\u001b[2J\"]" >"$tmp/evil.jsonl"
check "a well-made hostile one is shown without control characters" sh -c \
	"'$oae' setup --replay '$tmp/evil.jsonl' --adapter '$tmp/good' </dev/null 2>'$tmp/err'; grep -q outside.2 '$tmp/err' && ! grep -q \$(printf '\033') '$tmp/err' && [ ! -e '$outside.2' ]"
again "$tmp/evil.jsonl" good --yes >/dev/null 2>&1
if line greedy setup '.confinement.writes' >/dev/null; then
	check "and when it is run it stays in the place" [ ! -e "$outside.2" ]
else
	skip "and when it is run it stays in the place" "no Landlock here"
fi
chained '.files.list[0][0] = "../../etc/passwd"' >"$tmp/path.jsonl"
check "a path that leaves the place is refused" fails 1 "below a folder" \
	again "$tmp/path.jsonl" good --yes
chained '.wall_s = -1' >"$tmp/time.jsonl"
check "a time below nothing is refused" fails 1 "no time" again "$tmp/time.jsonl" good --yes

# ---- its time enters the score
adapter smart '[{"argv": ["sleep", "0.3"]}]'
# Repeats the notice that the question asks for.
sed -i 's/^    words = .*/    line = [w for w in m["prompt"].splitlines() if w.startswith("- ")]\n    last = m["prompt"].splitlines()[-2:][0]\n    words = next((w[2:] for w in line if " ".join(w.split()[1:4]) in last), "none").split()/' \
	"$tmp/smart/adapter.py"
cp -r "$tmp/smart" "$tmp/plain"
sed -i 's/"smart"/"plain"/' "$tmp/plain/adapter.json"
measures() { # DIR OPTIONS...
	"$oae" run --suite smoke --quiet --no-report --no-calibration --runs 2 \
		--items 4 --adapter "$tmp/smart" --adapter "$tmp/plain" \
		--systems plain/echo,smart/echo --out "$tmp/$1" "${@:2}"
}
sets_up smart >/dev/null || exit 1
enters() {
	measures with --setup "$tmp/smart.jsonl" >/dev/null && jq -e '
	(.tables.defaults | map(select(.name == "p_s_usd"))[0].mid) as $p |
	(.systems[1].setup.transcript) as $t |
	(.profiles[0].scores[0].modes.on_demand.cost_usd.setup) as $c |
	$t.wall_s.value > 0.3 and $t.wall_s.class == "measured" and
	$c / $p / $t.wall_s.value - 1 < 1e-6 and $c / $p / $t.wall_s.value - 1 > -1e-6 and $t.same_cpu and
	(.systems[0].setup | has("transcript") | not)' "$tmp/with/result.json"
}
check "machine-seconds of a measured set-up are in the cost" enters
check "such a run verifies" "$oae" verify "$tmp/with"
transcript=inputs/adapters/smart/setup/echo/setup-transcript.jsonl
check "its transcript is among the inputs" cmp "$tmp/smart.jsonl" "$tmp/with/$transcript"
changed() {
	cp -r "$tmp/with" "$tmp/changed" && chained '.wall_s = 0.1' >"$tmp/changed/$transcript"
	! "$oae" verify "$tmp/changed" >"$tmp/out" && grep -q setup-transcript "$tmp/out"
}
check "a transcript that was changed afterwards is found" changed
elsewhere() {
	chained '.machine.cpu = null' "$tmp/smart.jsonl" .machine >"$tmp/elsewhere.jsonl" &&
		measures elsewhere --setup "$tmp/elsewhere.jsonl" >/dev/null && jq -e \
		'(.systems[1].setup.transcript.same_cpu | not) and .systems[0].setup.transcript == null' "$tmp/elsewhere/result.json"
}
check "one of another CPU is told from one of this" elsewhere
check "a void one is refused" fails 2 "void" measures void --setup "$tmp/broken.jsonl"
check "another system's is refused" fails 64 "does not measure" measures other --setup "$tmp/good.jsonl"
runs_them() {
	measures made --setup run >/dev/null && jq -e \
		'.systems | all(.setup.transcript.steps == 1)' "$tmp/made/result.json" &&
		"$oae" verify "$tmp/made"
}
check "--setup run makes them first" runs_them
check "and the report shows them" sh -c "'$oae' report '$tmp/made' >/dev/null && grep -q 'from a clean copy to the first valid token' '$tmp/made/report/index.html'"

# ---- words
check "a folder for the transcript that is none is told before" fails 64 "cannot be written" \
	"$oae" setup null --out "$tmp/nowhere/x.jsonl"
check "no adapter" fails 64 "give an adapter" "$oae" setup
check "an unknown one" fails 64 "oae list systems" "$oae" setup nobody/nothing
check "a limit that is none" fails 64 "--limit" "$oae" setup null --limit 0
check "a root folder that is none" fails "$([ "$(id -u)" -eq 0 ] && echo 64 || echo 1)" \
	"$([ "$(id -u)" -eq 0 ] && echo debootstrap || echo chroot)" "$oae" setup null --root "$tmp"
check "nothing was left behind" [ -z "$(find "$TMPDIR" -maxdepth 1 -name 'oae-setup-*' -newer "$tmp/json" | head -1)" ]
finish
