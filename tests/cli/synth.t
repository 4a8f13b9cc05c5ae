#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae-lm synth: its shapes, its bytes, its memory, and what it leaves behind;
# and what generate --stats says of experts in such a file.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
lm=$build/oae-lm
out=$tmp/m
mkdir "$out"

synth() { "$lm" synth "$@"; }

check "--list has every shape and type" bash -c '"$0" synth --list |
	grep -Eq "^llama-3-8b +llama +8030.3 M .* 32.12 GB .* 4.52 GB"' "$lm"
check "--list --json" bash -c '"$0" synth --list --json | jq -e "
	(.[] | select(.shape == \"qwen3-30b-a3b\") |
	 .parameters == 30532122624 and .experts == 128) and
	(map(select(.shape == \"s15\")) | .[0].tensor_bytes | has(\"q4_k\") | not)"' "$lm"
check "no shape: one line that lists them" fails 64 qwen3-30b-a3b \
	synth --out "$out/x.gguf"
check "unknown shape" fails 64 tinyllama-1.1b synth --shape gpt-9 --out "$out/x.gguf"
check "unknown type" fails 64 q4_k_m synth --shape tiny --quant q3 --out "$out/x.gguf"
check "unknown architecture" fails 64 qwen3moe synth --arch bert --out "$out/x.gguf"
check "no file" fails 64 --out synth --shape tiny
check "a width that a type does not have" fails 64 "multiples of 256" \
	synth --shape s15 --quant q4_k --out "$out/x.gguf"
check "experts where there are none" fails 64 mixtral synth --experts 4 --out "$out/x.gguf"
check "heads that do not share" fails 64 "cannot share" \
	synth --heads 4 --kv-heads 3 --out "$out/x.gguf"
check "more experts used than there are" fails 64 "only 4" \
	synth --arch mixtral --experts-used 5 --out "$out/x.gguf"

for arch in llama mixtral qwen2 qwen3 qwen3moe; do
	check "$arch" synth --arch $arch --quant f32 --out "$out/$arch.gguf"
	check "... generates" bash -c '"$0" generate "$1" -p Hello -n 8 -t 1 --ignore-eos \
		--json | jq -e ".tokens_out == 8"' "$lm" "$out/$arch.gguf"
done
for quant in f16 bf16 q8_0 q4_0 q4_k q6_k q4_k_m; do
	check "$quant" synth --shape small --arch qwen3moe --quant $quant \
		--out "$out/$quant.gguf"
	check "... has finite logits that are not flat" bash -c '"$0" generate "$1" \
		-p "some text" --score " and more of it" -t 1 --json |
		jq -e ".log_prob / .tokens | . < -6 and . > -14"' "$lm" "$out/$quant.gguf"
done
check "the header says what was asked" bash -c '"$0" synth --shape llama-3-8b \
	--layers 1 --dim 128 --hidden 96 --heads 4 --kv-heads 2 --head-dim 48 \
	--vocab 300 --quant q8_0 --out "$1" && "$0" info --json "$1" | jq -e "
	.architecture == \"llama\" and .synthetic and .layers == 1 and .width == 128 and
	.feed_forward == 96 and .heads == 4 and .kv_heads == 2 and .head_dim == 48 and
	.vocabulary == 300 and .context_trained == 8192 and
	(.types[] | select(.type == \"Q8_0\") | .tensors) == 9"' "$lm" "$out/made.gguf"
check "the size is what --list says, and a header" bash -c '
	want=$("$0" synth --list --json | jq ".[] | select(.shape == \"small\") | .tensor_bytes.q8_0")
	"$0" synth --shape small --out "$1" && got=$(stat -c %s "$1") &&
	echo "$want $got" && [ "$got" -gt "$want" ] && [ "$got" -lt $((want + 40000)) ]' \
	"$lm" "$out/small.gguf"
synth --shape small --out "$tmp/again.gguf" 2>/dev/null
check "a seed gives the same bytes" cmp "$out/small.gguf" "$tmp/again.gguf"
synth --shape small --seed 2 --out "$tmp/again.gguf" 2>/dev/null
check "another seed gives others" bash -c '! cmp -s "$0" "$1"' "$out/small.gguf" \
	"$tmp/again.gguf"
check "Llama 3.2's rotary factors are there" bash -c '"$0" synth --shape llama-3.2-3b \
	--layers 1 --dim 256 --vocab 300 --out "$1" && grep -qa rope_freqs.weight "$1" &&
	"$0" generate "$1" -p a -n 2 -t 1 >/dev/null' "$lm" "$out/rope.gguf"

# 143 MB in less than 64 MB of memory
check "memory stays small" python3 -c '
import resource, subprocess, sys
subprocess.run([sys.argv[1], "synth", "--shape", "smollm-135m", "--out", sys.argv[2]], check=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(peak, "kB")
sys.exit(peak > (64 << 10))' "$lm" "$tmp/big.gguf"
room=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
if [ -n "$room" ] && [ "$room" -lt 120000000 ]; then
	check "a disk too small is refused before writing" fails 1 \
		"needs 122" synth --shape qwen3-30b-a3b --quant f32 --out /dev/shm/oae-synth-test.gguf
	check "... and nothing is there" bash -c '! ls /dev/shm/oae-synth-test* 2>/dev/null'
else
	skip "a disk too small is refused before writing" "no small disk here"
fi
full() { (trap '' XFSZ; ulimit -f 512; "$@" 2>&1 | tail -1; exit "${PIPESTATUS[0]}"); }
full "$lm" synth --shape small --quant f32 --out "$out/full.gguf" >"$tmp/full"
check "a disk that fills is an error" [ $? = 1 ]
check "... with the reason" grep -q 'cannot write' "$tmp/full"
check "... and no file" bash -c '! ls "$0"/full* 2>/dev/null' "$out"

# big enough to be caught: the signal comes when the file is begun
interrupt() { # SIGNAL
	local i pid
	"$lm" synth --shape llama-3-8b --quant q4_0 --out "$out/stopped.gguf" 2>"$tmp/stop" &
	pid=$!
	for ((i = 0; i < 500; i++)); do
		[ -s "$(echo "$out"/stopped.gguf.*)" ] && break
		sleep 0.02
	done
	kill -"$1" $pid
	wait $pid
	[ $? = 130 ] && grep -q interrupted "$tmp/stop" && ! ls "$out"/stopped* 2>/dev/null
}
room=$(df -Pk "$tmp" | awk 'NR == 2 { print $4 }')
if [ "$room" -gt 5000000 ]; then
	check "SIGINT leaves nothing" interrupt INT
	check "SIGTERM leaves nothing" interrupt TERM
else
	skip "SIGINT leaves nothing" "no 5 GB free"
fi

# 143 MB are mapped; their packed copy would be as much again
small() { (ulimit -v 250000; exec "$@"); }
check "a model that does not fit is refused" fails 1 "weights need" \
	small "$lm" generate "$tmp/big.gguf" -p a -t 1
check "... and says what is in the way" fails 1 "address space" \
	small "$lm" generate "$tmp/big.gguf" -p a -t 1

# two layers x 2 experts x (gate, up, down) of 64 x 160 floats
check "--stats: a token reads the experts that it picks" bash -c '"$@" --json | jq -e "
	.traffic_answer.tokens == 29 and .traffic_answer.experts.picks == 29 * 4 and
	.traffic_answer.expert_bytes_per_token == 2 * 2 * 3 * 64 * 160 * 4 and
	.traffic_answer.experts.distinct == 2 and
	(.traffic_answer.experts.again | . >= 0 and . <= 1) and
	.traffic_prompt.experts.distinct > 2 and
	(.expert_picks | map(add) | . == [80, 80])"' _ "$lm" generate "$out/mixtral.gguf" \
	-p 'Hello there' -n 30 --ignore-eos -t 1 --stats
check "--stats in words" bash -c '"$@" 2>&1 >/dev/null | grep -q "again for the next token"' \
	_ "$lm" generate "$out/mixtral.gguf" -p Hello -n 9 --ignore-eos -t 1 --stats
check "--stats of a dense model" bash -c '"$@" --json | jq -e "
	.traffic_answer.dense_bytes_per_token > 0 and .traffic_answer.experts == null and
	.expert_picks == null"' _ "$lm" generate "$out/llama.gguf" -p Hello -n 9 --ignore-eos \
	-t 1 --stats
check "nothing half-written is left" bash -c '! ls "$0"/*.tmp 2>/dev/null' "$out"
finish
