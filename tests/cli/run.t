#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae run and oae list: the good way, bad words, bad places, meters, scale.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
smoke=("$oae" run --suite smoke --quiet --no-calibration)
fake=(--adapter tests/fake/adapter)

# ---- help and words
check "oae --help teaches exit codes" \
	bash -c '"$0" --help | grep -q "130 interrupted"' "$oae"
check "each command has its help, also behind other words" bash -c '
	n=0
	for c in $("$0" --help | sed -n "/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p"); do
		"$0" "$c" something --help | grep -q "^usage: oae $c" || exit 1
		n=$((n + 1))
	done
	[ $n -ge 18 ]' "$oae"
check "oae run --help has examples" \
	bash -c '"$0" run --help | grep -q "^examples:"' "$oae"
check "no command: 64" test "$("$oae" 2>/dev/null; echo $?)" = 64
check "an unknown command names the known ones" \
	fails 64 "there are run, score, report, verify" "$oae" bogus
check "unknown option" fails 64 "--bogus" "$oae" run --bogus
check "unknown suite names the known ones" \
	fails 64 "smoke" "$oae" run --suite nope
check "unknown adapter" \
	fails 64 "no adapter 'nope'" "${smoke[@]}" --systems nope/x
check "unknown system names the known ones" \
	fails 64 "it has echo" "${smoke[@]}" --systems null/nope
check "a system without its adapter" \
	fails 64 "adapter/system" "${smoke[@]}" --systems echo
check "unknown knob names the known ones" \
	fails 64 "delay_us" "${smoke[@]}" --systems null/echo:nope=1
check "a knob out of bounds" \
	fails 64 "delay_us" "${smoke[@]}" --systems null/echo:delay_us=-1
check "unknown workload" \
	fails 64 "letters, notices, sums" "${smoke[@]}" --workloads nope
check "an odd number of runs" fails 64 "even" "${smoke[@]}" --runs 3
check "an adapter folder that is none" \
	fails 64 "/nowhere" "${smoke[@]}" --adapter /nowhere

# ---- list
check "oae list --json is JSON with systems and knobs" bash -c \
	'"$0" list --json | jq -e ".systems[] | select(.id == \"null/echo\")
	 | .knobs | length >= 2"' "$oae"
check "oae list suites has smoke alone on its line" bash -c \
	'"$0" list suites | grep -q "^  smoke "' "$oae"
check "oae list of something else" fails 64 "sensors" "$oae" list nope

# ---- the plan
check "--dry-run measures nothing" bash -c 'cd "$1" && "$0" run --suite smoke \
	--no-calibration --dry-run >plan && [ "$(wc -l <plan)" -eq 2 ] && [ ! -e oae-runs ]' \
	"$oae" "$tmp"
"${smoke[@]}" "${fake[@]}" --systems null/echo,fake/echo --runs 4 --dry-run \
	--json >"$tmp/plan.json"
check "a block is an order and its reverse" jq -e \
	'[.runs[].system] as $s | ($s[0:2] | reverse) == $s[2:4] and
	 ($s[4:6] | reverse) == $s[6:8]' "$tmp/plan.json"

# ---- two versions of one adapter
two=$tmp/two
check "one adapter under two names, of two builds" "${smoke[@]}" \
	--adapter old=adapters/null --programs "old=$build" \
	--adapter new=adapters/null --systems old/echo,new/echo --out "$two" \
	--no-report
check "each has its manifest and ledger in the folder" bash -c 'cd "$0/inputs" &&
	cmp adapters/old/adapter.json adapters/new/adapter.json &&
	cmp adapters/old/effort/echo.ledger.json \
		adapters/new/effort/echo.ledger.json' "$two"
check "and verifies" "$oae" verify "$two"
check "two adapters of one name" fails 64 "--adapter NAME=DIR" "${smoke[@]}" \
	--adapter adapters/null --adapter adapters/null
check "programs of an adapter that nobody named" \
	fails 64 "no --adapter" "${smoke[@]}" --programs "x=$build"

# ---- the good way
dir=$tmp/good
check "null and Python adapters side by side" "${smoke[@]}" "${fake[@]}" \
	--systems null/echo,fake/echo --out "$dir" --no-report
check "all requests were answered" test \
	"$(lines "$dir" sample 'select(.outcome == "ok")' | wc -l)" -eq 32
check "the last line is a seal over the lines before it" bash -c \
	'[ "$(tail -1 "$0/journal.jsonl" | jq -r .sha256)" = \
	"$(head -n -1 "$0/journal.jsonl" | sha256sum | cut -d" " -f1)" ]' "$dir"
check "SHA256SUMS fits" bash -c 'cd "$0" && sha256sum --quiet -c SHA256SUMS' \
	"$dir"
check "oae verify agrees" "$oae" verify "$dir"
check "inputs are copies of what was used" bash -c 'cd "$1/inputs" &&
	cmp suite.json "$0/workloads/suites/smoke.json" &&
	cmp workloads/notices.items.jsonl "$0/workloads/notices.items.jsonl" &&
	cmp adapters/null/adapter.json "$0/adapters/null/adapter.json" &&
	cmp tables/defaults.csv "$0/schema/tables/defaults.csv"' "$PWD" "$dir"
check "every run has its warm-up and it is no sample" test \
	"$(lines "$dir" warmup .request | sort -u)" = '"0"'
check "CPU time and memory of every run" test "$(lines "$dir" run_end \
	'select(.cpu_user_s + .cpu_system_s > 0 and
		.peak_memory_bytes > 0)' | wc -l)" -eq 4
check "one request is in flight at a time" jq -se 'map(select(.type ==
	"sample")) | group_by(.run) | all(. as $r | [range(1; length)] |
	all($r[.].sent_ns >= $r[. - 1].done_ns))' "$dir/journal.jsonl"
check "phases in their order" test "$(lines "$dir" sensors \
	'select(.run == 0) | .phase' | uniq | tr '\n' ' ')" = \
	'"idle" "setup" "warmup" "measure" "teardown" '
check "the machine is described at both ends" test \
	"$(lines "$dir" environment .when | tr '\n' ' ')" = '"start" "end" '

same_order() { # another campaign with this seed asks the same
	"${smoke[@]}" --systems null/echo --out "$tmp/same$1" --no-score \
		--seed "$1" || return 1
	lines "$tmp/same$1" run '.items' >"$tmp/items$1"
}
lines "$dir" run 'select(.system == "null/echo") | .items' >"$tmp/items"
check "the same seed asks the same items" same_order 42
check "in the same order" cmp "$tmp/items" "$tmp/items42"
check "another seed" same_order 43
check "asks in another order" bash -c '! cmp -s "$0" "$1"' "$tmp/items" \
	"$tmp/items43"

# ---- bad places and inputs
check "a folder that is not empty is left alone" \
	fails 64 "--resume" "${smoke[@]}" --out "$dir"
check "a folder that cannot be made" \
	fails 1 "/proc/nowhere" "${smoke[@]}" --out /proc/nowhere
if mounts 64k "$tmp/ro" && mount -o remount,ro "$tmp/ro"; then
	check "a read-only place: said before anything is measured" \
		fails 1 "$tmp/ro" "${smoke[@]}" --out "$tmp/ro/x"
	check "and again where the folder is there" \
		fails 1 "cannot write there" "${smoke[@]}" --out "$tmp/ro"
else
	skip "a read-only place" "needs root and mount"
	skip "a read-only folder" "needs root and mount"
fi
if mounts 400k "$tmp/full"; then
	check "a full disk ends it with one line" fails 1 "No space left" \
		"${smoke[@]}" --items 60 --runs 8 --out "$tmp/full/x" --no-score
	check "that says how to go on" grep -q -- "--resume" "$tmp/err"
	mount -o remount,size=8m "$tmp/full"
	check "with room it goes on" "$oae" run --resume "$tmp/full/x" \
		--no-report --quiet
	check "and no request is lost or doubled" test "$(lines "$tmp/full/x" \
		sample '[.run, .request]' | sort -u | wc -l)" -eq 480
	check "and it verifies" "$oae" verify "$tmp/full/x"
else
	for name in one-line how-to resume lost verify; do
		skip "a full disk: $name" "needs root and mount"
	done
fi

bad_ledger() { # NAME SED WORD
	cp -r tests/fake/adapter "$tmp/$1" &&
		sed -i "$2" "$tmp/$1/effort/echo.ledger.json" &&
		fails 1 "$3" "${smoke[@]}" --adapter "$tmp/$1" \
			--systems fake/echo --out "$tmp/never" &&
		[ ! -e "$tmp/never" ]
}
check "a negative number in a ledger" \
	bad_ledger negative 's/"mid": 2/"mid": -2/' setup.build
check "NaN in a ledger" bad_ledger nan 's/"mid": 2/"mid": NaN/' ledger.json
cp -r tests/fake/adapter "$tmp/model"
sed -i 's#^      "models": \[\]#      "models": ["adapters/no.gguf"]#' \
	"$tmp/model/adapter.json"
check "a model that is missing" fails 1 "adapters/no.gguf" "${smoke[@]}" \
	--adapter "$tmp/model" --systems fake/echo --out "$tmp/never"
cp -r tests/fake/adapter "$tmp/program"
sed -i 's#"/usr/bin/env", "python3", "-IS", "{adapter}/adapter.py"#"{adapter}/no"#' \
	"$tmp/program/adapter.json"
check "a program that is missing" fails 1 "/no: No such file" "${smoke[@]}" \
	--adapter "$tmp/program" --systems fake/echo --out "$tmp/never"

# ---- meters
check "without a meter energy is null with the reason" test "$(lines "$dir" \
	run 'select(.no_meter | test("powercap|phantom|permi"))' |
	wc -l)" -eq 4
rapl=$tmp/sys/sys/class/powercap/intel-rapl:0
mkdir -p "$rapl"
echo package-0 >"$rapl/name"
echo 262143328850 >"$rapl/max_energy_range_uj"
echo 000262142000000 >"$rapl/energy_uj"
check "oae list sensors says what each meter covers, and why not" bash -c \
	'"$0" list sensors --sysroot "$1" | grep -A1 "^  powercap " |
	grep -q "package  refused  0 of 1 meters: phantom: "' "$oae" "$tmp/sys"
check "a counter that stands still" "${smoke[@]}" --sysroot "$tmp/sys" \
	--out "$tmp/frozen" --no-score
check "is a phantom, not 0 J" test "$(lines "$tmp/frozen" run \
	'select(.no_meter | startswith("phantom"))' | wc -l)" -eq 2
# 50 W; a run's measure phase is longer than the 200 ms that a window needs.
python3 -IS - "$rapl/energy_uj" <<'END' &
import os, sys, time
fd, e, t = os.open(sys.argv[1], os.O_WRONLY), 262142000001, time.monotonic()
while os.getppid() != 1:
    now = int(e + (time.monotonic() - t) * 50e6) % 262143328851
    os.pwrite(fd, b"%015d\n" % now, 0)
    time.sleep(0.002)
END
meter=$!
until [ "$(cat "$rapl/energy_uj")" != 000262142000000 ]; do sleep 0.02; done
check "a counter that advances" "${smoke[@]}" --sysroot "$tmp/sys" \
	--systems null/echo:delay_us=2000 --out "$tmp/metered" --no-score
check "oae list sensors --json has the source that counts" bash -c \
	'"$0" list sensors --json --sysroot "$1" | jq -e ".sensors[] |
	select(.id == \"powercap\") | .sources == [{sensor: .id, covers:
	\"package\", state: \"counts\", terms: 1, usable: 1, class: \"measured\",
	update_s: 0.001, reason: null}]"' "$oae" "$tmp/sys"
kill $meter
check "is believed" test "$(lines "$tmp/metered" run \
	'select(.no_meter == null)' | wc -l)" -eq 2
check "and its joules are those of the phase" jq -se 'map(select(.type ==
	"run_end")) | all(.measured["powercap.package-0_uj"].value as $uj |
	$uj / .measure_ns * 1000 > 40 and $uj / .measure_ns * 1000 < 60)' \
	"$tmp/metered/journal.jsonl"
check "it is read before and after the load" test "$(lines "$tmp/metered" \
	sensors 'select(.run == 0) | .phase' | uniq | tr '\n' ' ')" = \
	'"idle" "setup" "warmup" "measure" "teardown" "idle_after" '
check "its result" "$oae" score "$tmp/metered"
check "has an account that closes" jq -e '.energy.covers == ["package"] and
	(.systems[0].measured.by_workload[0].energy_per_request | .total_j > 0
	and .idle_before_w > 0 and .idle_after_w > 0 and (.total_j - (.idle_j +
	.adapter_j + .harness_j + .others_j + .unattributed_j) | fabs) < 1e-6)' \
	"$tmp/metered/result.json"
check "and verifies" "$oae" verify "$tmp/metered"

# ---- a scale step, in a project folder of its own
home=$tmp/home
mkdir -p "$home/workloads/suites" "$home/adapters"
ln -s "$PWD/schema" "$home/schema"
cp workloads/notices.* "$home/workloads/"
cp -r tests/fake/adapter "$home/adapters/fake"
jq '.id = "tiny" | .systems = ["fake/echo"] | .baseline = "fake/echo" |
	.scale = [{shape: "toy", quant: "q8_0", system: "fake/echo",
	tokens_in: 30, tokens_out: 4, runs: 2}]' workloads/suites/smoke.json \
	>"$home/workloads/suites/tiny.json"
tiny() { XDG_CACHE_HOME=$tmp/cache OAE_HOME=$home "$oae" run --suite tiny \
	--no-calibration 	--quiet --no-score --out "$@"; }
check "an adapter without synthetic models" tiny "$tmp/s1"
check "skips the scale step and says why" test "$(lines "$tmp/s1" note \
	'select(.text | test("no .synth. command"))' | wc -l)" -eq 2
jq '.synth = ["/bin/sh", "-c", "echo made {shape} {quant} > {out}"]' \
	tests/fake/adapter/adapter.json >"$home/adapters/fake/adapter.json"
check "an adapter with them" tiny "$tmp/s2"
check "runs it first and last" test "$(lines "$tmp/s2" run .purpose |
	tr '\n' ' ')" = '"score" "score" "scale" "scale" '
check "on the file that it made" test "$(cat "$(lines "$tmp/s2" ready \
	'.adapter.details.synthetic.path | values' | head -1 |
	tr -d '"')")" = "made toy q8_0"
check "with one request of that size" test "$(lines "$tmp/s2" sample \
	'select(.item == "scale") | [.judge, .outcome]' | sort -u)" = \
	'["none","ok"]'
jq '.synth = ["/bin/sh", "-c", "exit 4"]' \
	tests/fake/adapter/adapter.json >"$home/adapters/fake/adapter.json"
rm -rf "${tmp:?}/cache"
check "one that fails to make it" tiny "$tmp/s3"
check "is a note too" test "$(lines "$tmp/s3" note .text | wc -l)" -eq 2
check "and leaves no half file" test \
	"$(find "$tmp/cache" -type f ! -name lock)" = ""
finish
