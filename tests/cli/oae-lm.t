#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# oae-lm from outside: every command, wrong use, damaged files, a full disk.
set -u
cd "$(dirname "$0")/../.." || exit 1
lm=$(realpath "${OAE_BUILD:-build}/oae-lm")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

check() { # NAME COMMAND...: passes when the command does
	local name=$1
	shift
	n=$((n + 1))
	if "$@" >"$dir/log" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$dir/log" | head -20
	fi
}

skip() { # NAME REASON
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

fails() { # CODE WORD COMMAND...: that exit code, one line that has the word
	local code=$1 word=$2 got
	shift 2
	"$@" >"$dir/out" 2>"$dir/err"
	got=$?
	cat "$dir/err"
	[ "$got" = "$code" ] && grep -q -- "$word" "$dir/err" &&
		[ "$(wc -l <"$dir/err")" = 1 ] && [ ! -s "$dir/out" ]
}

alike() { # two shell commands that both succeed and print the same text
	sh -c "$1" >"$dir/a" 2>"$dir/log1" && sh -c "$2" >"$dir/b" 2>"$dir/log2" &&
		[ -s "$dir/a" ] && cmp "$dir/a" "$dir/b"
}

only() { # FILES...: the folder "m" holds these and nothing else
	diff <(ls -A "$dir/m") <(printf '%s\n' "$@" | sort)
}

mkdir "$dir/m"
tiny=$dir/m/tiny.gguf
moe=$dir/m/moe.gguf

check "help" grep -q 'usage: oae-lm COMMAND' <("$lm" --help)
for c in generate eval bench speculate info tokenize train quantize synth; do
	check "$c --help teaches" sh -c "'$lm' $c --help | grep -q '^usage: oae-lm $c'"
done
check "no command is usage" sh -c "'$lm' 2>/dev/null; [ \$? = 64 ]"
check "unknown command" fails 64 frobnicate "$lm" frobnicate
check "unknown option" fails 64 --frob "$lm" info --frob
check "missing argument" fails 64 argument "$lm" info
check "number out of range" fails 64 threads "$lm" generate x -p y -t 0
check "number with letters" fails 64 tokens "$lm" generate x -p y -n 3x

check "synth" "$lm" synth --shape tiny --quant f32 --out "$tiny"
check "synth of experts" "$lm" synth --arch mixtral --out "$moe"
"$lm" synth --shape tiny --quant f32 --out "$dir/again" 2>/dev/null
check "the same seed gives the same bytes" cmp "$tiny" "$dir/again"
check "unknown shape names the shapes" fails 64 smollm-135m \
	"$lm" synth --shape huge --out "$dir/x"
check "unknown type" fails 64 q9 "$lm" synth --shape tiny --quant q9 --out "$dir/x"

check "info" sh -c "'$lm' info '$tiny' | grep -q 'synthetic weights: speed only'"
check "info --json" sh -c \
	"'$lm' info --json '$moe' | jq -e '.architecture == \"llama\" and
	.experts == 4 and .types[0].tensors > 0 and (.sha256 | length) == 64'"
check "info names the tokenizer" sh -c \
	"'$lm' info '$tiny' | grep -q 'BPE (bytes), pre-split gpt-2' &&
	'$lm' info --json '$tiny' | jq -e '.tokenizer_kind == \"BPE\" and
	.add_bos == false and .end_tokens == [.tokenizer_tokens - 1]'"
check "tokenize" sh -c "'$lm' tokenize '$tiny' -p 'Hi <|end|>' --json |
	jq -e '.n == 4 and .tokens[0] == {\"id\": 72, \"piece\": \"H\"} and
	.tokens[3].piece == \"<|end|>\"'"
check "tokenize --plain" sh -c "'$lm' tokenize '$tiny' -p '<|end|>' --plain --ids 2>/dev/null |
	grep -qx '60 124 101 110 100 124 62'"
check "tokenize shows part of a character as bytes" sh -c \
	"printf '\303\251' | '$lm' tokenize '$tiny' -f - 2>/dev/null | tr -d ' ' |
	tr '\n' , | grep -qx '195\[195\],169\[169\],'"
check "tokenize of nothing given" fails 64 prompt "$lm" tokenize "$tiny"
check "info's sha256 is the file's" sh -c \
	"[ \$('$lm' info --json '$tiny' | jq -r .sha256) = \$(sha256sum <'$tiny' | cut -c1-64) ]"

for type in q8_0 q4_0 f16 bf16 f32; do
	check "quantize to $type" "$lm" quantize "$tiny" "$dir/m/$type.gguf" --type $type
	check "generate from $type" sh -c "'$lm' generate '$dir/m/$type.gguf' -p Hello -n 12 --ignore-eos --json 2>/dev/null |
		jq -e '.tokens_in == 5 and .tokens_out == 12 and .finish == \"length\"'"
done
k=$dir/k.gguf
check "synth of the mixture that people download" "$lm" synth --arch qwen2 --dim 256 \
	--quant q4_k_m --out "$k"
check "info names its types" sh -c "'$lm' info --json '$k' |
	jq -e '[.types[].type] | contains([\"Q4_K\", \"Q6_K\", \"F32\"])'"
check "it writes" sh -c "'$lm' generate '$k' -p Hello -n 12 --ignore-eos --json 2>/dev/null |
	jq -e '.tokens_out == 12'"
check "it is made into q8_0" sh -c "'$lm' quantize '$k' '$dir/k8.gguf' 2>/dev/null &&
	'$lm' generate '$dir/k8.gguf' -p Hello -n 3"
check "nothing is made into q4_k" fails 64 'not written' \
	"$lm" quantize "$k" "$dir/x" --type q4_k
LC_ALL=C sed 's/general.architecture\(.\{12\}\)qwen2/general.architecture\1mamba/' "$k" >"$dir/mamba.gguf"
check "another architecture is named" fails 1 '"mamba" is not supported' \
	"$lm" generate "$dir/mamba.gguf" -p a
LC_ALL=C sed 's/attn_v.bias/attn_w.bias/' "$k" >"$dir/w.gguf"
check "a tensor that is missing is named" fails 1 'blk.0.attn_v.bias' \
	"$lm" generate "$dir/w.gguf" -p a
check "f32 from f32 is the same model" alike \
	"'$lm' generate '$dir/m/f32.gguf' -p Hello -n 20" \
	"'$lm' generate '$tiny' -p Hello -n 20"
for table in avx2 avx512 avx512bw avx512vnni neon neondot; do
	if OAE_KERNELS=$table "$lm" generate "$tiny" -p a -n 1 >/dev/null 2>&1; then
		for f in "$dir/m/q8_0.gguf" "$dir/m/q4_0.gguf" "$k" "$moe" "$tiny"; do
			g="'$lm' generate '$f' -p Hello --temperature 1 -n 40"
			check "$table writes what scalar writes: ${f##*/}" alike \
				"OAE_KERNELS=$table $g" "OAE_KERNELS=scalar $g"
		done
	else
		skip "$table writes what scalar writes" "not on this processor"
	fi
done
check "unknown kernels" fails 64 OAE_KERNELS env OAE_KERNELS=mmx "$lm" generate "$tiny" -p a
g="'$lm' generate '$tiny' -p 'Hello there' -n 60 --ignore-eos"
check "speculation changes nothing" alike \
	"$g" "$g --draft '$dir/m/q4_0.gguf' --gamma 5"
check "nor does looking back" alike "$g" "$g --strategy lookup --gamma 4 --ngram-min 1"
check "nor above temperature 0" alike "$g --temperature 0.9 -s 3" \
	"$g --temperature 0.9 -s 3 --draft '$dir/m/q4_0.gguf' --gamma 3 --p-min 0.1"
check "nor adaptively" alike "$g --temperature 0.9 -s 3" \
	"$g --temperature 0.9 -s 3 --draft '$dir/m/q4_0.gguf' --draft-threads 2"
check "what it cost is told" sh -c "$g --draft '$dir/m/q4_0.gguf' --gamma 3 --json | jq -e '.speculation |
	.rounds > 0 and .drafted >= .judged and .judged >= .accepted and .c > 0 and .v > 0 and
	.gamma > 2 and .tokens_per_round >= 1 and .factor_predicted > 0 and .factor_measured > 0'"
check "... and on stderr" sh -c "$g --draft '$dir/m/q4_0.gguf' --gamma 3 2>&1 >/dev/null | grep -q 'factor predicted [0-9]'"
check "a draft is needed" fails 64 draft "$lm" generate "$tiny" -p a --strategy speculative
check "unknown strategy names those there are" fails 64 lookup "$lm" generate "$tiny" -p a --strategy magic
check "n-grams the wrong way round" fails 64 n-grams \
	"$lm" generate "$tiny" -p a --strategy lookup --ngram-min 4 --ngram-max 2
check "speculate --json" sh -c "'$lm' speculate '$tiny' --draft '$dir/m/q4_0.gguf' -p 'Hello there' -n 40 --most 2 -r 2 --json 2>/dev/null |
	jq -e '(.settings | map(.gamma)) == [\"plain\", \"1\", \"2\", \"adaptive\"] and .settings[0].factor == 1 and
	.settings[0].speculation.c == null and .settings[2].speculation.v > 0 and .settings[2].factor_max >= .settings[2].factor'"
check "speculate by looking back" sh -c "'$lm' speculate '$tiny' -k letters --items 2 -n 30 --most 1 -r 1 2>/dev/null | grep -q '^adaptive'"
check "speculate with two prompts" fails 64 prompt "$lm" speculate "$tiny" -p a -f b
g="'$lm' generate '$moe' -p 'Hello there' -n 60"
check "threads change nothing" alike "$g -t 1" "$g -t 3"
models=adapters/reference/models
if [ -e $models/target.q8_0.gguf ]; then
	for p in 'Letter to ' 'Question: how many pens are there now?' 'Notices:'; do
		g="'$lm' generate $models/target.q8_0.gguf -p '$p' -n 150 --ignore-eos"
		check "the shipped draft changes nothing: $p" alike \
			"$g" "$g --draft $models/draft.q8_0.gguf -t 2"
	done
	check "the shipped models keep their floors" sh -c \
		"'$lm' eval $models/target.q8_0.gguf -n 40 -s 20 --json \
		--draft $models/draft.q8_0.gguf 2>/dev/null | tee /dev/stderr |
		jq -e '.notices_4 >= 0.9 and .sums >= 0.8 and
		.acceptance_gamma_4 >= 0.6 and .refusal_recall >= 0.9 and
		.false_refusals <= 0.1'"
fi
check "prompt from stdin" sh -c "echo hello | '$lm' generate '$tiny' -f - -n 3"
check "no prompt" fails 64 prompt "$lm" generate "$tiny"
check "a prompt beyond the context" fails 1 context \
	"$lm" generate "$tiny" -c 16 -p 'longer than sixteen bytes'
check "score" sh -c "'$lm' generate '$tiny' -p ab --score cd --json |
	jq -e '.tokens == 2 and .log_prob < 0'"
check "stdout that is full" sh -c \
	"'$lm' info '$tiny' >/dev/full 2>/dev/null; [ \$? = 1 ]"

check "bench --json" sh -c "'$lm' bench '$tiny' -p 32 -n 8 -r 2 -t 1,2 --json 2>/dev/null |
	jq -e 'length == 4 and .[0].test == \"pp32\" and .[3].test == \"tg8\" and
	.[3].n_threads == 2 and (.[0].samples_ts | length) == 2 and .[0].avg_ts > 0'"
check "bench table" sh -c "'$lm' bench '$tiny' -p 8 -n 0 -r 1 -t 1 2>/dev/null | grep -q '| *pp8 |'"
check "bench: lists, a depth, a pair, CSV" sh -c "'$lm' bench '$tiny' -p 8,16 -n 4 \
	--pg 8,4 -d 0,32 -b 8 -r 1 -t 1 -o csv 2>/dev/null | cut -d, -f1 | xargs |
	grep -qxF 'test pp8 pp16 tg4 pp8+tg4 pp8 @ d32 pp16 @ d32 tg4 @ d32 pp8+tg4 @ d32'"
check "bench: JSON lines" sh -c "'$lm' bench '$tiny' -p 8 -n 4 -r 1 -t 1 -o jsonl 2>/dev/null |
	jq -se 'length == 2 and .[1].n_gen == 4 and .[1].n_batch == 512'"
check "bench: another form" fails 64 "json, jsonl or csv" "$lm" bench "$tiny" -o xml
check "bench of nothing" fails 64 nothing "$lm" bench "$tiny" -p 0 -n 0
check "eval --json" sh -c "'$lm' eval '$tiny' --kind notices_4 --kind sums --kind letters \
	--draft '$tiny' -n 2 --json 2>/dev/null |
	jq -e '.notices_4 == 0 and .sums_n == 2 and .speculation_letters.alpha == 1 and
	.acceptance_gamma_4 > 0.5 and .acceptance_gamma_4 <= 1'"
check "eval of an unknown kind" sh -c "'$lm' eval '$tiny' --kind riddles; [ \$? = 64 ]"

check "a missing model" fails 1 'No such file' "$lm" generate "$dir/none" -p a
check "a folder for a model" fails 1 'not a regular file' "$lm" info "$dir"
head -c 20 "$tiny" >"$dir/short"
check "a very short model" fails 1 'too short' "$lm" info "$dir/short"
head -c 100000 "$tiny" >"$dir/short"
check "a truncated model" fails 1 truncated "$lm" generate "$dir/short" -p a
sed 's/llama/mamba/g' "$tiny" >"$dir/mamba"
check "another architecture is named" fails 1 mamba "$lm" generate "$dir/mamba" -p a
cp "$tiny" "$dir/magic"
printf X | dd of="$dir/magic" bs=1 conv=notrunc 2>/dev/null
check "another kind of file" fails 1 'not a GGUF' "$lm" info "$dir/magic"

check "read-only folder" fails 1 'cannot create' \
	"$lm" synth --shape tiny --out /proc/x.gguf
full() { (trap '' XFSZ; ulimit -f 64; "$@" 2>&1 | tail -1; exit "${PIPESTATUS[0]}"); }
full "$lm" synth --shape tiny --quant f32 --out "$dir/m/full.gguf" >"$dir/full"
check "a full disk is an error" [ $? = 1 ]
check "... with the reason" grep -q 'cannot write' "$dir/full"
full "$lm" quantize "$tiny" "$tiny" --type f16 >"$dir/full"
check "a full disk while replacing" [ $? = 1 ]
check "... leaves the old file" cmp "$tiny" "$dir/again"
check "nothing half-written is left" only tiny.gguf moe.gguf \
	bf16.gguf f16.gguf f32.gguf q4_0.gguf q8_0.gguf
echo "1..$n"
