/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random weights in the shape of a real model: how fast would it be here,
 * before it is downloaded? They carry no quality, and the file says so.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "adapters/reference/oae-lm/commands.h"
#include "adapters/reference/oae-lm/options.h"
#include "adapters/reference/synth/synth.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#define LIST_BYTES_MAX (1u << 20)

struct request {
	const char *shape, *arch, *quant, *out;
	uint64_t seed;
	/* 0: as the shape has it */
	uint64_t dim, hidden, layers, heads, kv_heads, head_dim, vocab, experts,
		used;
	bool list, json;
};

struct told {
	uint64_t start_ns;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void say(void *ctx, uint64_t done, uint64_t total)
{
	const struct told *t = ctx;
	double s = (double)(oae_clock_ns() - t->start_ns) / 1e9;
	double left = s * (double)(total - done) / (double)done;

	if (s < 0.5)
		return;
	oae_progress("synth: %.0f %% of %.2f GB, %.0f MB/s, %.0f s left",
		     100.0 * (double)done / (double)total, (double)total / 1e9,
		     (double)done / 1e6 / s, left);
}

static bool numbers_given(const struct request *r)
{
	return r->dim || r->hidden || r->layers || r->heads || r->kv_heads ||
	       r->head_dim || r->vocab || r->experts || r->used;
}

static void replace(uint32_t *to, uint64_t given)
{
	if (given)
		*to = (uint32_t)given;
}

/* A new width brings what usually goes with it. */
static void apply_numbers(const struct request *r, struct oae_synth_shape *p)
{
	if (r->dim) {
		p->dim = (uint32_t)r->dim;
		p->hidden = 2 * p->dim;
		p->heads = p->dim < 128 ? 1 : p->dim / 64;
	}
	replace(&p->hidden, r->hidden);
	replace(&p->layers, r->layers);
	replace(&p->heads, r->heads);
	if (r->dim || r->heads) {
		p->kv_heads = p->heads % 2 ? p->heads : p->heads / 2;
		p->head_dim = p->dim / p->heads;
	}
	replace(&p->kv_heads, r->kv_heads);
	replace(&p->head_dim, r->head_dim);
	replace(&p->vocab, r->vocab);
	replace(&p->experts, r->experts);
	replace(&p->used, r->used);
	p->name = "this shape";
	p->about = "random weights";
}

static enum oae_status make_shape(const struct request *r,
				  struct oae_synth_shape *p,
				  struct oae_error *err)
{
	const char *name = r->shape;
	enum oae_status status;

	if (!name && (r->arch || numbers_given(r)))
		name = "tiny";
	status = oae_synth_find_shape(name, p, err);
	if (!status && r->arch)
		status = oae_synth_set_arch(p, r->arch, err);
	if (status)
		return status;
	if ((r->experts || r->used) && !p->experts)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s has no experts; give --arch mixtral or "
				"qwen3moe",
				p->arch);
	if (numbers_given(r))
		apply_numbers(r, p);
	return OAE_OK;
}

static void print_size(uint64_t bytes, bool possible)
{
	char text[24] = "-";

	if (possible)
		snprintf(text, sizeof(text),
			 bytes < 1000000000 ? "%.1f MB" : "%.2f GB",
			 (double)bytes / (bytes < 1000000000 ? 1e6 : 1e9));
	printf(" %9s", text);
}

static void list_text(void)
{
	const struct oae_synth_shape *p;
	struct oae_synth_size size;
	bool possible;

	printf("%-15s %-8s %11s %11s", "shape", "arch", "parameters", "active");
	for (size_t k = 0; k < oae_synth_quant_count; k++)
		printf(" %9s", oae_synth_quants[k].name);
	putchar('\n');
	for (size_t i = 0; i < oae_synth_shape_count; i++) {
		p = &oae_synth_shapes[i];
		oae_synth_size(p, &oae_synth_quants[0], &size);
		printf("%-15s %-8s %9.1f M %9.1f M", p->name, p->arch,
		       (double)size.parameters / 1e6,
		       (double)size.active / 1e6);
		for (size_t k = 0; k < oae_synth_quant_count; k++) {
			possible =
				!oae_synth_check(p, &oae_synth_quants[k], NULL);
			oae_synth_size(p, &oae_synth_quants[k], &size);
			print_size(size.bytes, possible);
		}
		putchar('\n');
	}
}

static void list_json_shape(struct oae_jw *w, const struct oae_synth_shape *p)
{
	struct oae_synth_size size;

	oae_synth_size(p, &oae_synth_quants[0], &size);
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "shape", p->name);
	oae_jw_str(w, "architecture", p->arch);
	oae_jw_int(w, "parameters", (int64_t)size.parameters);
	oae_jw_int(w, "active_parameters", (int64_t)size.active);
	oae_jw_int(w, "dim", p->dim);
	oae_jw_int(w, "hidden", p->hidden);
	oae_jw_int(w, "layers", p->layers);
	oae_jw_int(w, "heads", p->heads);
	oae_jw_int(w, "kv_heads", p->kv_heads);
	oae_jw_int(w, "head_dim", p->head_dim);
	oae_jw_int(w, "vocab", p->vocab);
	oae_jw_bool(w, "tied", p->tied);
	oae_jw_int(w, "experts", p->experts);
	oae_jw_int(w, "experts_used", p->used);
	oae_jw_obj(w, "tensor_bytes");
	for (size_t k = 0; k < oae_synth_quant_count; k++) {
		if (oae_synth_check(p, &oae_synth_quants[k], NULL))
			continue;
		oae_synth_size(p, &oae_synth_quants[k], &size);
		oae_jw_int(w, oae_synth_quants[k].name, (int64_t)size.bytes);
	}
	oae_jw_end_obj(w);
	oae_jw_end_obj(w);
}

static void list(const struct request *r, struct oae_error *err)
{
	struct oae_buf out;
	struct oae_jw w;

	if (!r->json) {
		list_text();
		return;
	}
	oae_buf_init(&out, LIST_BYTES_MAX);
	oae_jw_init(&w, &out, 2);
	oae_jw_arr(&w, NULL);
	for (size_t i = 0; i < oae_synth_shape_count; i++)
		list_json_shape(&w, &oae_synth_shapes[i]);
	oae_jw_end_arr(&w);
	oae_buf_putc(&out, '\n');
	oae_lm_print(&out, err);
}

static int synth(const struct request *r, struct oae_error *err)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct told told = { .start_ns = oae_clock_ns() };
	struct oae_synth_options o = { .seed = r->seed,
				       .path = r->out,
				       .say = say,
				       .ctx = &told,
				       .stop = &stop };
	const struct oae_synth_quant *quant = NULL;
	struct oae_synth_shape shape;
	bool stopped = false;

	if (!make_shape(r, &shape, err) &&
	    !oae_synth_find_quant(r->quant, &quant, err) &&
	    !oae_synth_check(&shape, quant, err) && !r->out)
		oae_fail(err, OAE_ERR_USAGE, 0, "--out FILE is missing");
	if (!err->status) {
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		oae_synth_write(&shape, quant, &o, &stopped, err);
		oae_progress_end();
	}
	if (stopped) {
		oae_info("interrupted; %s was not written", r->out);
		return OAE_EXIT_INTERRUPTED;
	}
	return oae_lm_end("synth", err);
}

static const char about[] =
	"Writes random weights in the shape of a real model: its speed and "
	"energy on this\nmachine can then be measured before it is downloaded. "
	"Such results carry no\nquality; the file is marked \"synthetic "
	"weights: speed only\". It is streamed to\ndisk; memory stays small.";

static const char more[] =
	"The numbers change a shape (llama-3-8b with --layers 4), or, without "
	"--shape, a\ntiny one. A new --dim sets hidden to twice it, heads to "
	"dim / 64 and kv-heads to\nhalf of them, unless given. Mistral's "
	"files are llama.\n\n"
	"examples:\n"
	"  oae-lm synth --list\n"
	"  oae-lm synth --shape llama-3-8b --quant q4_0 --out 8b.gguf\n"
	"  oae-lm synth --arch qwen3moe --experts 16 --out test.gguf\n"
	"  oae-lm synth --arch qwen2 --dim 256 --layers 3 --out test.gguf\n\n"
	"SIGINT and SIGTERM remove what was written (exit code 130).";

int oae_lm_synth(int argc, char **argv)
{
	struct request r = { .quant = "q8_0", .seed = 1 };
#define SIZE(long_name, text, member, least, most)                           \
	{                                                                    \
		0, long_name, "N", text, .whole = &r.member, .low = (least), \
					 .high = (most)                      \
	}
	const struct oae_lm_option options[] = {
		{ 0, "shape", "NAME", "whose shape; see --list",
		  .text = &r.shape },
		{ 0, "quant", "TYPE",
		  "of the matrices (default q8_0); see --list",
		  .text = &r.quant },
		{ 'o', "out", "FILE", "where it goes", .text = &r.out },
		{ 's', "seed", "S", "the same gives the same bytes (default 1)",
		  .whole = &r.seed, .low = 0, .high = 1e19 },
		{ 0, "arch", "NAME", "llama, mixtral, qwen2, qwen3, qwen3moe",
		  .text = &r.arch },
		SIZE("dim", "width of the residual stream", dim, 32, 65536),
		SIZE("hidden", "width of the feed-forward, of an expert",
		     hidden, 32, 1 << 20),
		SIZE("layers", "of attention and feed-forward", layers, 1,
		     1024),
		SIZE("heads", "of queries", heads, 1, 1024),
		SIZE("kv-heads", "of keys and values", kv_heads, 1, 1024),
		SIZE("head-dim", "a multiple of 16", head_dim, 16, 1024),
		SIZE("vocab", "tokens, 257 or more", vocab, 257, 1 << 20),
		SIZE("experts", "in each layer", experts, 1, 256),
		SIZE("experts-used", "for each token", used, 1, 256),
		{ 0, "list", NULL, "shapes, and the size of each in each type",
		  .flag = &r.list },
		{ 0, "json", NULL, "the list as JSON", .flag = &r.json },
	};
#undef SIZE
	const struct oae_lm_command command = {
		"synth", "oae-lm synth --shape NAME --out FILE.gguf [options]",
		about,	 more,
		options, sizeof(options) / sizeof(options[0]),
		0,	 0,
	};
	struct oae_error err = { 0 };
	int code;

	if (!oae_lm_parse(&command, argc, argv, NULL, &code))
		return code;
	if (!r.list)
		return synth(&r, &err);
	list(&r, &err);
	return oae_lm_end("synth", &err);
}
