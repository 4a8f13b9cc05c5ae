/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many requests at once give what each gives alone, bit for bit, however they
 * join, leave and are dropped, with and without common beginnings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "adapters/reference/engine.h"
#include "tests/unit/allocations.h"
#include "tests/unit/model_file.h"
#include "tests/unit/skip.h"

#define CONTEXT 256u
#define TEXT_MAX 4096u

static char dir[] = "/tmp/oae-test-batch-XXXXXX";
static char dense[64], draft[64], experts[64];

/* ---- requests ----------------------------------------------------------- */

struct want {
	struct oae_engine_request r;
	char prompt[200], more[20];
	const char *stops[1];
	/* what it gives alone */
	int32_t tokens[CONTEXT];
	size_t n;
	char text[TEXT_MAX];
	size_t len;
	enum oae_finish finish;
	double log_prob;
};

/* What one gives in the batch. */
struct got {
	bool over, cancelled;
	int32_t tokens[CONTEXT];
	size_t n;
	char text[TEXT_MAX];
	size_t len;
	enum oae_finish finish;
	double log_prob;
	struct oae_engine_stats stats;
};

static void letters(struct oae_rng *rng, char *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (char)('a' + oae_rng_below(rng, 26));
	to[n] = 0;
}

/* Some begin as others do, with one of three documents. */
static void make_request(struct oae_rng *rng, struct want *w)
{
	static const uint64_t seeds[] = { 101, 102, 103 };
	struct oae_rng document;
	size_t at = 0;

	*w = (struct want){ 0 };
	if (oae_rng_below(rng, 3)) {
		oae_rng_seed(&document, seeds[oae_rng_below(rng, 3)]);
		at = 20 + oae_rng_below(rng, 120);
		letters(&document, w->prompt, at);
	}
	letters(rng, w->prompt + at, 1 + oae_rng_below(rng, 40));
	w->r = (struct oae_engine_request){
		.prompt = w->prompt,
		.prompt_len = strlen(w->prompt),
		.max_tokens = 1 + (uint32_t)oae_rng_below(rng, 50),
		.temperature = oae_rng_below(rng, 2) ? 1 : 0,
		.top_k = (uint32_t)oae_rng_below(rng, 3) * 20,
		.seed = oae_rng_below(rng, 1000),
		.ignore_eos = oae_rng_below(rng, 2) == 0,
	};
	if (oae_rng_below(rng, 4) == 0) {
		letters(rng, w->more, 1);
		w->stops[0] = w->more;
		w->r.stops = w->stops;
		w->r.n_stops = 1;
	} else if (oae_rng_below(rng, 6) == 0) {
		letters(rng, w->more, 1 + oae_rng_below(rng, 18));
		w->r.continuation = w->more;
		w->r.continuation_len = strlen(w->more);
	}
}

static struct oae_engine *engine(const struct oae_engine_config *config)
{
	struct oae_error err = { 0 };
	struct oae_engine *e;

	if (oae_engine_open(config, &e, &err))
		fail_msg("%s", err.text);
	return e;
}

/* By the functions for one request, in an engine of one slot. */
static void run_alone(struct oae_engine *e, struct want *w)
{
	struct oae_engine_piece piece = { 0 };
	struct oae_engine_stats stats;
	struct oae_error err = { 0 };
	const int32_t *all;
	size_t n;
	uint32_t tokens;

	if (w->r.continuation) {
		assert_int_equal(oae_engine_score(e, w->prompt, w->r.prompt_len,
						  w->more,
						  w->r.continuation_len,
						  &w->log_prob, &tokens, &err),
				 OAE_OK);
		w->finish = OAE_FINISH_SCORED;
		return;
	}
	if (oae_engine_start(e, &w->r, &err))
		fail_msg("%s", err.text);
	while (!piece.finish) {
		if (oae_engine_step(e, &piece, &err))
			fail_msg("%s", err.text);
		assert_true(w->len + piece.len < TEXT_MAX);
		memcpy(w->text + w->len, piece.text, piece.len);
		w->len += piece.len;
	}
	w->finish = piece.finish;
	oae_engine_stats(e, &stats);
	all = oae_engine_tokens(e, &n);
	w->n = stats.tokens_out;
	memcpy(w->tokens, all + stats.tokens_in, w->n * sizeof(*all));
}

static void take_event(const struct oae_batch_event *e, struct got *g)
{
	if (e->error)
		fail_msg("%s", e->error->text);
	assert_false(g->over);
	for (uint32_t i = 0; i < e->piece.tokens; i++)
		g->tokens[g->n++] = e->tokens[i];
	assert_true(g->len + e->piece.len < TEXT_MAX);
	memcpy(g->text + g->len, e->piece.text, e->piece.len);
	g->len += e->piece.len;
	g->finish = e->piece.finish;
	g->over = e->piece.finish != OAE_FINISH_NOT_YET;
	g->log_prob = e->log_prob;
	g->stats = *e->stats;
}

static void compare(const struct want *w, const struct got *g)
{
	assert_true(g->over);
	if (g->cancelled) {
		assert_true(g->n <= w->n);
		assert_memory_equal(g->tokens, w->tokens,
				    g->n * sizeof(*g->tokens));
		assert_true(g->len <= w->len);
		assert_memory_equal(g->text, w->text, g->len);
		return;
	}
	assert_int_equal(g->finish, w->finish);
	assert_int_equal(g->n, w->n);
	assert_memory_equal(g->tokens, w->tokens, g->n * sizeof(*g->tokens));
	assert_int_equal(g->len, w->len);
	assert_memory_equal(g->text, w->text, g->len);
	assert_memory_equal(&g->log_prob, &w->log_prob, sizeof(double));
	if (g->finish != OAE_FINISH_SCORED)
		assert_int_equal(g->stats.tokens_out, g->n);
	assert_true(g->stats.reused < g->stats.tokens_in);
}

#define REQUESTS 40

static uint64_t drafted; /* by all, so far */

/* Joins, leaves and cancels at random; returns how much was reused. */
static uint64_t run_together(struct oae_engine *e, struct oae_rng *rng,
			     struct want *want)
{
	struct oae_batch *b = oae_engine_batch(e);
	const struct oae_batch_event *events;
	static struct got got[REQUESTS];
	size_t sent = 0, n, victim;
	uint64_t reused = 0;

	memset(got, 0, sizeof(got));
	while (sent < REQUESTS || oae_batch_live(b)) {
		while (sent < REQUESTS && oae_rng_below(rng, 3) == 0) {
			if (oae_batch_submit(b, sent, &want[sent].r, NULL))
				break; /* all taken */
			sent++;
		}
		if (sent && oae_rng_below(rng, 20) == 0) {
			victim = oae_rng_below(rng, sent);
			assert_int_equal(oae_batch_cancel(b, victim, NULL),
					 !got[victim].over);
			got[victim].cancelled |= !got[victim].over;
			got[victim].over = true;
		}
		n = oae_batch_step(b, &events);
		for (size_t i = 0; i < n; i++)
			take_event(&events[i], &got[events[i].id]);
	}
	for (size_t i = 0; i < REQUESTS; i++) {
		compare(&want[i], &got[i]);
		reused += got[i].stats.reused;
		drafted += got[i].stats.speculation.drafted;
	}
	return reused;
}

static void same_as_alone(const char *model, const char *with,
			  const char *strategy, uint64_t seed)
{
	static const uint32_t chunks[] = { 1, 7, 32, 100 };
	static const uint32_t slots[] = { 1, 2, 5, 16 };
	struct oae_engine_config c = { .model = model, .threads = 1 };
	static struct want want[REQUESTS];
	struct oae_engine *e = engine(&c);
	struct oae_rng rng;
	uint64_t reused;

	oae_rng_seed(&rng, seed);
	for (size_t i = 0; i < REQUESTS; i++) {
		make_request(&rng, &want[i]);
		run_alone(e, &want[i]);
	}
	oae_engine_close(e);
	drafted = 0;
	c.draft = with;
	c.strategy = strategy;
	for (unsigned i = 0; i < 8; i++) {
		c.threads = 1 + i % 2;
		c.slots = slots[i / 2];
		c.queue = i % 3 * 4;
		c.chunk = chunks[(i + i / 4) % 4];
		c.reuse = i % 2;
		c.gamma = 1 + i % 4;
		e = engine(&c);
		reused = run_together(e, &rng, want);
		/* twice: the slots hold what came before */
		reused += run_together(e, &rng, want);
		if (c.reuse)
			assert_true(reused > 300);
		else
			assert_int_equal(reused, 0);
		oae_engine_close(e);
	}
	/* else it was the plain one that was tested */
	print_message("%llu guesses\n", (unsigned long long)drafted);
	if (strategy)
		assert_true(drafted > 500);
	else
		assert_int_equal(drafted, 0);
}

static void test_dense(void **state)
{
	(void)state;
	same_as_alone(dense, NULL, NULL, 1);
}

static void test_experts(void **state)
{
	(void)state;
	same_as_alone(experts, NULL, NULL, 2);
}

static void test_speculative(void **state)
{
	(void)state;
	same_as_alone(dense, draft, "speculative", 3);
}

static void test_lookup(void **state)
{
	(void)state;
	same_as_alone(dense, NULL, "lookup", 4);
}

/* ---- in what order ------------------------------------------------------- */

static struct oae_engine_request plain(const char *prompt, uint32_t max_tokens)
{
	return (struct oae_engine_request){
		.prompt = prompt,
		.prompt_len = strlen(prompt),
		.max_tokens = max_tokens,
		.ignore_eos = true,
	};
}

/* A long prompt takes its chunks; who decodes gets a token every step. */
static void test_chunks(void **state)
{
	struct oae_engine_config c = {
		.model = dense, .threads = 1, .slots = 2, .chunk = 16
	};
	struct oae_engine_request first = plain("a", 100), second;
	struct oae_engine *e = engine(&c);
	struct oae_batch *b = oae_engine_batch(e);
	const struct oae_batch_event *events;
	char prompt[200];
	size_t steps = 0;

	(void)state;
	memset(prompt, 'x', 199);
	prompt[199] = 0;
	second = plain(prompt, 1);
	assert_int_equal(oae_batch_submit(b, 1, &first, NULL), OAE_OK);
	assert_int_equal(oae_batch_step(b, &events), 1);
	assert_int_equal(oae_batch_submit(b, 2, &second, NULL), OAE_OK);
	for (;;) {
		size_t n = oae_batch_step(b, &events);

		steps++;
		assert_true(n >= 1);
		assert_int_equal(events[0].id, 1);
		assert_int_equal(events[0].piece.tokens, 1);
		if (n == 2)
			break;
	}
	assert_int_equal(events[1].id, 2);
	assert_int_equal(events[1].piece.finish, OAE_FINISH_LENGTH);
	assert_int_equal(steps, (events[1].stats->tokens_in + 15) / 16);
	assert_true(oae_batch_cancel(b, 1, NULL));
	assert_false(oae_batch_cancel(b, 1, NULL));
	/* with nobody to wait for it, the prompt goes in whole batches */
	assert_int_equal(oae_batch_submit(b, 3, &second, NULL), OAE_OK);
	for (steps = 1; !oae_batch_step(b, &events); steps++)
		;
	assert_int_equal(steps, 2);
	oae_engine_close(e);
}

/* First come, first served; a full house says so. */
static void test_queue(void **state)
{
	struct oae_engine_config c = {
		.model = dense, .threads = 1, .slots = 2, .queue = 3
	};
	struct oae_engine_request r = plain("hello", 3);
	struct oae_engine *e = engine(&c);
	struct oae_batch *b = oae_engine_batch(e);
	const struct oae_batch_event *events;
	struct oae_engine_stats stats;
	struct oae_error err = { 0 };
	uint64_t order[5];
	size_t n, over = 0;

	(void)state;
	for (uint64_t id = 0; id < 5; id++)
		assert_int_equal(oae_batch_submit(b, id, &r, NULL), OAE_OK);
	assert_int_equal(oae_batch_submit(b, 9, &r, &err), OAE_ERR_LIMIT);
	assert_non_null(strstr(err.text, "2 requests run and 3 wait"));
	assert_true(oae_batch_cancel(b, 3, &stats));
	assert_int_equal(stats.tokens_in, 5);
	assert_int_equal(stats.tokens_out, 0);
	assert_int_equal(oae_batch_submit(b, 5, &r, NULL), OAE_OK);
	while (oae_batch_live(b)) {
		n = oae_batch_step(b, &events);
		assert_true(n <= 2);
		for (size_t i = 0; i < n; i++) {
			if (!events[i].piece.finish)
				continue;
			stats = *events[i].stats;
			assert_int_equal(stats.queue_ns > 0, true);
			order[over++] = events[i].id;
		}
	}
	assert_int_equal(over, 5);
	assert_int_equal(order[0], 0);
	assert_int_equal(order[1], 1);
	assert_int_equal(order[2], 2);
	assert_int_equal(order[3], 4);
	assert_int_equal(order[4], 5);
	oae_engine_close(e);
}

static void test_refused(void **state)
{
	struct oae_engine_config c = { .model = dense, .threads = 1 };
	struct oae_engine_request r = plain("", 1);
	struct oae_engine *e;
	struct oae_batch *b;

	(void)state;
	c.slots = OAE_BATCH_SLOTS_MAX + 1;
	assert_int_equal(oae_engine_open(&c, &e, NULL), OAE_ERR_USAGE);
	c.slots = 2;
	c.chunk = OAE_BATCH_CHUNK_MAX + 1;
	assert_int_equal(oae_engine_open(&c, &e, NULL), OAE_ERR_USAGE);
	c.chunk = 0;
	e = engine(&c);
	b = oae_engine_batch(e);
	assert_int_equal(oae_batch_submit(b, 1, &r, NULL), OAE_ERR_USAGE);
	r = plain("a", 0);
	assert_int_equal(oae_batch_submit(b, 1, &r, NULL), OAE_ERR_USAGE);
	r = plain("a", 1);
	r.temperature = 101;
	assert_int_equal(oae_batch_submit(b, 1, &r, NULL), OAE_ERR_USAGE);
	assert_int_equal(oae_batch_live(b), 0);
	oae_engine_close(e);
}

/* ---- common beginnings --------------------------------------------------- */

/* Runs all that were submitted; reused[id] of those that ended. */
static void finish_all(struct oae_batch *b, uint32_t *reused)
{
	const struct oae_batch_event *events;

	while (oae_batch_live(b)) {
		size_t n = oae_batch_step(b, &events);

		for (size_t i = 0; i < n; i++)
			if (events[i].piece.finish)
				reused[events[i].id] = events[i].stats->reused;
	}
}

static void test_reuse(void **state)
{
	struct oae_engine_config c = {
		.model = dense, .threads = 1, .slots = 3, .reuse = true
	};
	struct oae_engine *e = engine(&c);
	struct oae_batch *b = oae_engine_batch(e);
	char one[151], two[151], three[151];
	struct oae_engine_request r[3];
	uint32_t reused[3], n;
	struct oae_rng rng;

	(void)state;
	oae_rng_seed(&rng, 8);
	letters(&rng, one, 150);
	letters(&rng, two, 150);
	memcpy(three, one, sizeof(three));
	letters(&rng, three + 100, 50);
	r[0] = plain(one, 4);
	r[1] = plain(two, 4);
	r[2] = plain(three, 4);
	/* those who come together wait for the first to compute it */
	for (uint64_t id = 0; id < 3; id++)
		assert_int_equal(oae_batch_submit(b, id, &r[id], NULL), OAE_OK);
	finish_all(b, reused);
	assert_int_equal(reused[0], 0);
	assert_int_equal(reused[1], 0);
	assert_int_equal(reused[2], 100);
	/* again: all that was there, but for the last token */
	n = (uint32_t)strlen(one) - 1;
	for (int again = 0; again < 2; again++) {
		for (uint64_t id = 0; id < 2; id++) {
			assert_int_equal(oae_batch_submit(b, id, &r[id], NULL),
					 OAE_OK);
			finish_all(b, reused);
			assert_int_equal(reused[id], n);
		}
	}
	oae_engine_close(e);
}

static void test_allocates_nothing(void **state)
{
	struct oae_engine_config c = {
		.model = experts, .threads = 2, .slots = 4, .reuse = true
	};
	struct oae_engine_request r = plain("hello", 60);
	const struct oae_batch_event *events;
	struct oae_engine *e;
	struct oae_batch *b;
	size_t before = 0;

	(void)state;
	if (!allocations_counted)
		skip_because("a sanitizer has its own allocator");
	e = engine(&c);
	b = oae_engine_batch(e);
	r.temperature = 1;
	for (int again = 0; again < 2; again++) { /* first: texts grow */
		for (uint64_t id = 0; id < 4; id++)
			assert_int_equal(oae_batch_submit(b, id, &r, NULL),
					 OAE_OK);
		before = allocations;
		while (oae_batch_live(b))
			oae_batch_step(b, &events);
	}
	assert_true(before > 0);
	assert_int_equal(allocations, before);
	oae_engine_close(e);
}

static int set_up(void **state)
{
	struct model_spec s = {
		.arch = "qwen3",
		.type = OAE_TENSOR_Q8_0,
		.vocab = 300,
		.dim = 64,
		.layers = 2,
		.heads = 4,
		.kv_heads = 2,
		.head_dim = 16,
		.ff = 96,
		.seed = 1,
	};

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(dense, sizeof(dense), "%s/dense.gguf", dir);
	snprintf(draft, sizeof(draft), "%s/draft.gguf", dir);
	snprintf(experts, sizeof(experts), "%s/experts.gguf", dir);
	if (model_write(dense, &s, NULL))
		return -1;
	s.noise = 0.007f;
	if (model_write(draft, &s, NULL))
		return -1;
	s.noise = 0;
	s.arch = "qwen3moe";
	s.type = OAE_TENSOR_F32;
	s.experts = 4;
	s.used = 2;
	s.ff = 32;
	return model_write(experts, &s, NULL) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(dense);
	unlink(draft);
	unlink(experts);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dense),
		cmocka_unit_test(test_experts),
		cmocka_unit_test(test_speculative),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_allocates_nothing),
	};

	return cmocka_run_group_tests_name("batch", tests, set_up, tear_down);
}
