/* SPDX-License-Identifier: Apache-2.0 */
/* From nothing to the first token, and what stays in memory. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/spawn.h"
#include "tests/bench-engine/bench_engine.h"

#define START_MS 60000

static enum oae_status path_of(struct bench *b, const struct entry *r,
			       char path[OAE_PATH_BYTES_MAX],
			       struct oae_error *err)
{
	return bench_file(b, r->model, r->quant, path, OAE_PATH_BYTES_MAX, err);
}

/* Reads until some text came, which is when everything is loaded. */
static bool wait_for_text(struct oae_child *c)
{
	struct pollfd fd = { .fd = c->out, .events = POLLIN };
	char text[64];

	for (int waited = 0; waited < START_MS; waited += 50) {
		(void)poll(&fd, 1, 50);
		if (read(c->out, text, sizeof(text)) > 0)
			return true;
	}
	return false;
}

/* Ours: from before the spawn to its first token's text, three of prompt. */
static enum oae_status ours_first(struct bench *b, const struct entry *r,
				  double *ts, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX], threads[12], how_ended[64];
	const char *argv[] = { b->program, "generate",	   path, "-p",
			       "abc",	   "-n",	   "1",	 "-t",
			       threads,	   "--ignore-eos", NULL };
	const struct oae_spawn how = { .argv = argv };
	struct oae_child c;
	uint64_t start;
	bool text;

	(void)snprintf(threads, sizeof(threads), "%u", (unsigned)b->o.threads);
	if (path_of(b, r, path, err))
		return err->status;
	start = oae_clock_ns();
	if (oae_child_spawn(&c, &how, err))
		return err->status;
	text = wait_for_text(&c);
	*ts = 1e9 / (double)(oae_clock_ns() - start);
	if (!oae_child_wait(&c, START_MS) || c.wait_status || !text) {
		oae_child_describe(&c, how_ended, sizeof(how_ended));
		oae_fail(err, OAE_ERR_TARGET, 0, "oae-lm gave no token: %s",
			 how_ended);
	}
	oae_child_release(&c);
	return err->status;
}

/* Theirs: from before the spawn to its first token, three of prompt. */
static enum oae_status peer_first(struct bench *b, const struct entry *r,
				  double *ts, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	struct peer p = { 0 };
	uint64_t start;

	if (path_of(b, r, path, err))
		return err->status;
	start = oae_clock_ns();
	if (!peer_start(&p, err))
		cJSON_Delete(peer_askf(&p, START_MS, err,
				       "{\"do\":\"load\",\"file\":\"%s\","
				       "\"threads\":%u,\"ctx\":2048}",
				       path, (unsigned)b->o.threads));
	if (!err->status)
		cJSON_Delete(peer_ask(&p,
				      "{\"do\":\"greedy\",\"n\":1,"
				      "\"tokens\":[66,67,68]}",
				      START_MS, err));
	*ts = 1e9 / (double)(oae_clock_ns() - start);
	peer_stop(&p);
	return err->status;
}

void row_first_token(struct bench *b, struct line *l, struct oae_error *err)
{
	if (!b->peer_runs || b->llama_bench) {
		bench_alone(b, l, ours_first,
			    b->peer_runs ? "llama-bench has no such test" :
					   b->peer_reason,
			    err);
	} else if (!bench_pairs(b, l, ours_first, peer_first, err)) {
		l->peer_ts = l->other_ts;
		(void)snprintf(l->against, sizeof(l->against), "%s",
			       b->peer_name);
	}
	if (!err->status)
		(void)snprintf(l->note, sizeof(l->note), "%.1f ms",
			       1e3 / l->ours_ts);
}

/* "VmRSS:  1234 kB" of a process. */
static double resident(pid_t pid)
{
	unsigned long kb = 0;
	char path[64], line[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %lu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return (double)kb * 1024;
}

/* While it generates: resident memory over the bytes of the tensors. */
void row_resident(struct bench *b, struct line *l, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	const char *argv[] = { b->program, "generate",	   path,   "-p",
			       "abc",	   "-n",	   "1000", "-c",
			       "1024",	   "--ignore-eos", NULL };
	const struct oae_spawn how = { .argv = argv };
	struct oae_gguf *g = NULL;
	struct oae_child c;
	double bytes = 0, weights = 0;

	if (path_of(b, l->row, path, err) || oae_gguf_open(path, &g, err))
		return;
	for (size_t i = 0; i < oae_gguf_tensor_count(g); i++)
		weights += (double)oae_gguf_tensor_at(g, i)->bytes;
	oae_gguf_close(g);
	if (oae_child_spawn(&c, &how, err))
		return;
	if (wait_for_text(&c))
		bytes = resident(c.pid);
	oae_child_kill(&c, 1000);
	oae_child_release(&c);
	if (bytes <= 0) {
		oae_fail(err, OAE_ERR_TARGET, 0, "oae-lm gave no text");
		return;
	}
	l->value = bytes / weights;
	(void)snprintf(l->note, sizeof(l->note),
		       "%.1f MB for %.1f MB of weights", bytes / 1e6,
		       weights / 1e6);
}
