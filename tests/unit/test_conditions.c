/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions: their names, mistyped prompts, the page cache, and a run's
 * sandbox with what it says.
 */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "harness/page_cache.h"
#include "harness/sandbox.h"
#include "schema/condition.h"
#include "schema/tiers.h"
#include "tests/unit/skip.h"
#include "workloads/blocks.h"
#include "workloads/noise.h"
#include "workloads/workload.h"

/* ---- names ------------------------------------------------------------ */

static void names(void **state)
{
	static const char *const some[] = { "cpu:25", "nominal", "noise:2" };
	static const char *const all[] = { "cpu:25", "standard" };
	static const char *const twice[] = { "cpu:25", "cpu:25" };
	static const char *const wrong[] = { "cpu:26" };
	const char *out[OAE_CONDITIONS_MAX];
	unsigned seen[OAE_CONDITION_KINDS] = { 0 };
	struct oae_error err = { 0 };
	size_t n = 0, i;

	(void)state;
	assert_int_equal(oae_conditions_expand(NULL, 0, out, &n, &err), OAE_OK);
	assert_int_equal(n, 1);
	assert_string_equal(out[0], "nominal");
	assert_int_equal(oae_conditions_expand(some, 3, out, &n, &err), OAE_OK);
	assert_int_equal(n, 3);
	assert_string_equal(out[0], "nominal");
	assert_string_equal(out[1], "cpu:25");
	assert_string_equal(out[2], "noise:2");
	assert_int_equal(oae_conditions_expand(all, 2, out, &n, &err), OAE_OK);
	assert_int_equal(n, 1 + 6 * OAE_SEVERITIES);
	assert_string_equal(out[1], "cpu:25");
	assert_int_equal(oae_conditions_expand(twice, 2, out, &n, &err),
			 OAE_ERR_USAGE);
	err.status = OAE_OK;
	assert_int_equal(oae_conditions_expand(wrong, 1, out, &n, &err),
			 OAE_ERR_USAGE);
	for (i = 0; oae_conditions[i].name; i++) {
		const struct oae_condition *c = &oae_conditions[i];

		/* The message lists each; each kind has each severity once. */
		assert_non_null(strstr(err.text, c->name));
		assert_ptr_equal(oae_condition_find(c->name), c);
		if (c->kind == OAE_CONDITION_TIER)
			assert_int_equal(seen[c->kind]++, (int)c->value);
		else
			assert_int_equal(seen[c->kind]++, c->severity);
		assert_true(!strncmp(c->name, oae_condition_kind_name(c->kind),
				     strcspn(c->name, ":")));
	}
	for (i = 1; i < OAE_CONDITION_LADDER; i++)
		assert_int_equal(seen[i], OAE_SEVERITIES);
	assert_int_equal(seen[OAE_CONDITION_TIER], OAE_HARDWARE_TIERS);
	assert_null(oae_condition_find(""));
	assert_null(oae_condition_find("cpu"));
}

/* Where others follow from nominal, it comes first. */
static void nominal_first(void **state)
{
	const struct oae_blocks b = {
		.seed = 7,
		.systems = 3,
		.workloads = 4,
		.conditions = 5,
		.runs = 4,
	};
	struct oae_planned_run *r = calloc(oae_blocks_count(&b), sizeof(*r));
	size_t n = oae_blocks_count(&b), i, nominal = 0, later = 0;

	(void)state;
	assert_non_null(r);
	assert_int_equal(oae_blocks_plan(&b, r, NULL), OAE_OK);
	for (i = 0; i < n; i++) {
		nominal += r[i].condition == 0;
		if (r[i].rep < 2)
			assert_int_equal(r[i].condition == 0, i < 24);
		else
			later += r[i].condition == 0 && i >= n - 24;
	}
	assert_int_equal(nominal, 48);
	assert_true(later > 0 || r[n / 2].condition != 0);
	free(r);
}

/* ---- noise ------------------------------------------------------------ */

struct edited {
	struct oae_arena arena;
	struct oae_noise made;
	const char *text;
};

static const char *edit(struct edited *e, const char *prompt,
			const char *expected, double share, uint64_t seed)
{
	struct oae_error err = { 0 };

	oae_arena_init(&e->arena, 1 << 22);
	if (oae_noise_text(prompt, expected, share, seed, &e->arena, &e->text,
			   &e->made, &err))
		fail_msg("%s", err.text);
	return e->text;
}

/* What may not change, in its order: all but the letters. */
static void others(const char *s, char *out)
{
	for (; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		      (unsigned char)*s >= 0x80))
			*out++ = *s;
	*out = '\0';
}

static void noise_share(void **state)
{
	static const double shares[] = { 0.02, 0.05, 0.10 };
	struct oae_workload w = { 0 };
	char home[OAE_PATH_BYTES_MAX];

	(void)state;
	assert_int_equal(oae_home(home, sizeof(home), NULL), OAE_OK);
	assert_int_equal(oae_workload_load(home, "notices", &w, NULL), OAE_OK);
	for (size_t k = 0; k < 3; k++) {
		double edits = 0, editable = 0, changed = 0;

		for (size_t i = 0; i < w.item_count && i < 400; i++) {
			const struct oae_item *it = &w.items[i];
			char was[4096], is[4096];
			struct edited e;
			double want;

			edit(&e, it->prompt, it->expected, shares[k], i);
			want = shares[k] * (double)e.made.editable;
			assert_true(fabs((double)e.made.edits - want) < 1);
			assert_true(e.made.editable < e.made.characters);
			edits += (double)e.made.edits;
			editable += (double)e.made.editable;
			changed += strcmp(e.text, it->prompt) != 0;
			others(it->prompt, was);
			others(e.text, is);
			assert_string_equal(was, is);
			oae_arena_release(&e.arena);
		}
		/* 400 prompts, each rounded by chance: exact on average. */
		assert_true(fabs(edits / editable - shares[k]) <
			    0.05 * shares[k]);
		assert_true(changed > 0);
	}
	oae_workload_release(&w);
}

static void noise_keeps(void **state)
{
	static const char prompt[] =
		"Dr. Ann O'Neil meets Bob at r2d2 on 5 May "
		"in Zürich, said the naïve 日本語 sign.";
	struct edited e;
	size_t len;

	(void)state;
	for (uint64_t seed = 0; seed < 500; seed++) {
		const char *text =
			edit(&e, prompt, "ann meets ZÜRICH", 1, seed);

		assert_int_equal(e.made.edits, e.made.editable);
		assert_true(strlen(text) <= 2 * strlen(prompt));
		for (const char *at = text; *at; at += len) {
			len = oae_utf8_length(at, strlen(at));
			assert_true(len > 0);
		}
		/* words of the answer, words with digits, all the rest */
		assert_non_null(strstr(text, " Ann "));
		assert_non_null(strstr(text, " meets "));
		assert_non_null(strstr(text, " r2d2 "));
		assert_non_null(strstr(text, " 5 "));
		assert_non_null(strstr(text, ", "));
		assert_null(strstr(text, " said the "));
		oae_arena_release(&e.arena);
	}
	edit(&e, prompt, "ann meets bob", 0, 1);
	assert_string_equal(e.text, prompt);
	oae_arena_release(&e.arena);
	edit(&e, "12 + 34 = ", NULL, 1, 1);
	assert_string_equal(e.text, "12 + 34 = ");
	oae_arena_release(&e.arena);
	edit(&e, "", "", 1, 1);
	assert_string_equal(e.text, "");
	oae_arena_release(&e.arena);
}

static void noise_seed(void **state)
{
	static const char prompt[] = "the quick brown fox jumps over the dog";
	struct edited a, b, c;

	(void)state;
	edit(&a, prompt, NULL, 0.2, 1);
	edit(&b, prompt, NULL, 0.2, 1);
	edit(&c, prompt, NULL, 0.2, 2);
	assert_string_equal(a.text, b.text);
	assert_string_not_equal(a.text, c.text);
	/* What was published must stay what it was. */
	assert_string_equal(a.text, "th quicb brogwn fox jump over thj dyg");
	oae_arena_release(&a.arena);
	oae_arena_release(&b.arena);
	oae_arena_release(&c.arena);
}

/* Any bytes come back as valid as they were, and no read goes astray. */
static void noise_any_bytes(void **state)
{
	char prompt[64];
	struct oae_rng rng;
	struct edited e;

	(void)state;
	oae_rng_seed(&rng, 3);
	for (int i = 0; i < 2000; i++) {
		size_t n = (size_t)oae_rng_below(&rng, sizeof(prompt));

		for (size_t k = 0; k < n; k++)
			prompt[k] = (char)(1 + oae_rng_below(&rng, 255));
		prompt[n < sizeof(prompt) ? n : n - 1] = '\0';
		edit(&e, prompt, prompt + n / 2, 0.5, (uint64_t)i);
		assert_true(strlen(e.text) <= 2 * strlen(prompt));
		oae_arena_release(&e.arena);
	}
}

/* ---- page cache and sandbox ------------------------------------------- */

#define FILE_BYTES ((size_t)6 << 20)

/* On the disk that the build is on: /tmp may be in memory. */
static void make_file(char *path, size_t size)
{
	const char *build = getenv("OAE_BUILD");
	char *bytes = calloc(1, FILE_BYTES);
	int fd;

	(void)snprintf(path, size, "%s/oae-cache-XXXXXX",
		       build ? build : "build");
	fd = mkstemp(path);
	if (fd < 0) {
		(void)snprintf(path, size, "/tmp/oae-cache-XXXXXX");
		fd = mkstemp(path);
	}
	assert_true(fd >= 0 && bytes);
	assert_true(write(fd, bytes, FILE_BYTES) == (ssize_t)FILE_BYTES);
	close(fd);
	free(bytes);
}

static void page_cache(void **state)
{
	uint64_t bytes, in;
	char path[4096];

	(void)state;
	make_file(path, sizeof(path));
	assert_int_equal(oae_page_cache_warm(path, NULL), OAE_OK);
	assert_int_equal(oae_page_cache_resident(path, &bytes, &in, NULL),
			 OAE_OK);
	assert_true(bytes == FILE_BYTES && in == FILE_BYTES);
	assert_int_equal(oae_page_cache_drop(path, NULL), OAE_OK);
	assert_int_equal(oae_page_cache_resident(path, &bytes, &in, NULL),
			 OAE_OK);
	(void)unlink(path);
	if (in == FILE_BYTES)
		skip_because("%s is in memory", path);
	assert_true(in < FILE_BYTES / 100);
	assert_int_equal(oae_page_cache_warm("/nowhere", NULL), OAE_ERR_IO);
}

/* The text of "condition_set" and "condition_seen". */
static void say(const struct oae_sandbox *s, struct oae_buf *out)
{
	struct oae_jw w;

	oae_buf_init(out, 65536);
	oae_jw_init(&w, out, 0);
	oae_jw_obj(&w, NULL);
	oae_sandbox_write_set(s, &w);
	oae_sandbox_write_seen(s, &w);
	oae_jw_end_obj(&w);
}

static void sandbox_refuses(void **state)
{
	struct oae_sandbox_plan plan = { .cpu_cores = 0.5 };
	struct oae_sandbox *s = calloc(1, sizeof(*s));
	struct oae_error err = { 0 };
	struct oae_buf text;
	char path[4096];
	const char *files[] = { path };
	const char *method;
	uint64_t bytes;
	void *map;
	FILE *f;

	(void)state;
	assert_non_null(s);
	/* A machine without control groups, and without /proc. */
	assert_int_equal(oae_sandbox_open(s, &plan, "/nowhere", &err),
			 OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "/nowhere/proc/self/cgroup"));
	oae_sandbox_close(s);
	plan.cpu_cores = 0;
	assert_int_equal(oae_sandbox_open(s, &plan, "/nowhere", NULL), OAE_OK);
	assert_false(oae_sandbox_peak(s, &bytes, &method));
	say(s, &text);
	assert_non_null(strstr(oae_buf_str(&text), "\"no_cgroup\":\"/nowhere"));
	oae_buf_release(&text);
	oae_sandbox_close(s);
	/* A file that somebody maps stays in the page cache. */
	make_file(path, sizeof(path));
	f = fopen(path, "r");
	assert_non_null(f);
	map = mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED | MAP_POPULATE,
		   fileno(f), 0);
	assert_true(map != MAP_FAILED);
	plan.files = files;
	plan.file_count = 1;
	plan.cache = OAE_CACHE_MUST_DROP;
	err.status = OAE_OK;
	assert_int_equal(oae_sandbox_open(s, &plan, "/nowhere", &err),
			 OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "stay in the page cache"));
	oae_sandbox_close(s);
	plan.cache = OAE_CACHE_DROP;
	assert_int_equal(oae_sandbox_open(s, &plan, "", NULL), OAE_OK);
	assert_false(oae_sandbox_peak(s, &bytes, &method));
	oae_sandbox_close(s);
	munmap(map, FILE_BYTES);
	fclose(f);
	(void)unlink(path);
	plan.unavailable = "no such thing here";
	err.status = OAE_OK;
	assert_int_equal(oae_sandbox_open(s, &plan, "", &err),
			 OAE_ERR_UNSUPPORTED);
	assert_string_equal(err.text, "no such thing here");
	oae_sandbox_close(s);
	free(s);
}

/* What was set by us and then by another: seen at the end. */
static void sandbox_watches(void **state)
{
	struct oae_sandbox_plan plan = {
		.memory_bytes = 64 << 20,
		.memory_basis_bytes = 60 << 20,
	};
	struct oae_sandbox *s = calloc(1, sizeof(*s));
	struct oae_error err = { 0 };
	struct oae_buf text;
	uint64_t got;
	bool no_swap;

	(void)state;
	assert_non_null(s);
	if (oae_sandbox_open(s, &plan, "", &err)) {
		oae_sandbox_close(s);
		free(s);
		skip_because("%s", err.text);
	}
	say(s, &text);
	assert_non_null(
		strstr(oae_buf_str(&text), "\"memory_bytes\":67108864"));
	assert_non_null(strstr(oae_buf_str(&text), "\"oom_kills\":0"));
	oae_buf_release(&text);
	assert_int_equal(oae_sandbox_finish(s, &err), OAE_OK);
	assert_int_equal(oae_cgroup_limit_memory(&s->group, 32 << 20, &got,
						 &no_swap, NULL),
			 OAE_OK);
	assert_int_equal(oae_sandbox_finish(s, &err), OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "at the end it reads 33554432"));
	oae_sandbox_close(s);
	/* A stressor that is none. */
	plan = (struct oae_sandbox_plan){
		.threads = 1,
		.stress = "/bin/false",
	};
	err.status = OAE_OK;
	assert_int_equal(oae_sandbox_open(s, &plan, "", &err), OAE_OK);
	assert_int_equal(oae_sandbox_start(s, &err), OAE_OK);
	assert_true(oae_child_wait(&s->stress, 10000));
	assert_int_equal(oae_sandbox_finish(s, &err), OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "ended early: exit 1"));
	oae_sandbox_close(s);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(nominal_first),
		cmocka_unit_test(noise_share),
		cmocka_unit_test(noise_keeps),
		cmocka_unit_test(noise_seed),
		cmocka_unit_test(noise_any_bytes),
		cmocka_unit_test(page_cache),
		cmocka_unit_test(sandbox_refuses),
		cmocka_unit_test(sandbox_watches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
