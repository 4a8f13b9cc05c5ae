/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast llm.c trains here: forward and backward passes of a GPT-2 about as
 * large as the model that row_training() measures. It is built from a user's
 * own checkout of github.com/karpathy/llm.c, of which nothing is copied:
 *
 *   make bench-engine LLMC=/path/of/llm.c
 *   llmc-peer FOLDER SEQUENCES    FOLDER for the model's file, while it runs
 *
 * The last line that it prints is the number of tokens a second.
 */
#include <time.h>
#include <unistd.h>

#ifdef OAE_TRAIN_GPT2 /* the path of train_gpt2.c */

#define TESTING /* it has no main() then */
/* cppcheck-suppress preprocessorErrorDirective ; known to the Makefile only */
#include OAE_TRAIN_GPT2

#define OAE_VOCAB 1536
#define OAE_WIDTH 384
#define OAE_LAYERS 6
#define OAE_HEADS 6
#define OAE_LENGTH 64 /* tokens of a sequence */
#define OAE_SEQUENCES_MAX 512

/* Random weights in the file that gpt2_build_from_checkpoint() reads. */
static void write_model(const char *path)
{
	int header[256] = { 20240326,	3,	   OAE_LENGTH, OAE_VOCAB,
			    OAE_LAYERS, OAE_HEADS, OAE_WIDTH,  OAE_VOCAB };
	size_t sizes[NUM_PARAMETER_TENSORS], n = 0;
	GPT2Config config = { .max_seq_len = OAE_LENGTH,
			      .vocab_size = OAE_VOCAB,
			      .padded_vocab_size = OAE_VOCAB,
			      .num_layers = OAE_LAYERS,
			      .num_heads = OAE_HEADS,
			      .channels = OAE_WIDTH };
	FILE *f = fopenCheck(path, "wb");
	unsigned state = 1;

	fwrite(header, sizeof(int), 256, f);
	fill_in_parameter_sizes(sizes, config);
	for (int i = 0; i < NUM_PARAMETER_TENSORS; i++)
		n += sizes[i];
	for (size_t i = 0; i < n; i++) {
		float x;

		state = state * 1664525u + 1013904223u;
		x = ((float)(state >> 8) / 16777216.0f - 0.5f) * 0.07f;
		fwrite(&x, sizeof(x), 1, f);
	}
	fcloseCheck(f);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void pass(GPT2 *model, int *tokens, int *targets, int sequences)
{
	gpt2_forward(model, tokens, targets, (size_t)sequences, OAE_LENGTH);
	gpt2_zero_grad(model);
	gpt2_backward(model);
}

int main(int argc, char **argv)
{
	static int tokens[OAE_SEQUENCES_MAX * OAE_LENGTH];
	static int targets[OAE_SEQUENCES_MAX * OAE_LENGTH];
	int n = argc == 3 ? atoi(argv[2]) : 0;
	char path[4096];
	double start;
	GPT2 model;

	if (n < 1 || n > OAE_SEQUENCES_MAX) {
		fprintf(stderr, "llmc-peer: FOLDER SEQUENCES (1..%d)\n",
			OAE_SEQUENCES_MAX);
		return 64;
	}
	(void)snprintf(path, sizeof(path), "%s/llmc-peer.%d.bin", argv[1],
		       (int)getpid());
	write_model(path);
	gpt2_build_from_checkpoint(&model, path);
	remove(path);
	for (int i = 0; i < n * OAE_LENGTH; i++) {
		tokens[i] = (int)(i * 7919L % OAE_VOCAB);
		targets[i] = (int)(i * 104729L % OAE_VOCAB);
	}
	pass(&model, tokens, targets, n); /* allocates */
	start = seconds();
	pass(&model, tokens, targets, n);
	printf("%zu parameters\n%.3f\n", model.num_parameters,
	       n * OAE_LENGTH / (seconds() - start));
	gpt2_free(&model);
	return 0;
}

#endif
