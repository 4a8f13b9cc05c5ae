/* SPDX-License-Identifier: Apache-2.0 */
/* `oae-lm`: the reference engine by hand; each command is a cmd_*.c. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "adapters/reference/oae-lm/commands.h"
#include "base/status.h"

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *about;
} commands[] = {
	{ "generate", oae_lm_generate, "continue a text" },
	{ "eval", oae_lm_eval, "exact-match shares on held-out documents" },
	{ "bench", oae_lm_bench, "tokens per second of prefill and decoding" },
	{ "speculate", oae_lm_speculate, "what drafting costs and gives" },
	{ "info", oae_lm_info, "what a model file holds" },
	{ "tokenize", oae_lm_tokenize,
	  "the tokens that a model reads a text as" },
	{ "train", oae_lm_train, "make one of the embedded models" },
	{ "quantize", oae_lm_quantize, "convert a model to another type" },
	{ "synth", oae_lm_synth, "random weights in a real model's shape" },
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *to)
{
	fputs("oae-lm: the reference engine of oae, a decoder in C for GGUF "
	      "files\n\n"
	      "usage: oae-lm COMMAND [options]\n"
	      "       oae-lm COMMAND --help\n\ncommands:\n",
	      to);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name,
			commands[i].about);
	fputs("\nexamples:\n"
	      "  oae-lm info MODEL.gguf\n"
	      "  oae-lm generate MODEL.gguf -p 'The capital of France is'\n"
	      "  oae-lm generate TARGET.gguf --draft DRAFT.gguf -f prompt.txt\n"
	      "  oae-lm synth --shape tinyllama-1.1b --out t1b.gguf\n"
	      "  oae-lm bench t1b.gguf -t 1,2\n"
	      "\nsmall models that are part of the project: "
	      "adapters/reference/models/*.gguf\n"
	      "\nread are GGUF files of architectures llama (Mistral, Mixtral "
	      "too), qwen2, qwen3\nand qwen3moe in F32, F16, BF16, Q8_0, "
	      "Q4_0, Q5_0, Q4_K and Q6_K, with\ntokenizers SentencePiece, "
	      "GPT-2, Llama 3 and Qwen2; anything else is refused by\nthe "
	      "name of what is missing.\n"
	      "OAE_KERNELS=scalar|avx2|avx512 forces the instruction set "
	      "(avx512bw: without\nVNNI, avx512vnni: with it); "
	      "`oae-lm bench` says which one ran.\n"
	      "\nexit codes: 0 done, 1 error, 64 wrong usage, 130 "
	      "interrupted\n",
	      to);
}

int main(int argc, char **argv)
{
	/* a reader that goes away is a failed write, never our death */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		print_help(stderr);
		return OAE_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		print_help(stdout);
		return OAE_EXIT_OK;
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].main(argc - 1, argv + 1);
	fprintf(stderr,
		"oae-lm: unknown command \"%.60s\"; see oae-lm "
		"--help\n",
		argv[1]);
	return OAE_EXIT_USAGE;
}
