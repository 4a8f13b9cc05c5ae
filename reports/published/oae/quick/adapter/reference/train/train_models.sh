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
if [ ! -x "$1/oae-lm" ]; then
	echo "${0##*/}: $1/oae-lm: not there; run make first" >&2
	exit 1
fi
build=$(cd "$1" && pwd)
lm=$build/oae-lm
work=$build/models
out=${2:-$here/../models}
seed=${SEED:-1}
threads=${THREADS:-2}
mkdir -p "$work" "$out"
out=$(cd "$out" && pwd)

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

# ship NAME [options of eval]
ship() {
	local name=$1 file=$out/$1.q8_0.gguf
	shift
	"$lm" quantize "$work/$name.gguf" "$file" --type q8_0
	cp "$work/$name.gguf.train.json" "$out/$name.train.json"
	# as the file stands in a checkout
	(cd "$out" && "$lm" eval "${file##*/}" --json "$@") \
		>"$work/$name.eval.json"
	mv "$work/$name.eval.json" "$out/$name.eval.json"
	"$here/model_card.sh" "$file" "$out/$name.train.json" \
		"$out/$name.eval.json" >"$out/$name.md"
	cat "$out/$name.eval.json"
}

train target
train draft --tokenizer "$work/target.gguf"
train moe --tokenizer "$work/target.gguf" --upcycle "$work/target.gguf"
ship draft
ship target --draft draft.q8_0.gguf
ship moe
