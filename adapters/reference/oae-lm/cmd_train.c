/* SPDX-License-Identifier: Apache-2.0 */
/* oae-lm train: makes one of the embedded models from the corpus. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/oae-lm/commands.h"
#include "adapters/reference/train/presets.h"
#include "adapters/reference/train/train.h"
#include "base/log.h"

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void help(void)
{
	printf("usage: oae-lm train --model NAME --out FILE.gguf [options]\n"
	       "\n"
	       "Trains a small model on the Brookfield corpus and writes it as F32 GGUF, with\n"
	       "the record of its making in FILE.gguf.train.json.\n"
	       "\n"
	       "  --model NAME        what to train; see below\n"
	       "  --out FILE          where the model goes\n"
	       "  --checkpoint FILE   keep the run's state there, every two minutes\n"
	       "  --resume            go on from the checkpoint if there is one\n"
	       "  --seed N            of weights, data and vocabulary (default 1)\n"
	       "  --threads N         (default 2)\n"
	       "  --steps N           (default: the model's own)\n"
	       "  --minutes M         stop after M minutes although steps are left\n"
	       "  --tokenizer FILE    take the vocabulary of this GGUF file\n"
	       "  --distill FILE      learn also from this GGUF model's probabilities\n"
	       "  --upcycle FILE      start a mixture from this dense GGUF model\n"
	       "  --help\n"
	       "\n"
	       "models:\n");
	for (size_t i = 0; i < oae_train_preset_count; i++) {
		const struct oae_train_preset *p = &oae_train_presets[i];

		printf("  %-8s %s (%llu steps)\n", p->name, p->about,
		       (unsigned long long)p->steps);
	}
	printf("\nThe same seed, threads and kernels give the same model, bit for bit.\n"
	       "SIGINT and SIGTERM write the checkpoint and stop.\n"
	       "exit codes: 0 done, 1 error, 64 wrong usage, 130 stopped\n");
}

static enum oae_status whole(const char *name, const char *text,
			     unsigned long long low, unsigned long long high,
			     unsigned long long *out, struct oae_error *err)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || *out < low ||
	    *out > high)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--%s %s: a whole number in %llu..%llu is needed",
				name, text, low, high);
	return OAE_OK;
}

static enum oae_status minutes(const char *text, double *out,
			       struct oae_error *err)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	if (errno || end == text || *end || !(*out > 0.0 && *out < 1e6))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--minutes %s: a number above 0 is needed",
				text);
	return OAE_OK;
}

static const struct option long_options[] = {
	{ "model", required_argument, NULL, 'm' },
	{ "out", required_argument, NULL, 'o' },
	{ "checkpoint", required_argument, NULL, 'c' },
	{ "resume", no_argument, NULL, 'r' },
	{ "seed", required_argument, NULL, 's' },
	{ "threads", required_argument, NULL, 't' },
	{ "steps", required_argument, NULL, 'n' },
	{ "minutes", required_argument, NULL, 'M' },
	{ "tokenizer", required_argument, NULL, 'T' },
	{ "distill", required_argument, NULL, 'd' },
	{ "upcycle", required_argument, NULL, 'u' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static enum oae_status take(struct oae_train_options *o, int option,
			    struct oae_error *err)
{
	unsigned long long n = 0;
	enum oae_status st = OAE_OK;

	switch (option) {
	case 'm':
		o->model = optarg;
		break;
	case 'o':
		o->out = optarg;
		break;
	case 'c':
		o->checkpoint = optarg;
		break;
	case 'r':
		o->resume = true;
		break;
	case 's':
		st = whole("seed", optarg, 0, ~0ull, &n, err);
		o->seed = n;
		break;
	case 't':
		st = whole("threads", optarg, 1, 64, &n, err);
		o->threads = (unsigned)n;
		break;
	case 'n':
		st = whole("steps", optarg, 1, 100000000, &n, err);
		o->steps = n;
		break;
	case 'M':
		return minutes(optarg, &o->minutes, err);
	case 'T':
		o->tokenizer = optarg;
		break;
	case 'd':
		o->distill = optarg;
		break;
	case 'u':
		o->upcycle = optarg;
		break;
	default:
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"train: unknown or incomplete option; see oae-lm train --help");
	}
	return st;
}

static void say(void *ctx, const char *line)
{
	(void)ctx;
	oae_info("%s", line);
}

int oae_lm_train(int argc, char **argv)
{
	struct oae_train_options o = {
		.seed = 1, .threads = 2, .say = say, .stop = &stop,
	};
	struct sigaction sa = { .sa_handler = on_signal };
	struct oae_error err = { 0 };
	enum oae_status st = OAE_OK;
	bool finished = false;
	int option;

	opterr = 0;
	while (!st && (option = getopt_long(argc, argv, "h", long_options,
					    NULL)) != -1) {
		if (option == 'h') {
			help();
			return OAE_EXIT_OK;
		}
		st = take(&o, option, &err);
	}
	if (!st && (!o.model || !o.out || optind != argc))
		st = oae_fail(&err, OAE_ERR_USAGE, 0,
			      "train: --model and --out are needed, and no other words; see oae-lm train --help");
	if (!st && o.resume && !o.checkpoint)
		st = oae_fail(&err, OAE_ERR_USAGE, 0,
			      "train: --resume needs --checkpoint");
	if (!st) {
		sigaction(SIGINT, &sa, NULL);
		sigaction(SIGTERM, &sa, NULL);
		st = oae_train_run(&o, &finished, &err);
	}
	if (st)
		return oae_die_code("oae-lm train", &err);
	return finished ? OAE_EXIT_OK : OAE_EXIT_INTERRUPTED;
}
