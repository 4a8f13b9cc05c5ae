#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Our logits and llama.cpp's on the same files. `make test-peer` installs the
# peer and runs this; without it every check is skipped.
#
# F32 and F16 must be within 1e-3 nats of each other on average and choose the
# same token at 99 % of positions. In the other formats both sides round
# activations too, each in its own way (llama.cpp to BF16, or to blocks of
# int8 with an F16 scale), so their limits are wider; a mixture may also send
# a token whose experts are nearly tied elsewhere.
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

# Held-out prompts, about 850 tokens.
text=$(jq -r .prompt workloads/{letters,sums,notices}.items.jsonl |
	head -c 2500 && jq -rs '"\n" + .[0].prompt' \
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

# ---- the embedded models, in every format that they can have
for name in target draft moe; do
	f32=$tmp/$name-f32.gguf
	makes "$f32" "$lm" quantize "$models/$name.q8_0.gguf" "$f32" --type f32
	agrees "$f32" 0.99 1e-3 --text "$text" --greedy 200
	for type in f16:0.99:1e-3 bf16:0.98:5e-3 q8_0:0.97:1e-2 q4_0:0.97:1e-2; do
		IFS=: read -r quant top1 kl <<<"$type"
		file=$tmp/$name-$quant.gguf
		makes "$file" "$lm" quantize "$f32" "$file" --type "$quant" &&
			agrees "$file" "$top1" "$kl" --text "$text" --greedy 200 --forced
	done
done

# ---- random weights: other shapes, the llama architecture with and without
# experts. Their logits are nearly flat, so a small error changes the choice.
for shape in tiny tiny-moe; do
	for type in f32:0.99:1e-3 f16:0.99:1e-3 bf16:0.9:5e-3 q8_0:0.9:5e-3 \
		q4_0:0.9:1e-2; do
		IFS=: read -r quant top1 kl <<<"$type"
		file=$tmp/$shape-$quant.gguf
		makes "$file" "$lm" synth --shape "$shape" --quant "$quant" \
			--out "$file" && agrees "$file" "$top1" "$kl"
	done
done
finish
