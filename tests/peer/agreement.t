#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Our logits and llama.cpp's on the same files. `make test-peer` installs the
# peer and runs this; without it every check is skipped.
#
# F32 and F16 must be within 1e-3 nats of each other on average and choose the
# same token at 99 % of positions (98 % of 128 where weights are random: their
# logits are flat; F16 of mixtures has the wider limits below). In the others both sides round activations too,
# each in its own way: llama.cpp to BF16, to blocks of 32 int8 with an F16
# scale, for K-quants to blocks of 256. So their limits are wider, and the
# same weights as F32 tell who is nearer to the truth: it may not be clearly
# llama.cpp. A mixture also sends a token whose experts are nearly tied
# elsewhere, which is a large difference for a small cause.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
lm=$build/oae-lm
models=adapters/reference/models
reason=

if [ ! -e "${OAE_LLAMA:-tests/peer/node/node_modules}" ]; then
	reason='llama.cpp is not installed: make test-peer'
elif [ ! -x "$build/tests/agreement" ]; then
	reason="no $build/tests/agreement"
fi

# Held-out prompts, about 500 tokens.
text=$(jq -r .prompt workloads/{letters,sums,notices}.items.jsonl |
	head -c 1400 && jq -rs '"\n" + .[0].prompt' \
	workloads/letters.items.jsonl)

# agrees FILE TOP1 KL [MORE...]: says how far apart they are.
agrees() {
	local name
	name=$(basename "$1" .gguf)
	if [ -n "$reason" ]; then
		skip "$name" "$reason"
		return
	fi
	check "$name agrees with llama.cpp" "$build/tests/agreement" "$1" \
		--top1 "$2" --kl "$3" "${@:4}"
	sed 's/^/# /' "$tmp/log"
}

# makes FILE COMMAND...: a file to compare, quietly.
makes() {
	[ -n "$reason" ] || "${@:2}" >"$tmp/log" 2>&1 || {
		check "$(basename "$1") is made" false
		return 1
	}
}

# The F32 file of the same weights.
exact_of() { makes "$tmp/exact.gguf" "$lm" quantize "$1" "$tmp/exact.gguf" --type f32; }

# ---- the embedded models, in every format that they can have
for name in target draft moe; do
	f32=$tmp/$name-f32.gguf
	makes "$f32" "$lm" quantize "$models/$name.q8_0.gguf" "$f32" --type f32
	agrees "$f32" 0.99 1e-3 --text "$text" --greedy 200
	file=$tmp/$name-f16.gguf
	makes "$file" "$lm" quantize "$f32" "$file" --type f16 &&
		agrees "$file" 0.99 1e-3 --text "$text" --greedy 200 --forced
	for quant in bf16 q8_0 q4_0; do
		file=$tmp/$name-$quant.gguf
		makes "$file" "$lm" quantize "$f32" "$file" --type "$quant" &&
			exact_of "$file" && agrees "$file" 0.96 2e-2 \
			--exact "$tmp/exact.gguf" --text "$text" \
			--greedy 100 --forced --slack 1.5
	done
done

# ---- random weights: every architecture
for arch in llama mixtral qwen2 qwen3 qwen3moe llama3; do
	shape=(--shape small --arch "$arch")
	# Llama 3 divides its rotary frequencies by factors
	[ "$arch" != llama3 ] || shape=(--shape llama-3.2-3b --dim 256
		--layers 2 --vocab 512 --heads 4 --kv-heads 2)
	file=$tmp/$arch-f32.gguf
	makes "$file" "$lm" synth "${shape[@]}" --quant f32 --out "$file" &&
		agrees "$file" 0.98 1e-3 -n 128
	limits=(0.98 1e-3) slack=1.3
	case $arch in mixtral | qwen3moe) limits=(0.85 0.1) slack=3 ;; esac
	for quant in f16 q8_0; do
		file=$tmp/$arch-$quant.gguf
		makes "$file" "$lm" synth "${shape[@]}" --quant "$quant" \
			--out "$file" && exact_of "$file" &&
			agrees "$file" "${limits[@]}" -n 128 \
				--exact "$tmp/exact.gguf" --slack "$slack"
		limits=(0.85 0.1)
	done
done

# ---- random weights: every format, and files that llama.cpp wrote
for quant in bf16 q8_0 q4_0 q4_k q6_k q4_k_m; do
	file=$tmp/small-$quant.gguf
	makes "$file" "$lm" synth --shape small --quant "$quant" --out "$file" &&
		exact_of "$file" && agrees "$file" 0.85 2e-2 -n 128 \
		--exact "$tmp/exact.gguf"
done
for quant in q8_0 q4_0 q4_k q6_k; do
	file=$tmp/written-by-llama.cpp-$quant.gguf
	ask() {
		jq -cn --arg from "$tmp/llama-f32.gguf" --arg to "$file" \
			--arg type "$quant" \
			'{do: "quantize", file: $from, out: $to, type: $type}' |
			"$build/tests/llama-peer" | jq -e .ok
	}
	makes "$file" ask && exact_of "$file" && agrees "$file" 0.85 2e-2 \
		-n 128 --exact "$tmp/exact.gguf"
done
finish
