/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <unistd.h>

#include "adapters/reference/model.h"
#include "base/file.h"
#include "tests/unit/model_file.h"

#define CTX 64
#define TOKENS 23

static char dir[] = "/tmp/oae-test-model-XXXXXX";
static char path[64];

static const struct model_spec specs[] = {
	{ .arch = "llama", .vocab = 70, .dim = 64, .layers = 2, .heads = 4,
	  .kv_heads = 2, .head_dim = 16, .ff = 96, .seed = 1 },
	{ .arch = "llama", .vocab = 50, .dim = 96, .layers = 1, .heads = 2,
	  .kv_heads = 2, .head_dim = 48, .ff = 64, .tied = true, .seed = 2 },
	{ .arch = "llama", .vocab = 60, .dim = 64, .layers = 2, .heads = 4,
	  .kv_heads = 1, .head_dim = 16, .ff = 32, .experts = 4, .used = 2,
	  .seed = 3 },
	{ .arch = "qwen3", .vocab = 90, .dim = 64, .layers = 3, .heads = 4,
	  .kv_heads = 4, .head_dim = 32, .ff = 160, .tied = true, .seed = 4 },
	{ .arch = "qwen3moe", .vocab = 90, .dim = 64, .layers = 2, .heads = 4,
	  .kv_heads = 2, .head_dim = 32, .ff = 64, .experts = 8, .used = 3,
	  .tied = true, .seed = 5 },
};
#define N_SPECS (sizeof(specs) / sizeof(specs[0]))

static int32_t tokens[TOKENS];

struct set {
	struct oae_threads *threads;
	struct oae_model *model;
	struct oae_state *state;
};

static void set_open(struct set *x, unsigned threads, uint32_t slots)
{
	struct oae_error err = { 0 };

	assert_int_equal(oae_threads_open(threads, &x->threads, NULL), OAE_OK);
	if (oae_model_open(path, x->threads, &x->model, &err))
		fail_msg("%s", err.text);
	assert_int_equal(oae_state_new(x->model, slots, CTX, 32, &x->state,
				       NULL), OAE_OK);
}

static void set_close(struct set *x)
{
	oae_state_free(x->state);
	oae_model_close(x->model);
	oae_threads_close(x->threads);
}

/* ---- the model once more, in double, as the papers write it ---- */

struct plain {
	struct oae_gguf *g;
	const struct model_spec *s;
	double *k, *v;		/* [layer][position][kv_heads * head_dim] */
};

/* y = W x, row by row, W the tensor's part-th matrix. */
static void multiply(struct plain *p, const char *name, size_t part,
		     const double *x, double *y)
{
	const struct oae_gguf_tensor *t = oae_gguf_tensor(p->g, name);
	size_t in, out;
	float *w;

	assert_non_null(t);
	in = (size_t)t->dims[0];
	out = (size_t)t->dims[1];
	w = malloc((size_t)t->elements * sizeof(*w));
	assert_non_null(w);
	oae_tensor_to_f32(t->type, t->data, (size_t)t->elements, w);
	for (size_t o = 0; o < out; o++) {
		y[o] = 0;
		for (size_t i = 0; i < in; i++)
			y[o] += x[i] * (double)w[(part * out + o) * in + i];
	}
	free(w);
}

static void norm(struct plain *p, const char *name, const double *x, size_t n,
		 double *y)
{
	const float *w = oae_gguf_tensor(p->g, name)->data;
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += x[i] * x[i];
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] / sqrt(sum / (double)n + 1e-5) * (double)w[i];
}

static void rotate(const struct model_spec *s, double *x, size_t position)
{
	size_t half = s->head_dim / 2, a, b;

	for (size_t i = 0; i < half; i++) {
		double angle = (double)position *
			       pow(10000, -2.0 * (double)i / s->head_dim);
		double u, v;

		a = strcmp(s->arch, "llama") ? i : 2 * i;
		b = strcmp(s->arch, "llama") ? i + half : 2 * i + 1;
		u = x[a];
		v = x[b];
		x[a] = u * cos(angle) - v * sin(angle);
		x[b] = u * sin(angle) + v * cos(angle);
	}
}

static const char *name_of(uint32_t layer, const char *part)
{
	static char name[64];

	snprintf(name, sizeof(name), "blk.%u.%s.weight", layer, part);
	return name;
}

static void heads(struct plain *p, uint32_t layer, const char *part,
		  uint32_t n, size_t position, double *x)
{
	size_t dim = p->s->head_dim;

	for (uint32_t h = 0; h < n; h++) {
		if (strcmp(p->s->arch, "llama"))
			norm(p, name_of(layer, part), x + h * dim, dim,
			     x + h * dim);
		rotate(p->s, x + h * dim, position);
	}
}

static void attention(struct plain *p, uint32_t layer, size_t position,
		      const double *x, double *y)
{
	const struct model_spec *s = p->s;
	size_t dim = s->head_dim, row = s->kv_heads * dim, kv;
	double q[512], out[512] = { 0 }, weight[CTX], sum;
	double *k = p->k + (layer * CTX + position) * row;
	double *v = p->v + (layer * CTX + position) * row;

	multiply(p, name_of(layer, "attn_q"), 0, x, q);
	multiply(p, name_of(layer, "attn_k"), 0, x, k);
	multiply(p, name_of(layer, "attn_v"), 0, x, v);
	heads(p, layer, "attn_q_norm", s->heads, position, q);
	heads(p, layer, "attn_k_norm", s->kv_heads, position, k);
	for (uint32_t h = 0; h < s->heads; h++) {
		kv = h / (s->heads / s->kv_heads) * dim;
		sum = 0;
		for (size_t t = 0; t <= position; t++) {
			weight[t] = 0;
			for (size_t i = 0; i < dim; i++)
				weight[t] += q[h * dim + i] *
					p->k[(layer * CTX + t) * row + kv + i];
			weight[t] = exp(weight[t] / sqrt((double)dim));
			sum += weight[t];
		}
		for (size_t t = 0; t <= position; t++)
			for (size_t i = 0; i < dim; i++)
				out[h * dim + i] += weight[t] / sum *
					p->v[(layer * CTX + t) * row + kv + i];
	}
	multiply(p, name_of(layer, "attn_output"), 0, out, y);
}

static void feed(struct plain *p, uint32_t layer, const char *suffix,
		 size_t expert, const double *x, double *y)
{
	double gate[512], up[512];
	char part[32];

	snprintf(part, sizeof(part), "ffn_gate%s", suffix);
	multiply(p, name_of(layer, part), expert, x, gate);
	snprintf(part, sizeof(part), "ffn_up%s", suffix);
	multiply(p, name_of(layer, part), expert, x, up);
	for (uint32_t i = 0; i < p->s->ff; i++)
		gate[i] = gate[i] / (1 + exp(-gate[i])) * up[i];
	snprintf(part, sizeof(part), "ffn_down%s", suffix);
	multiply(p, name_of(layer, part), expert, gate, y);
}

static void experts(struct plain *p, uint32_t layer, const double *x,
		    double *y)
{
	const struct model_spec *s = p->s;
	double score[16], chosen = 0, one[512];
	uint32_t order[16];

	multiply(p, name_of(layer, "ffn_gate_inp"), 0, x, score);
	for (uint32_t e = 0; e < s->experts; e++) {
		score[e] = exp(score[e]);
		order[e] = e;
	}
	for (uint32_t i = 0; i < s->used; i++) {	/* selection sort */
		for (uint32_t j = i + 1; j < s->experts; j++) {
			if (score[order[j]] > score[order[i]]) {
				uint32_t keep = order[i];

				order[i] = order[j];
				order[j] = keep;
			}
		}
		chosen += score[order[i]];
	}
	memset(y, 0, s->dim * sizeof(*y));
	for (uint32_t i = 0; i < s->used; i++) {
		feed(p, layer, "_exps", order[i], x, one);
		for (uint32_t d = 0; d < s->dim; d++)
			y[d] += score[order[i]] / chosen * one[d];
	}
}

/* Logits of the token at a position; earlier ones must have been done. */
static void plain_forward(struct plain *p, int32_t token, size_t position,
			  double *logits)
{
	const struct model_spec *s = p->s;
	double x[512], h[512], y[512];
	const struct oae_gguf_tensor *t;
	float row[512];

	t = oae_gguf_tensor(p->g, "token_embd.weight");
	oae_tensor_to_f32(t->type, (const uint8_t *)t->data +
			  oae_tensor_bytes(t->type, s->dim) * (size_t)token,
			  s->dim, row);
	for (uint32_t i = 0; i < s->dim; i++)
		x[i] = row[i];
	for (uint32_t l = 0; l < s->layers; l++) {
		norm(p, name_of(l, "attn_norm"), x, s->dim, h);
		attention(p, l, position, h, y);
		for (uint32_t i = 0; i < s->dim; i++)
			x[i] += y[i];
		norm(p, name_of(l, "ffn_norm"), x, s->dim, h);
		if (s->experts)
			experts(p, l, h, y);
		else
			feed(p, l, "", 0, h, y);
		for (uint32_t i = 0; i < s->dim; i++)
			x[i] += y[i];
	}
	norm(p, "output_norm.weight", x, s->dim, h);
	multiply(p, s->tied ? "token_embd.weight" : "output.weight", 0, h,
		 logits);
}

/* Root mean square difference over the root mean square. */
static double difference(const float *x, const double *want, size_t n)
{
	double off = 0, all = 0;

	for (size_t i = 0; i < n; i++) {
		off += (x[i] - want[i]) * (x[i] - want[i]);
		all += want[i] * want[i];
	}
	return sqrt(off / all);
}

static void check_against_plain(const struct model_spec *s, double most)
{
	struct plain p = { .s = s };
	struct oae_row rows[TOKENS];
	double logits[512];
	struct set x;

	assert_int_equal(model_write(path, s, NULL), OAE_OK);
	set_open(&x, 2, 1);
	assert_int_equal(oae_gguf_open(path, &p.g, NULL), OAE_OK);
	p.k = calloc((size_t)s->layers * CTX * s->kv_heads * s->head_dim,
		     sizeof(double));
	p.v = calloc((size_t)s->layers * CTX * s->kv_heads * s->head_dim,
		     sizeof(double));
	assert_true(p.k && p.v);
	for (uint32_t i = 0; i < TOKENS; i++)
		rows[i] = (struct oae_row){ tokens[i], 0, i, true };
	assert_int_equal(oae_forward(x.state, rows, TOKENS, NULL), OAE_OK);
	for (size_t i = 0; i < TOKENS; i++) {
		double d;

		plain_forward(&p, tokens[i], i, logits);
		d = difference(oae_state_logits(x.state) + i * s->vocab,
			       logits, s->vocab);
		if (!(d < most))
			fail_msg("%s %s, position %zu: off by %g", s->arch,
				 oae_tensor_type_name(s->type), i, d);
	}
	free(p.k);
	free(p.v);
	oae_gguf_close(p.g);
	set_close(&x);
}

static void test_forward_is_right(void **state)
{
	static const struct {
		enum oae_tensor_type type;
		double most;
	} types[] = {	/* f16 keys and values cost accuracy, q8 activations more */
		{ OAE_TENSOR_F32, 6e-3 }, { OAE_TENSOR_F16, 6e-3 },
		{ OAE_TENSOR_BF16, 6e-3 }, { OAE_TENSOR_Q8_0, 0.06 },
	};

	(void)state;
	for (size_t i = 0; i < N_SPECS; i++) {
		for (size_t t = 0; t < 4; t++) {
			struct model_spec s = specs[i];

			/* a router that flips an expert is another model */
			if (s.experts && types[t].type == OAE_TENSOR_Q8_0)
				continue;
			s.type = types[t].type;
			check_against_plain(&s, types[t].most);
		}
	}
}

/* Computes tokens in batches of the given sizes; logits of all. */
static void run_batches(struct set *x, const size_t *sizes, uint32_t slot,
			float *logits)
{
	size_t n_vocab = x->model->shape.n_vocab, at = 0;
	struct oae_row rows[TOKENS];

	for (size_t b = 0; at < TOKENS; b++) {
		for (uint32_t i = 0; i < sizes[b]; i++)
			rows[i] = (struct oae_row){ tokens[at + i], slot,
						    (uint32_t)at + i, true };
		assert_int_equal(oae_forward(x->state, rows, sizes[b], NULL),
				 OAE_OK);
		memcpy(logits + at * n_vocab, oae_state_logits(x->state),
		       sizes[b] * n_vocab * sizeof(float));
		at += sizes[b];
	}
}

/* The same bits for any batches, threads and kernels. */
static void test_same_bits(void **state)
{
	static const size_t sizes[][TOKENS] = {
		{ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		  1, 1, 1 },
		{ 23 }, { 5, 5, 5, 5, 3 }, { 1, 22 }, { 16, 7 }, { 9, 14 },
	};
	static const enum oae_tensor_type types[] = {
		OAE_TENSOR_F32, OAE_TENSOR_Q8_0, OAE_TENSOR_Q4_0,
	};
	static const char *const kernels[] = { "scalar", "avx2", "avx512" };
	const struct oae_kernels *k;
	float *want, *got;
	size_t bytes;
	struct set x;

	(void)state;
	for (size_t i = 0; i < N_SPECS * 3; i++) {
		struct model_spec s = specs[i / 3];

		s.type = types[i % 3];
		assert_int_equal(model_write(path, &s, NULL), OAE_OK);
		bytes = TOKENS * s.vocab * sizeof(float);
		want = malloc(bytes);
		got = malloc(bytes);
		setenv("OAE_KERNELS", "scalar", 1);
		set_open(&x, 1, 1);
		run_batches(&x, sizes[0], 0, want);
		set_close(&x);
		for (size_t n = 0; n < 3; n++) {
			if (oae_kernels_find(kernels[n], &k, NULL))
				continue;
			setenv("OAE_KERNELS", kernels[n], 1);
			for (unsigned threads = 1; threads <= 3; threads += 2) {
				set_open(&x, threads, 1);
				for (size_t b = 0; b < 6; b++) {
					run_batches(&x, sizes[b], 0, got);
					assert_memory_equal(got, want, bytes);
				}
				set_close(&x);
			}
		}
		unsetenv("OAE_KERNELS");
		free(want);
		free(got);
	}
}

/* Two sequences in one batch do not see each other. */
static void test_slots(void **state)
{
	static const size_t whole[] = { TOKENS };
	size_t n_vocab = specs[0].vocab;
	struct oae_row rows[32];
	float want[TOKENS * 70];
	struct set x;

	(void)state;
	assert_int_equal(model_write(path, &specs[0], NULL), OAE_OK);
	set_open(&x, 1, 3);
	run_batches(&x, whole, 1, want);
	for (uint32_t i = 0; i < 12; i++) {
		rows[i] = (struct oae_row){ tokens[i], 0, i, true };
		rows[12 + i] = (struct oae_row){ tokens[TOKENS - 1 - i], 2, i,
						 true };
	}
	assert_int_equal(oae_forward(x.state, rows, 24, NULL), OAE_OK);
	assert_memory_equal(oae_state_logits(x.state), want,
			    12 * n_vocab * sizeof(float));
	/* one more token of either, which is the first's 13th again */
	rows[0] = (struct oae_row){ tokens[3], 2, 12, false };
	rows[1] = (struct oae_row){ tokens[12], 0, 12, true };
	assert_int_equal(oae_forward(x.state, rows, 2, NULL), OAE_OK);
	assert_memory_equal(oae_state_logits(x.state), want + 12 * n_vocab,
			    n_vocab * sizeof(float));
	set_close(&x);
}

static void test_bad_rows(void **state)
{
	static const struct oae_row bad[] = {
		{ -1, 0, 0, false }, { 70, 0, 0, false }, { 0, 1, 0, false },
		{ 0, 0, CTX, false },
	};
	struct set x;

	(void)state;
	assert_int_equal(model_write(path, &specs[0], NULL), OAE_OK);
	set_open(&x, 1, 1);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(oae_forward(x.state, &bad[i], 1, NULL),
				 OAE_ERR_USAGE);
	assert_int_equal(oae_forward(x.state, bad, 0, NULL), OAE_ERR_USAGE);
	set_close(&x);
}

static void refuse(struct model_spec s, enum oae_status status,
		   const char *word)
{
	struct oae_error err = { 0 };
	struct oae_threads *threads;
	struct oae_model *m;

	assert_int_equal(model_write(path, &s, NULL), OAE_OK);
	assert_int_equal(oae_threads_open(1, &threads, NULL), OAE_OK);
	assert_int_equal(oae_model_open(path, threads, &m, &err), status);
	if (!strstr(err.text, word) || !strstr(err.text, path))
		fail_msg("\"%s\" does not say \"%s\"", err.text, word);
	oae_threads_close(threads);
}

static void test_refusals(void **state)
{
	struct model_spec s = specs[0];

	(void)state;
	s.arch = "mamba";
	refuse(s, OAE_ERR_UNSUPPORTED, "mamba");
	s = specs[0];
	s.leave_key = "llama.block_count";
	refuse(s, OAE_ERR_UNSUPPORTED, "llama.block_count");
	s = specs[4];
	s.leave_key = "qwen3moe.expert_used_count";
	refuse(s, OAE_ERR_UNSUPPORTED, "expert_used_count");
	s = specs[0];
	s.leave_tensor = "blk.1.attn_k.weight";
	refuse(s, OAE_ERR_FORMAT, "blk.1.attn_k.weight");
	s.leave_tensor = NULL;
	s.wrong_tensor = "blk.0.ffn_up.weight";
	refuse(s, OAE_ERR_FORMAT, "blk.0.ffn_up.weight");
	s.wrong_tensor = NULL;
	s.extra_tensor = "blk.0.attn_q.bias";
	refuse(s, OAE_ERR_UNSUPPORTED, "blk.0.attn_q.bias");
	s.extra_tensor = NULL;
	s.extra_key = "llama.rope.scaling.type";
	refuse(s, OAE_ERR_UNSUPPORTED, "yarn");
	s = specs[0];
	s.head_dim = 24;
	refuse(s, OAE_ERR_UNSUPPORTED, "24");
}

/* Damaged model files are refused, or run without harm. */
static void test_mutations(void **state)
{
	struct model_spec s = specs[4];
	struct oae_threads *threads;
	struct oae_model *m;
	struct oae_state *st;
	struct oae_row row = { 0, 0, 0, true };
	struct oae_buf b;
	struct oae_rng rng;
	size_t ran = 0;

	(void)state;
	s.layers = 1;
	assert_int_equal(model_write(path, &s, NULL), OAE_OK);
	oae_buf_init(&b, 1 << 22);
	assert_int_equal(oae_file_read(path, &b, NULL), OAE_OK);
	assert_int_equal(oae_threads_open(1, &threads, NULL), OAE_OK);
	oae_rng_seed(&rng, 11);
	for (int i = 0; i < 300; i++) {
		size_t at = 24 + oae_rng_below(&rng, 1500);
		char keep = b.data[at];
		FILE *f = fopen(path, "wb");

		assert_non_null(f);
		b.data[at] = (char)oae_rng_u64(&rng);
		assert_int_equal(fwrite(b.data, 1, b.len, f), b.len);
		fclose(f);
		b.data[at] = keep;
		if (oae_model_open(path, threads, &m, NULL))
			continue;
		if (!oae_state_new(m, 1, 16, 4, &st, NULL)) {
			oae_forward(st, &row, 1, NULL);
			oae_state_free(st);
			ran++;
		}
		oae_model_close(m);
	}
	assert_true(ran > 10 && ran < 290);
	oae_threads_close(threads);
	oae_buf_release(&b);
}

struct counting {
	_Atomic unsigned hits[1000];
	_Atomic unsigned wrong;
	unsigned threads;
};

static void count(void *ctx, size_t item, unsigned thread)
{
	struct counting *c = ctx;

	c->hits[item]++;
	c->wrong += thread >= c->threads;
}

static void test_threads(void **state)
{
	static struct counting c;
	struct oae_threads *t;

	(void)state;
	assert_int_equal(oae_threads_open(0, &t, NULL), OAE_ERR_USAGE);
	for (unsigned n = 1; n <= 4; n++) {
		assert_int_equal(oae_threads_open(n, &t, NULL), OAE_OK);
		assert_int_equal(oae_threads_count(t), n);
		c.threads = n;
		for (size_t round = 0; round < 300; round++) {
			size_t items = round % 7 ? round : 1000;

			memset((void *)c.hits, 0, sizeof(c.hits));
			oae_threads_run(t, items, count, &c);
			for (size_t i = 0; i < 1000; i++)
				assert_int_equal(c.hits[i], i < items);
			if (round % 100 == 50)
				usleep(2000);	/* long enough to park */
		}
		assert_int_equal(c.wrong, 0);
		oae_threads_close(t);
	}
}

static int set_up(void **state)
{
	struct oae_rng rng;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/m.gguf", dir);
	oae_rng_seed(&rng, 9);
	for (size_t i = 0; i < TOKENS; i++)
		tokens[i] = (int32_t)oae_rng_below(&rng, 50);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_forward_is_right),
		cmocka_unit_test(test_same_bits),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_bad_rows),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests_name("model", tests, set_up, tear_down);
}
