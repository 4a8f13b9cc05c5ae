/* SPDX-License-Identifier: Apache-2.0 */
/* Makes one of the embedded models from the corpus. */
#include <signal.h>
#include <stdio.h>

#include "adapters/reference/oae-lm/commands.h"
#include "adapters/reference/oae-lm/options.h"
#include "adapters/reference/train/presets.h"
#include "adapters/reference/train/train.h"
#include "base/log.h"

#define MORE_BYTES 2048

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void say(void *ctx, const char *line)
{
	(void)ctx;
	oae_info("%s", line);
}

/* The help's last part: the presets. */
static void list_models(struct oae_buf *b)
{
	oae_buf_puts(b, "models:\n");
	for (size_t i = 0; i < oae_train_preset_count; i++) {
		const struct oae_train_preset *p = &oae_train_presets[i];

		oae_buf_printf(b, "  %-9s %s (%llu steps)\n", p->name, p->about,
			       (unsigned long long)p->steps);
	}
	oae_buf_puts(b, "\nThe same seed, threads and kernels give the same "
			"model, bit for bit. SIGINT and\nSIGTERM write the "
			"checkpoint and stop (exit code 130).");
}

static int train(const struct oae_train_options *o, struct oae_error *err)
{
	struct sigaction action = { .sa_handler = on_signal };
	bool finished = false;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (!oae_train_run(o, &finished, err) && !finished)
		return OAE_EXIT_INTERRUPTED;
	return oae_lm_end("train", err);
}

int oae_lm_train(int argc, char **argv)
{
	struct oae_train_options o = { .seed = 1, .say = say, .stop = &stop };
	uint64_t threads = oae_lm_threads();
	const struct oae_lm_option options[] = {
		{ 0, "model", "NAME", "what to train; see below",
		  .text = &o.model },
		{ 'o', "out", "FILE", "where the model goes", .text = &o.out },
		{ 0, "checkpoint", "FILE",
		  "keep the run's state there, every two minutes",
		  .text = &o.checkpoint },
		{ 0, "resume", NULL,
		  "go on from the checkpoint if there is one",
		  .flag = &o.resume },
		{ 's', "seed", "S", "of weights, data, vocabulary (default 1)",
		  .whole = &o.seed, .low = 0, .high = 1e19 },
		{ 't', "threads", "N", "(default: all processors)",
		  .whole = &threads, .low = 1, .high = OAE_POOL_MAX },
		{ 0, "steps", "N", "(default: the model's own)",
		  .whole = &o.steps, .low = 1, .high = 1e8 },
		{ 0, "minutes", "M", "stop after these, though steps are left",
		  .real = &o.minutes, .low = 0.001, .high = 1e6 },
		{ 0, "tokenizer", "MODEL", "take the vocabulary of this file",
		  .text = &o.tokenizer },
		{ 0, "distill", "MODEL", "learn from its probabilities too",
		  .text = &o.distill },
		{ 0, "upcycle", "MODEL", "start a mixture from this dense one",
		  .text = &o.upcycle },
	};
	struct oae_lm_command command = {
		"train",
		"oae-lm train --model NAME --out FILE.gguf [options]",
		"Trains a small model on the Brookfield corpus and writes it "
		"as F32 GGUF, with the\nrecord of its making beside it in "
		"FILE.gguf.train.json.",
		NULL,
		options,
		sizeof(options) / sizeof(options[0]),
		0,
		0,
	};
	struct oae_error err = { 0 };
	struct oae_buf more;
	int code;

	oae_buf_init(&more, MORE_BYTES);
	list_models(&more);
	command.more = oae_buf_str(&more);
	if (oae_lm_parse(&command, argc, argv, NULL, &code)) {
		o.threads = (unsigned)threads;
		if (!o.model || !o.out)
			oae_fail(&err, OAE_ERR_USAGE, 0,
				 "--model NAME and --out FILE are needed");
		else if (o.resume && !o.checkpoint)
			oae_fail(&err, OAE_ERR_USAGE, 0,
				 "--resume needs --checkpoint FILE");
		code = err.status ? oae_lm_end("train", &err) : train(&o, &err);
	}
	oae_buf_release(&more);
	return code;
}
