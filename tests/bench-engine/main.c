/* SPDX-License-Identifier: Apache-2.0 */
/* `make bench-engine`: the table of targets, as measured here. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/reference/oae-lm/options.h"
#include "base/file.h"
#include "base/log.h"
#include "tests/bench-engine/bench_engine.h"

/* oae-lm of the same build folder. */
static enum oae_status find_program(struct bench *b, struct oae_error *err)
{
	ssize_t n =
		readlink("/proc/self/exe", b->program, sizeof(b->program) - 16);

	if (n < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "/proc/self/exe");
	b->program[n] = '\0';
	strcpy(strrchr(b->program, '/') + 1, "oae-lm");
	if (!oae_file_exists(b->program))
		return oae_fail(err, OAE_ERR_USAGE, 0, "no %s; make it first",
				b->program);
	return OAE_OK;
}

static bool wanted(const struct bench *b, const struct entry *r)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%s %s %s", r->model, r->quant,
		       r->test);
	if (b->o.quick && !r->quick)
		return false;
	return !b->o.only || strstr(name, b->o.only);
}

static void run_row(struct bench *b, const struct entry *r)
{
	struct line *l = &b->lines[b->n_lines++];
	struct oae_error err = { 0 };

	*l = (struct line){ .row = r,
			    .ours_ts = NAN,
			    .peer_ts = NAN,
			    .other_ts = NAN,
			    .ratio = NAN,
			    .ratio_min = NAN,
			    .ratio_max = NAN,
			    .roof_ts = NAN,
			    .value = NAN };
	(void)snprintf(l->test, sizeof(l->test), "%s", r->test);
	r->fn(b, l, &err);
	oae_progress_end();
	if (err.status)
		(void)snprintf(l->reason, sizeof(l->reason), "%.239s",
			       err.text);
	bench_line(b, l);
}

/* The rows to b->o.out, the machine beside it. */
static enum oae_status write_json(struct bench *b,
				  const struct machine *machine,
				  struct oae_error *err)
{
	char beside[OAE_PATH_BYTES_MAX];
	size_t n = strlen(b->o.out);
	struct oae_buf rows, about;

	if (n > 5 && !strcmp(b->o.out + n - 5, ".json"))
		n -= 5;
	if (snprintf(beside, sizeof(beside), "%.*s.machine.json", (int)n,
		     b->o.out) >= (int)sizeof(beside))
		return oae_fail(err, OAE_ERR_USAGE, 0, "-o: a path too long");
	oae_buf_init(&rows, 4u << 20);
	oae_buf_init(&about, 1u << 20);
	bench_json(b, &rows);
	bench_machine_json(b, machine, &about);
	if (!oae_buf_check(&rows, "the result", err) &&
	    !oae_buf_check(&about, "the result", err) &&
	    !oae_file_write(b->o.out, oae_buf_str(&rows), rows.len, err))
		oae_file_write(beside, oae_buf_str(&about), about.len, err);
	oae_buf_release(&rows);
	oae_buf_release(&about);
	return err->status;
}

static enum oae_status run(struct bench *b, struct oae_error *err)
{
	struct machine machine;
	size_t n = 0;

	for (size_t i = 0; i < oae_rows_count; i++)
		n += wanted(b, &oae_rows[i]);
	if (!n)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"no row has \"%.40s\" in its model, type and "
				"test, such as \"s110 q8_0 pp512\"",
				b->o.only ? b->o.only : "");
	machine_begin(&machine);
	(void)snprintf(b->cpu, sizeof(b->cpu), "%s", machine.model);
	bench_peer_start(b);
	for (size_t i = 0; i < oae_rows_count; i++)
		if (wanted(b, &oae_rows[i]))
			run_row(b, &oae_rows[i]);
	peer_stop(&b->peer);
	machine_end(&machine);
	bench_table(b);
	printf("others used %.2f cores, %.2f were stolen%s\n", machine.others,
	       machine.steal,
	       machine.busy ? ": the machine was busy, look at min - max" : "");
	return write_json(b, &machine, err);
}

int main(int argc, char **argv)
{
	struct options o = { .threads = oae_lm_threads(),
			     .pairs = 5,
			     .out = "build/bench-engine.json",
			     .models = "build/bench-models" };
	const struct oae_lm_option options[] = {
		{ 't', "threads", "N", "of both (default: all processors)",
		  .whole = &o.threads, .low = 1, .high = OAE_THREADS_MAX },
		{ 'r', "pairs", "N", "of samples (default 5)",
		  .whole = &o.pairs, .low = 1, .high = OAE_PAIRS_MAX },
		{ 0, "quick", NULL, "without the models of a gigabyte",
		  .flag = &o.quick },
		{ 0, "only", "TEXT", "rows with TEXT in \"model type test\"",
		  .text = &o.only },
		{ 'o', "out", "FILE.json",
		  "rows (default build/bench-engine.json)", .text = &o.out },
		{ 0, "models", "DIR", "files (default build/bench-models)",
		  .text = &o.models },
	};
	const struct oae_lm_command command = {
		"bench-engine",
		"bench-engine [options]",
		"Measures the engine beside llama.cpp on the same files, with "
		"the same threads,\npair by pair, and what the machine could "
		"do at most. Files of random weights are\nmade when they are "
		"missing (3 GB; 400 MB with --quick). LLAMA_BENCH=/path takes "
		"a\nllama-bench of yours as the other side, LLMC_PEER=/path a "
		"build/tests/llmc-peer\nfor training (`make bench-engine "
		"LLMC=/path/of/llm.c` builds it). Ends with 0\nwhether or not "
		"targets were met.\n\nFILE.json is a list of the rows, with "
		"llama-bench's keys where a row is a test\nof its; a number "
		"that is null has its reason in \"missing\". FILE.machine."
		"json\nsays what they were measured on: processor, peaks, "
		"reading speeds by size, and\nhow much of it others used.",
		"examples:\n"
		"  bench-engine --quick\n"
		"  bench-engine --only 's110 q8_0' -t 1\n"
		"  OAE_KERNELS=avx2 bench-engine --only pp512\n\n"
		"tests/bench-engine/profile shows in which functions the time "
		"goes (needs perf).",
		options,
		sizeof(options) / sizeof(options[0]),
		0,
		0,
	};
	struct bench *b = calloc(1, sizeof(*b));
	struct oae_error err = { 0 };
	int code;

	if (b && !oae_lm_parse(&command, argc, argv, NULL, &code)) {
		free(b);
		return code;
	}
	if (!b) {
		oae_fail(&err, OAE_ERR_NOMEM, 0, "no memory");
		return oae_die_code("bench-engine", &err);
	}
	signal(SIGPIPE, SIG_IGN);
	b->o = o;
	b->flash = -1;
	if (!find_program(b, &err))
		run(b, &err);
	oae_speed_close(&b->ours);
	free(b);
	return err.status ? oae_die_code("bench-engine", &err) : OAE_EXIT_OK;
}
