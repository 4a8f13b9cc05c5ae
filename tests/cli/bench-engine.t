#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The table of targets: its form, with or without llama.cpp. No figure is
# judged here: other tests run beside this one.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
bench=$build/bench-engine
run() { "$bench" --models "$tmp/models" -o "$tmp/out.json" "$@"; }

check "help teaches" sh -c "'$bench' --help | grep -q 'LLAMA_BENCH=/path'"
check "no such row" fails 64 "no row" run --only nothing
check "a folder that cannot be" fails 1 "/dev/null" "$bench" --only resident \
	--models /dev/null/x -o /dev/null/y
check "a row with its roof" run --only 's15 q8_0 tg128' -r 1 -t 1
check "its members" jq -e 'length == 1 and (.[0] | .test == "tg128" and
	.model == "s15" and .quant == "q8_0" and .threads == 1 and
	.ours_ts > 0 and .target == 2 and .roofline_share > 0 and
	.pairs == 1 and (.cpu | length > 0) and
	has("peer_ts") and has("ratio_min") and has("ratio_max"))' "$tmp/out.json"
check "and those of llama-bench" jq -e '.[0] | .n_gen == 128 and
	.n_prompt == 0 and .n_threads == 1 and .avg_ts == .samples_ts[0] and
	.cpu_info == .cpu' "$tmp/out.json"
check "every null has a reason" jq -e '.[0] as $row | $row.missing |
	(to_entries | all(.value | length > 0)) and
	keys == ([$row | to_entries[] | select(.value == null and (.key |
	IN("met", "against", "reason", "note", "kernels") | not)) | .key] |
	sort)' \
	"$tmp/out.json"
check "the machine beside it" jq -e '(.cpu | length > 0) and .threads == 1 and
	.peaks.int8_ops_per_s > 0 and .peaks.fp32_flops_per_s > 0 and
	(.reading | length == 1) and .reading[0].bytes_per_s > 0 and
	.others_cores >= 0 and has("stolen_cores") and (.busy | type ==
	"boolean")' "$tmp/out.machine.json"
check "a missing number has its reason" jq -e '.[0] |
	(.peer_ts != null and .ratio != null and .reason == null) or
	(.peer_ts == null and .ratio == null and .met == null and
	(.reason | test("make test-peer")))' "$tmp/out.json"
OAE_LLAMA=/nonexistent run --only 's15 q8_0 tg128' -r 1 -t 1 >"$tmp/table" 2>&1
check "without the peer: ours alone" jq -e '.[0] | .ours_ts > 0 and
	.ratio == null and .met == null and (.reason | test("make test-peer"))' \
	"$tmp/out.json"
check "and the table says how to have it" grep -q 'make test-peer' "$tmp/table"

# a llama-bench of the user's own, which says what it was asked
cat >"$tmp/llama-bench" <<'L'
#!/bin/sh
echo "$*" >>"$0.asked"
echo '[{"avg_ts": 12.5}]'
L
chmod +x "$tmp/llama-bench"
check "LLAMA_BENCH serves" env LLAMA_BENCH="$tmp/llama-bench" "$bench" \
	--models "$tmp/models" -o "$tmp/out.json" --only 's15 q8_0 tg128' -r 2 -t 1
check "it is named, its figure taken" jq -e '.[0] | .peer_ts == 12.5 and
	(.against | test("llama-bench")) and .ratio > 0' "$tmp/out.json"
check "asked for the same" grep -qxF -- \
	"-m $tmp/models/s15-q8_0.gguf -p 0 -n 128 -t 1 -r 1 -o json" \
	"$tmp/llama-bench.asked"
check "one that fails" sh -c "LLAMA_BENCH=/bin/false '$bench' \
	--models '$tmp/models' -o '$tmp/out.json' --only 's15 q8_0 tg128' -r 1 -t 1 &&
	jq -e '.[0].ratio == null and .[0].ours_ts > 0 and (.[0].reason | test(\"llama-bench\"))' '$tmp/out.json'"

# Where the time goes: a perf that says what it always says.
mkdir -p "$tmp/bin" "$tmp/empty"
cat >"$tmp/bin/perf" <<'P'
#!/bin/sh
test "$1" = report && cat <<'R'
    60.00%  [.] tile_1                                 -      -
    20.00%  [k] clear_page                             -      -
    10.00%  [k] futex_wait
    10.00%  [.] read_all
R
exit 0
P
chmod +x "$tmp/bin/perf"
check "a profile without the model" sh -c "env PATH='$tmp/bin:$PATH' \
	OAE_BUILD='$build' MODELS=/nonexistent tests/bench-engine/profile pp512 |
	grep -q 'make bench-engine'"
check "shares, the kernel's as one, no probes" sh -c "
	: >'$tmp/empty/s110-q8_0.gguf'
	env PATH='$tmp/bin:$PATH' OAE_BUILD='$build' MODELS='$tmp/empty' \
	tests/bench-engine/profile tg64 >'$tmp/shares' &&
	grep -qx '  66.7 %  tile_1' '$tmp/shares' &&
	grep -qx '  33.3 %  (kernel)' '$tmp/shares' &&
	test \$(wc -l <'$tmp/shares') = 3"
echo 'exit 1' >"$tmp/bin/perf"
check "without perf: what to install" fails 1 "linux-perf" env \
	PATH="$tmp/bin:$PATH" OAE_BUILD="$build" tests/bench-engine/profile
finish
