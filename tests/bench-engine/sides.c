/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench-engine/bench_engine.h"

#define LOAD_MS 180000
#define SAMPLE_MS 300000
#define PEER_BATCH 2048 /* llama-bench's defaults */
#define PEER_UBATCH 512

/* ---- ours --------------------------------------------------------------- */

enum oae_status bench_load_ours(struct bench *b, const char *path,
				struct oae_error *err)
{
	if (!strcmp(b->loaded, path))
		return OAE_OK;
	oae_speed_close(&b->ours);
	b->loaded[0] = '\0';
	if (oae_speed_open(&b->ours, path, (unsigned)b->o.threads, err))
		return err->status;
	(void)snprintf(b->loaded, sizeof(b->loaded), "%s", path);
	return OAE_OK;
}

/* The room that a sample needs, unless it is there. */
static enum oae_status room(struct bench *b, uint32_t slots, uint32_t ctx,
			    uint32_t batch, struct oae_error *err)
{
	const struct oae_speed *s = &b->ours;

	if (s->state && s->slots == slots && s->ctx >= ctx && s->batch >= batch)
		return OAE_OK;
	return oae_speed_room(&b->ours, slots, ctx, batch, err);
}

static double per_second(uint32_t n, uint64_t ns)
{
	return (double)n / (double)ns * 1e9;
}

enum oae_status ours_prefill(struct bench *b, const struct entry *r, double *ts,
			     struct oae_error *err)
{
	uint64_t ns;

	if (room(b, 1, r->n, r->n, err) ||
	    oae_speed_prefill(&b->ours, r->n, 0, &ns, err))
		return err->status;
	*ts = per_second(r->n, ns);
	return OAE_OK;
}

enum oae_status ours_decode(struct bench *b, const struct entry *r, double *ts,
			    struct oae_error *err)
{
	uint64_t ns;

	if (room(b, 1, r->depth + r->n, 256, err) ||
	    oae_speed_decode(&b->ours, r->n, r->depth, &ns, err))
		return err->status;
	*ts = per_second(r->n, ns);
	return OAE_OK;
}

enum oae_status ours_batched(struct bench *b, const struct entry *r, double *ts,
			     struct oae_error *err)
{
	uint64_t ns;

	if (room(b, r->sequences, r->n, r->sequences, err) ||
	    oae_speed_batched(&b->ours, r->n, &ns, err))
		return err->status;
	*ts = per_second(r->n * r->sequences, ns);
	return OAE_OK;
}

/* ---- theirs ------------------------------------------------------------- */

void bench_peer_start(struct bench *b)
{
	struct oae_error err = { 0 };
	cJSON *info = NULL;

	b->llama_bench = getenv("LLAMA_BENCH");
	if (b->llama_bench && *b->llama_bench) {
		(void)snprintf(b->peer_name, sizeof(b->peer_name),
			       "llama-bench %.45s", b->llama_bench);
		b->peer_runs = true;
		return;
	}
	b->llama_bench = NULL;
	if (!peer_start(&b->peer, &err))
		info = peer_ask(&b->peer, "{\"do\":\"info\"}", LOAD_MS, &err);
	if (info) {
		(void)snprintf(b->peer_name, sizeof(b->peer_name),
			       "llama.cpp %.20s (%.20s)",
			       oae_json_str_or(info, "release", "?"),
			       oae_json_str_or(info, "backend", "?"));
	} else {
		(void)snprintf(b->peer_reason, sizeof(b->peer_reason),
			       "no llama.cpp: `make test-peer` installs it, "
			       "or LLAMA_BENCH=/path/of/llama-bench");
	}
	b->peer_runs = info != NULL;
	cJSON_Delete(info);
}

enum oae_status bench_load_peer(struct bench *b, const struct entry *r,
				const char *path, struct oae_error *err)
{
	uint32_t sequences = r->sequences ? r->sequences : 1;
	const char *flash = b->flash < 0 ? "null" : b->flash ? "true" : "false";
	bool same = !strcmp(b->peer_loaded, path);
	char what[160];

	(void)snprintf(what, sizeof(what),
		       "\"threads\":%llu,\"ctx\":%u,\"batch\":%d,"
		       "\"ubatch\":%d,\"sequences\":%u,\"flash\":%s",
		       (unsigned long long)b->o.threads,
		       (r->depth + r->n + 255) / 256 * 256, PEER_BATCH,
		       PEER_UBATCH, sequences, flash);
	if (b->llama_bench || (same && !strcmp(b->peer_room, what))) {
		(void)snprintf(b->peer_loaded, sizeof(b->peer_loaded), "%s",
			       path);
		return OAE_OK;
	}
	b->peer_loaded[0] = '\0';
	cJSON_Delete(peer_askf(&b->peer, LOAD_MS, err,
			       "{\"do\":\"%s\",\"file\":\"%s\",%s}",
			       same ? "context" : "load", path, what));
	if (err->status)
		return err->status;
	(void)snprintf(b->peer_loaded, sizeof(b->peer_loaded), "%s", path);
	(void)snprintf(b->peer_room, sizeof(b->peer_room), "%s", what);
	return OAE_OK;
}

static enum oae_status ask(struct bench *b, const char *what, uint32_t n,
			   uint32_t depth, uint32_t tokens, double *ts,
			   struct oae_error *err)
{
	cJSON *answer = peer_askf(&b->peer, SAMPLE_MS, err,
				  "{\"do\":\"%s\",\"n\":%u,\"depth\":%u}", what,
				  n, depth);
	uint64_t ns = oae_json_u64_or(answer, "ns", 0);

	cJSON_Delete(answer);
	if (!err->status && !ns)
		oae_fail(err, OAE_ERR_TARGET, 0, "llama-peer gave no time");
	if (!err->status)
		*ts = per_second(tokens, ns);
	return err->status;
}

/* One run of the user's own program; it loads and warms up by itself. */
static enum oae_status run_llama_bench(struct bench *b, uint32_t pp,
				       uint32_t tg, uint32_t depth, double *ts,
				       struct oae_error *err)
{
	char p[12], n[12], d[12], t[12];
	const char *argv[20] = {
		b->llama_bench, "-m", b->peer_loaded, "-p", p,	  "-n",	 n,
		"-t",		t,    "-r",	      "1",  "-o", "json"
	};
	size_t at = 13;
	struct oae_buf out;
	cJSON *list = NULL;

	(void)snprintf(p, sizeof(p), "%u", pp);
	(void)snprintf(n, sizeof(n), "%u", tg);
	(void)snprintf(d, sizeof(d), "%u", depth);
	(void)snprintf(t, sizeof(t), "%u", (unsigned)b->o.threads);
	if (depth) {
		argv[at++] = "-d";
		argv[at++] = d;
	}
	if (b->flash >= 0) {
		argv[at++] = "-fa";
		argv[at++] = b->flash ? "1" : "0";
	}
	oae_buf_init(&out, 1u << 20);
	if (!oae_run_command(argv, NULL, SAMPLE_MS, &out, err) &&
	    !oae_json_parse(oae_buf_str(&out), out.len, &list, err))
		oae_json_num(cJSON_GetArrayItem(list, 0), "avg_ts", ts, err);
	if (err->status)
		oae_error_prefix(err, "llama-bench");
	cJSON_Delete(list);
	oae_buf_release(&out);
	return err->status;
}

enum oae_status peer_prefill(struct bench *b, const struct entry *r, double *ts,
			     struct oae_error *err)
{
	if (b->llama_bench)
		return run_llama_bench(b, r->n, 0, 0, ts, err);
	return ask(b, "pp", r->n, 0, r->n, ts, err);
}

enum oae_status peer_decode(struct bench *b, const struct entry *r, double *ts,
			    struct oae_error *err)
{
	if (b->llama_bench)
		return run_llama_bench(b, 0, r->n, r->depth, ts, err);
	return ask(b, "tg", r->n, r->depth, r->n, ts, err);
}

enum oae_status peer_batched(struct bench *b, const struct entry *r, double *ts,
			     struct oae_error *err)
{
	if (b->llama_bench)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"llama-bench has no such test");
	return ask(b, "batched", r->n, 0, r->n * r->sequences, ts, err);
}
