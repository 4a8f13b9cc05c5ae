/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/stats.h"
#include "tests/bench-engine/bench_engine.h"

/* A number of a row; where there is none, the reason. */
struct figure {
	const char *key;
	double v;
	const char *reason;
};

#define FIGURES 11

static void figures_of(const struct line *l, struct figure out[FIGURES])
{
	const char *because = l->reason[0] ? l->reason : NULL;
	const char *ours = because ? because : "see value";
	const char *peer = because	      ? because :
			   isnan(l->other_ts) ? "there is no other; see value" :
						"see against_ts";
	const char *ratio = because ? because : "see value";
	const char *roof = isnan(l->ours_ts) ? ours : "none is known of it";
	const struct figure all[FIGURES] = {
		{ "ours_ts", l->ours_ts, ours },
		{ "peer_ts", l->peer_ts, peer },
		{ "ratio", l->ratio, ratio },
		{ "ratio_min", l->ratio_min, ratio },
		{ "ratio_max", l->ratio_max, ratio },
		{ "roofline_share", line_share(l), roof },
		{ "target", l->row->target, "none is set" },
		{ "against_ts", l->other_ts, ratio },
		{ "value", l->value, "a ratio is measured" },
		{ "roofline_ts", l->roof_ts, roof },
		{ "ratio_at_roofline", l->roof_ts / l->peer_ts,
		  isnan(l->roof_ts) ? roof : peer },
	};

	memcpy(out, all, sizeof(all));
}

/* What a user of llama-bench looks for, of its tests. */
static void llama_bench_keys(const struct bench *b, struct oae_jw *w,
			     const struct line *l)
{
	bool pp = !strncmp(l->row->test, "pp", 2);
	double mean = 0, square = 0, n = (double)l->pairs;

	if ((!pp && strncmp(l->row->test, "tg", 2) != 0) || !l->pairs)
		return;
	oae_jw_str(w, "cpu_info", b->cpu);
	oae_jw_int(w, "n_threads", (int64_t)b->o.threads);
	oae_jw_int(w, "n_prompt", pp ? l->row->n : 0);
	oae_jw_int(w, "n_gen", pp ? 0 : l->row->n);
	oae_jw_int(w, "n_depth", l->row->depth);
	for (size_t i = 0; i < l->pairs; i++)
		mean += l->ours[i] / n;
	for (size_t i = 0; i < l->pairs; i++)
		square += (l->ours[i] - mean) * (l->ours[i] - mean);
	oae_jw_num(w, "avg_ts", mean);
	oae_jw_num(w, "stddev_ts", n > 1 ? sqrt(square / (n - 1)) : 0);
	oae_jw_arr(w, "samples_ts");
	for (size_t i = 0; i < l->pairs; i++)
		oae_jw_num(w, NULL, l->ours[i]);
	oae_jw_end_arr(w);
}

static void json_line(const struct bench *b, struct oae_jw *w,
		      const struct line *l)
{
	const struct entry *r = l->row;
	struct figure f[FIGURES];

	figures_of(l, f);
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "test", l->test);
	oae_jw_str(w, "model", r->model);
	oae_jw_str(w, "quant", r->quant);
	oae_jw_int(w, "threads", (int64_t)b->o.threads);
	for (size_t i = 0; i < FIGURES; i++)
		oae_jw_num(w, f[i].key, f[i].v);
	if (!isnan(r->target) && !(isnan(l->ratio) && isnan(l->value)))
		oae_jw_bool(w, "met", line_met(l));
	else
		oae_jw_null(w, "met");
	oae_jw_str(w, "against", l->against[0] ? l->against : NULL);
	oae_jw_int(w, "pairs", (int64_t)l->pairs);
	oae_jw_str(w, "reason", l->reason[0] ? l->reason : NULL);
	oae_jw_obj(w, "missing");
	for (size_t i = 0; i < FIGURES; i++)
		if (isnan(f[i].v))
			oae_jw_str(w, f[i].key, f[i].reason);
	oae_jw_end_obj(w);
	oae_jw_str(w, "note", l->note[0] ? l->note : NULL);
	oae_jw_str(w, "cpu", b->cpu);
	oae_jw_str(w, "kernels",
		   b->ours.model ? b->ours.model->kernels->name : NULL);
	llama_bench_keys(b, w, l);
	oae_jw_end_obj(w);
}

void bench_json(const struct bench *b, struct oae_buf *out)
{
	struct oae_jw w;

	oae_jw_init(&w, out, 1);
	oae_jw_arr(&w, NULL);
	for (size_t i = 0; i < b->n_lines; i++)
		json_line(b, &w, &b->lines[i]);
	oae_jw_end_arr(&w);
	oae_buf_putc(out, '\n');
}

static void peaks(struct oae_jw *w, const struct roof *r)
{
	if (!(r->fma > 0)) {
		oae_jw_null(w, "peaks");
		oae_jw_str(w, "peaks_reason", "no row of these has a roof");
		return;
	}
	oae_jw_obj(w, "peaks");
	oae_jw_num(w, "int8_ops_per_s", r->int8);
	oae_jw_num(w, "int8_ops_per_s_one_thread", r->int8_one);
	oae_jw_num(w, "fp32_flops_per_s", r->fma);
	oae_jw_num(w, "fp32_flops_per_s_one_thread", r->fma_one);
	oae_jw_end_obj(w);
}

void bench_machine_json(const struct bench *b, const struct machine *m,
			struct oae_buf *out)
{
	struct oae_jw w;

	oae_jw_init(&w, out, 1);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "cpu", b->cpu);
	oae_jw_int(&w, "cores", m->cores);
	oae_jw_int(&w, "threads", (int64_t)b->o.threads);
	oae_jw_str(&w, "kernels",
		   b->ours.model ? b->ours.model->kernels->name : NULL);
	oae_jw_str(&w, "peer", b->peer_runs ? b->peer_name : NULL);
	if (!b->peer_runs)
		oae_jw_str(&w, "peer_reason", b->peer_reason);
	oae_jw_int(&w, "pairs", (int64_t)b->o.pairs);
	oae_jw_num(&w, "seconds", (double)(m->end_ns - m->begin_ns) / 1e9);
	oae_jw_num(&w, "others_cores", m->others);
	oae_jw_num(&w, "stolen_cores", m->steal);
	oae_jw_bool(&w, "busy", m->busy);
	peaks(&w, &b->roof);
	oae_jw_arr(&w, "reading");
	for (size_t i = 0; i < b->roof.n_read; i++) {
		oae_jw_obj(&w, NULL);
		oae_jw_int(&w, "bytes", (int64_t)b->roof.read[i].bytes);
		oae_jw_num(&w, "bytes_per_s", b->roof.read[i].all);
		oae_jw_num(&w, "bytes_per_s_one_thread", b->roof.read[i].one);
		oae_jw_end_obj(&w);
	}
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
}
