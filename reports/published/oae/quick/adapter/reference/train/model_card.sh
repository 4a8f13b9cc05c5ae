#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Writes the card of an embedded model to stdout, from its training record and
# from what `oae-lm eval --json` says of the file.
#
# usage: model_card.sh MODEL.q8_0.gguf MODEL.train.json MODEL.eval.json
set -euo pipefail

if [ $# -ne 3 ] || [ ! -f "$1" ] || [ ! -f "$2" ] || [ ! -f "$3" ]; then
	echo "usage: ${0##*/} MODEL.q8_0.gguf MODEL.train.json MODEL.eval.json" >&2
	exit 64
fi
bytes=$(stat -c %s "$1")
sum=$(sha256sum "$1" | cut -d' ' -f1)

jq -r --slurpfile eval "$3" --arg file "$(basename "$1")" --arg bytes "$bytes" --arg sum "$sum" '
def percent: (. * 1000 | round) / 10 | tostring + " %";
def minutes: (. / 60 * 10 | round) / 10 | tostring;
def made:
	if .upcycled then
		"started from the target: attention, norms and embedding taken over, each expert a half of its FFN with 2 % noise; then trained"
	elif .distilled then
		"trained on the corpus and, for half of the loss on answers, on the target'"'"'s probabilities"
	else "trained from nothing" end;
"# Brookfield \(.model)

A small decoder for the workloads of this project: questions over notices,
worked sums, letters and the help desk of a made-up town. English only; it
knows nothing about the real world and is of no use outside these tasks.

| | |
|---|---|
| file | `\($file)`, \($bytes) bytes, Q8_0 (vectors and routers F32) |
| SHA-256 | `\($sum)` |
| architecture | \(if .shape.experts > 0 then "qwen3moe, \(.shape.experts) experts, \(.shape.experts_used) used" else "qwen3, dense" end) |
| parameters | \(.parameters) |
| shape | width \(.shape.dim), \(.shape.layers) layers, \(.shape.heads) heads of \(.shape.head_dim), hidden \(.shape.hidden)\(if .shape.experts > 0 then " per expert" else "" end), vocabulary \(.shape.vocab), context \(.shape.context) |
| licence | Apache-2.0 |

## How it was made

From the generated corpus (`workloads/corpus`), split TRAIN,
\(made):
\(.steps) steps, \(.tokens) tokens, seed \(.seed), \(.threads) threads, kernels
\(.kernels), compiler \(.compiler), finished \(.finished).
Muon on matrices, AdamW on the rest; preset `\(.model)` in
`adapters/reference/train/presets.c`; \(if .upcycled then "the last stage of the curriculum only"
	else "the curriculum goes from copying to one, two, four\nand more notices" end). Loss weight 1 on answers, 0.05 on prompts.
`make models` does it again.

| cost | own | of the model it started from |
|---|---|---|
| wall time, minutes | \(.wall_s | minutes) | \(.base_wall_s | minutes) |
| CPU-seconds | \(.cpu_s | round) | \(.base_cpu_s | round) |

## Held-out scores

Greedy answers to documents about people whom training never saw.

This file, through `oae-lm eval`: right is the whole answer, for sums the final
number, for letters every fact of the brief kept.

| kind | documents | right |
|---|---|---|",
($eval[0] as $e | $e | keys_unsorted[] | select($e[. + "_n"]) |
	"| \(.) | \($e[. + "_n"]) | \($e[.] | percent) |"),
($eval[0] | if .refusal_recall then "
Of the requests to refuse \(.refusal_recall | percent) were refused, of the others
\(.false_refusals | percent)." else empty end),
($eval[0] | if .acceptance_gamma_4 then "
With the draft model, 4 tokens drafted in every round, it accepts
\(.acceptance_gamma_4 | percent) of the drafted tokens on letters, \(.acceptance_sums | percent) on sums and
\(.acceptance_notices_4 | percent) on four notices." else empty end),
"
Before quantisation, by the trainer: exact is the whole answer, word for word
(letters leave a choice of words, so theirs says nothing). Echo and recall are
drills of the first stages; codes are kept out of training.

| kind | documents | exact | answer tokens right |
|---|---|---|---|",
(.held_out | to_entries[] |
	"| \(.key) | \(.value.documents) | \(.value.exact | percent) | \(.value.tokens | percent) |")
' "$2"
