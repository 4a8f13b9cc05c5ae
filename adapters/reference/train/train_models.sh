#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Trains the embedded models from nothing: the vocabulary and the target,
# the draft, and the mixture that starts from the target; then writes each as
# Q8_0 with its record, and evaluates the files as shipped.
#
# usage: train_models.sh BUILD [OUT]
#   BUILD  folder of the programs (oae-lm); work goes to BUILD/models
#   OUT    where the models go (default: adapters/reference/models)
# A run that was interrupted goes on where it was; SEED (1), THREADS (2) and
# STEPS (each model's own) can be set in the environment.
set -euo pipefail

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
	echo "usage: ${0##*/} BUILD [OUT]" >&2
	exit 64
fi
here=$(cd "$(dirname "$0")" && pwd)
lm=$1/oae-lm
work=$1/models
out=${2:-$here/../models}
seed=${SEED:-1}
threads=${THREADS:-2}

if [ ! -x "$lm" ]; then
	echo "${0##*/}: $lm: not there; run make first" >&2
	exit 1
fi
mkdir -p "$work" "$out"

# train NAME [options]
train() {
	local name=$1
	shift
	[ -n "${STEPS:-}" ] && set -- "$@" --steps "$STEPS"
	[ -f "$work/$name.gguf.train.json" ] && return
	"$lm" train --model "$name" --out "$work/$name.gguf" \
		--checkpoint "$work/$name.checkpoint" --resume \
		--seed "$seed" --threads "$threads" "$@"
	rm -f "$work/$name.checkpoint"
}

# ship NAME
ship() {
	"$lm" quantize "$work/$1.gguf" "$out/$1.q8_0.gguf" --type q8_0
	cp "$work/$1.gguf.train.json" "$out/$1.train.json"
	"$here/model_card.sh" "$out/$1.q8_0.gguf" "$out/$1.train.json" \
		>"$out/$1.md"
}

train target
train draft --tokenizer "$work/target.gguf"
train moe --tokenizer "$work/target.gguf" --upcycle "$work/target.gguf"
for name in target draft moe; do
	ship "$name"
done
"$lm" eval "$out/target.q8_0.gguf" --draft "$out/draft.q8_0.gguf"
"$lm" eval "$out/moe.q8_0.gguf"
