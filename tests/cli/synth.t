#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae-lm synth: its shapes, its bytes, its memory, and what it leaves behind;
# what generate, eval and bench say of experts in such a file; and models that
# are too large.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
lm=$build/oae-lm
out=$tmp/m
mkdir "$out"

synth() { "$lm" synth "$@"; }
refuses() { # WORD ARGUMENT...: usage, in one line that has the word
	local word=$1
	shift
	fails 64 "$word" synth --out "$out/x.gguf" "$@"
}
answers() { # FILTER ARGUMENT...: oae-lm's JSON passes the filter of jq
	local filter=$1
	shift
	"$lm" "$@" >"$tmp/json" && jq . "$tmp/json" && jq -e "$filter" "$tmp/json"
}
absent() { ! ls -d "$@" 2>/dev/null; }
differ() { ! cmp -s "$@"; }

listed() {
	synth --list >"$tmp/list" &&
		grep -E '^llama-3-8b +llama +8030.3 M ' "$tmp/list" |
		grep -E ' 32.12 GB .* 4.52 GB '
}
check "--list has every shape and type" listed
check "--list --json" answers \
	'(.[] | select(.shape == "qwen3-30b-a3b") |
	  .parameters == 30532122624 and .experts == 128) and
	 (.[] | select(.shape == "s15") | .tensor_bytes | has("q4_k") | not)' \
	synth --list --json
check "no shape: one line that lists them" refuses qwen3-30b-a3b
check "unknown shape" refuses tinyllama-1.1b --shape gpt-9
check "unknown type" refuses q4_k_m --shape tiny --quant q3
check "unknown architecture" refuses qwen3moe --arch bert
check "no file" fails 64 --out synth --shape tiny
check "a width that a type does not have" refuses "multiples of 256" \
	--shape s15 --quant q4_k
check "experts where there are none" refuses mixtral --experts 4
check "heads that do not share" refuses "cannot share" --heads 4 --kv-heads 3
check "more experts used than there are" refuses "only 4" \
	--arch mixtral --experts-used 5

generates() { # FILE
	answers '.tokens_out == 8' generate "$1" -p Hello -n 8 -t 1 \
		--ignore-eos --json
}
sane() { # FILE: logits are finite and neither flat nor mad
	answers '.log_prob / .tokens | . < -6 and . > -14' generate "$1" \
		-p 'some text' --score ' and more of it' -t 1 --json
}
for arch in llama mixtral qwen2 qwen3 qwen3moe; do
	check "$arch" synth --arch $arch --quant f32 --out "$out/$arch.gguf"
	check "... generates" generates "$out/$arch.gguf"
done
for quant in f16 bf16 q8_0 q4_0 q5_0 q4_k q6_k q4_k_m; do
	check "$quant" synth --shape small --arch qwen3moe --quant $quant \
		--out "$out/$quant.gguf"
	check "... has sane logits" sane "$out/$quant.gguf"
done
check "numbers replace a shape's" synth --shape llama-3-8b --layers 1 \
	--dim 128 --hidden 96 --heads 4 --kv-heads 2 --head-dim 48 --vocab 300 \
	--quant q8_0 --out "$out/made.gguf"
check "... and are in the header" answers \
	'.architecture == "llama" and .synthetic and .layers == 1 and
	 .width == 128 and .feed_forward == 96 and .heads == 4 and
	 .kv_heads == 2 and .head_dim == 48 and .vocabulary == 300 and
	 .context_trained == 8192 and
	 (.types[] | select(.type == "Q8_0") | .tensors) == 9' \
	info --json "$out/made.gguf"
synth --shape small --out "$out/small.gguf" 2>/dev/null
sized() {
	local want got
	got=$(stat -c %s "$out/small.gguf")
	want=$(synth --list --json | jq '.[] | select(.shape == "small") |
		.tensor_bytes.q8_0')
	echo "$want and a header: $got"
	[ "$got" -gt "$want" ] && [ "$got" -lt $((want + 40000)) ]
}
check "the size is what --list says" sized
synth --shape small --out "$tmp/again.gguf" 2>/dev/null
check "a seed gives the same bytes" cmp "$out/small.gguf" "$tmp/again.gguf"
synth --shape small --seed 2 --out "$tmp/again.gguf" 2>/dev/null
check "another seed gives others" differ "$out/small.gguf" "$tmp/again.gguf"
check "Llama 3.2" synth --shape llama-3.2-3b --layers 1 --dim 256 \
	--vocab 300 --out "$out/rope.gguf"
check "... has rotary factors" grep -qa rope_freqs.weight "$out/rope.gguf"
check "... generates" generates "$out/rope.gguf"

# 143 MB in less than 64 MB of memory
check "memory stays small" python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(peak, "kB")
sys.exit(peak > (64 << 10))' \
	"$lm" synth --shape smollm-135m --out "$tmp/big.gguf"
room=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
if [ -n "$room" ] && [ "$room" -lt 120000000 ]; then
	check "a disk too small is refused before writing" fails 1 \
		"needs 122" synth --shape qwen3-30b-a3b --quant f32 \
		--out /dev/shm/oae-synth-test.gguf
	check "... and nothing is there" absent /dev/shm/oae-synth-test*
else
	skip "a disk too small is refused before writing" "no small disk here"
fi
full() {
	(
		trap '' XFSZ
		ulimit -f 512
		"$@" 2>&1 | tail -1
		exit "${PIPESTATUS[0]}"
	)
}
full "$lm" synth --shape small --quant f32 --out "$out/full.gguf" >"$tmp/full"
check "a disk that fills is an error" [ $? = 1 ]
check "... with the reason" grep -q 'cannot write' "$tmp/full"
check "... and no file" absent "$out"/full*

# big enough to be caught: the signal comes when the file is begun
interrupt() { # SIGNAL
	local i pid
	"$lm" synth --shape llama-3-8b --quant q4_0 \
		--out "$out/stopped.gguf" 2>"$tmp/stop" &
	pid=$!
	for ((i = 0; i < 500; i++)); do
		[ -s "$(echo "$out"/stopped.gguf.*)" ] && break
		sleep 0.02
	done
	kill -"$1" $pid
	wait $pid
	[ $? = 130 ] && grep -q interrupted "$tmp/stop" &&
		absent "$out"/stopped*
}
room=$(df -Pk "$tmp" | awk 'NR == 2 { print $4 }')
if [ "$room" -gt 5000000 ]; then
	check "SIGINT leaves nothing" interrupt INT
	check "SIGTERM leaves nothing" interrupt TERM
else
	skip "SIGINT and SIGTERM leave nothing" "no 5 GB free"
fi

# 143 MB are mapped; their packed copy would be as much again
small() { (ulimit -v 250000 && exec "$@"); }
if small "$lm" --help >"$tmp/log" 2>&1; then
	for word in "weights need" "address space"; do
		check "a model that does not fit is refused: $word" \
			fails 1 "$word" \
			small "$lm" generate "$tmp/big.gguf" -p a -t 1
	done
else
	skip "a model that does not fit is refused" \
		"a sanitizer needs more than this limit itself"
fi

stats="generate $out/mixtral.gguf -p Hello -n 30 --ignore-eos -t 1 --stats"
# two layers x 2 experts x (gate, up, down) of 64 x 160 floats
# shellcheck disable=SC2086
check "--stats: a token reads the experts that it picks" answers \
	'.traffic_answer.tokens == 29 and
	 .traffic_answer.experts.picks == 29 * 4 and
	 .traffic_answer.expert_bytes_per_token == 2 * 2 * 3 * 64 * 160 * 4 and
	 .traffic_answer.experts.distinct == 2 and
	 (.traffic_answer.experts.again | . >= 0 and . <= 1) and
	 .traffic_prompt.experts.distinct > 2 and
	 (.expert_picks | map(add) | . == [68, 68])' $stats --json
words() {
	# shellcheck disable=SC2086
	"$lm" $stats 2>&1 >/dev/null | grep 'again for the next token'
}
check "--stats in words" words
check "--stats of a dense model" answers \
	'.traffic_answer.dense_bytes_per_token > 0 and
	 .traffic_answer.experts == null and .expert_picks == null' \
	generate "$out/llama.gguf" -p Hello -n 9 --ignore-eos -t 1 --stats --json
check "bench --json has it" answers \
	'.[0].traffic.tokens == 16 and .[0].traffic.experts.distinct > 2 and
	 .[1].traffic.expert_bytes_per_token == 2 * 2 * 3 * 64 * 160 * 4' \
	bench "$out/mixtral.gguf" -p 8 -n 4 -r 2 -t 1 --json
check "eval --json has it" answers '.traffic.experts.picks > 0' \
	eval "$out/mixtral.gguf" -k sums -n 1 -t 1 --json
check "nothing half-written is left" absent "$out"/*.tmp
finish
