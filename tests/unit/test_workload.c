/* SPDX-License-Identifier: Apache-2.0 */
/* Loading workloads: the shipped ones, and files that must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "workloads/corpus/items.h"
#include "workloads/workload.h"

static char dir[] = "/tmp/oae-workload-XXXXXX";
static char home[OAE_PATH_BYTES_MAX];

static int set_up(void **state)
{
	struct oae_error err = { 0 };

	(void)state;
	return !mkdtemp(dir) || oae_home(home, sizeof(home), &err);
}

static int tear_down(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/x.workload.json", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/x.items.jsonl", dir);
	unlink(path);
	return rmdir(dir);
}

static void write_file(const char *name, const char *text)
{
	char path[64];
	struct oae_error err = { 0 };

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(oae_file_write(path, text, strlen(text), &err),
			 OAE_OK);
}

#define ITEM_A "{\"id\":\"x-1\",\"prompt\":\"p\",\"expected\":\"e\"}\n"
#define ITEM_B                                                 \
	"{\"id\":\"x-2\",\"prompt\":\"q\",\"expected\":\"f\"," \
	"\"group\":\"clinic\"}\n"

/* The parts of a workload file that tests replace. */
struct parts {
	const char *head, *judge, *tokens, *stop, *gate, *items;
};

static const struct parts right = {
	"\"oae_workload\":1,\"id\":\"x\",\"title\":\"X\",\"kind\":\"submit\"",
	"exact",
	"64",
	"[\"\\n\\n\"]",
	"{\"floor\":0.5}",
	ITEM_A ITEM_B,
};

static enum oae_status read_parts(const struct parts *p, struct oae_workload *w,
				  struct oae_error *err)
{
	char text[2048], sum[OAE_SHA256_HEX], path[64];

	oae_sha256_bytes(p->items, strlen(p->items), sum);
	snprintf(text, sizeof(text),
		 "{%s,\"items\":\"x.items.jsonl\",\"items_sha256\":\"%s\","
		 "\"judge\":\"%s\",\"max_tokens\":%s,\"temperature\":0,"
		 "\"stop\":%s,\"gate\":%s}",
		 p->head, sum, p->judge, p->tokens, p->stop, p->gate);
	write_file("x.workload.json", text);
	write_file("x.items.jsonl", p->items);
	snprintf(path, sizeof(path), "%s/x.workload.json", dir);
	memset(err, 0, sizeof(*err));
	return oae_workload_read(path, w, err);
}

static void expect_refused(const struct parts *p, enum oae_status status,
			   const char *word)
{
	struct oae_workload w;
	struct oae_error err;

	assert_int_equal(read_parts(p, &w, &err), status);
	if (!strstr(err.text, word))
		fail_msg("\"%s\" does not say \"%s\"", err.text, word);
	oae_workload_release(&w);
}

static void test_read(void **state)
{
	struct oae_workload w;
	struct oae_error err;

	(void)state;
	if (read_parts(&right, &w, &err))
		fail_msg("%s", err.text);
	assert_string_equal(w.id, "x");
	assert_string_equal(w.about, "");
	assert_int_equal(w.judge, OAE_JUDGE_EXACT);
	assert_int_equal(w.max_tokens, 64);
	assert_int_equal(w.stop_count, 1);
	assert_string_equal(w.stop[0], "\n\n");
	assert_true(w.floor == 0.5);
	assert_int_equal(w.item_count, 2);
	assert_string_equal(w.items[0].group, "");
	assert_string_equal(w.items[1].id, "x-2");
	assert_string_equal(w.items[1].prompt, "q");
	assert_string_equal(w.items[1].expected, "f");
	assert_string_equal(w.items[1].group, "clinic");
	assert_int_equal(strlen(w.sha256), 64);
	oae_workload_release(&w);
}

static void test_refused_heads(void **state)
{
	struct parts p = right;

	(void)state;
	p.head = "\"oae_workload\":2,\"id\":\"x\",\"title\":\"X\","
		 "\"kind\":\"submit\"";
	expect_refused(&p, OAE_ERR_UNSUPPORTED, "version 2");
	p.head = "\"id\":\"x\",\"title\":\"X\",\"kind\":\"submit\"";
	expect_refused(&p, OAE_ERR_FORMAT, "oae_workload");
	p.head = "\"oae_workload\":1,\"id\":\"x\",\"title\":\"X\","
		 "\"kind\":\"submit\",\"colour\":1";
	expect_refused(&p, OAE_ERR_FORMAT, "colour");
	p.head = "\"oae_workload\":1,\"id\":\"../x\",\"title\":\"X\","
		 "\"kind\":\"submit\"";
	expect_refused(&p, OAE_ERR_FORMAT, "../x");
	p.head = "\"oae_workload\":1,\"id\":\"x\",\"title\":\"X\","
		 "\"kind\":\"learn\"";
	expect_refused(&p, OAE_ERR_UNSUPPORTED, "learn");
	p.head = "\"oae_workload\":1,\"id\":\"x\",\"kind\":\"submit\"";
	expect_refused(&p, OAE_ERR_FORMAT, "title");
}

static void test_refused_numbers(void **state)
{
	struct parts p = right;

	(void)state;
	p.judge = "taste";
	expect_refused(&p, OAE_ERR_FORMAT, "taste");
	p = right;
	p.tokens = "0";
	expect_refused(&p, OAE_ERR_LIMIT, "max_tokens");
	p.tokens = "65537";
	expect_refused(&p, OAE_ERR_LIMIT, "max_tokens");
	p.tokens = "1.5";
	expect_refused(&p, OAE_ERR_FORMAT, "max_tokens");
	p = right;
	p.gate = "{\"floor\":1.5}";
	expect_refused(&p, OAE_ERR_FORMAT, "floor");
	p.gate = "{\"floor\":0.5,\"ceiling\":1}";
	expect_refused(&p, OAE_ERR_FORMAT, "ceiling");
	p = right;
	p.stop = "[\"\"]";
	expect_refused(&p, OAE_ERR_FORMAT, "stop");
	p.stop = "[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
		 "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"]";
	expect_refused(&p, OAE_ERR_LIMIT, "stop");
}

static void test_refused_items(void **state)
{
	struct parts p = right;

	(void)state;
	p.items = "";
	expect_refused(&p, OAE_ERR_FORMAT, "no items");
	p.items = ITEM_A "{\"id\":\"x-2\"";
	expect_refused(&p, OAE_ERR_FORMAT, "cut short");
	p.items = ITEM_A "{}\n";
	expect_refused(&p, OAE_ERR_FORMAT, "line 2");
	p.items = ITEM_A ITEM_B ITEM_A;
	expect_refused(&p, OAE_ERR_FORMAT, "two items have the id \"x-1\"");
	p.items = "{\"id\":\"a\",\"prompt\":\"p\",\"expected\":\"e\","
		  "\"hint\":1}\n";
	expect_refused(&p, OAE_ERR_FORMAT, "hint");
	p.items = "{\"id\":\"a\",\"prompt\":\"\",\"expected\":\"e\"}\n";
	expect_refused(&p, OAE_ERR_FORMAT, "prompt");
	p.items = "{\"id\":\"a b\",\"prompt\":\"p\",\"expected\":\"e\"}\n";
	expect_refused(&p, OAE_ERR_FORMAT, "a b");
}

static void test_changed_items(void **state)
{
	struct oae_workload w;
	struct oae_error err;
	char path[64];

	(void)state;
	assert_int_equal(read_parts(&right, &w, &err), OAE_OK);
	oae_workload_release(&w);
	write_file("x.items.jsonl", ITEM_B ITEM_A);
	snprintf(path, sizeof(path), "%s/x.workload.json", dir);
	assert_int_equal(oae_workload_read(path, &w, &err), OAE_ERR_CHECK);
	assert_non_null(strstr(err.text, "SHA-256"));
	oae_workload_release(&w);
}

static void test_unknown(void **state)
{
	static const char *const ids[] = { "poems", "../secret", "",
					   "suites/quick" };
	struct oae_workload w;

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct oae_error err = { 0 };

		assert_int_equal(oae_workload_load(home, ids[i], &w, &err),
				 OAE_ERR_USAGE);
		assert_non_null(strstr(err.text, "letters, notices, sums"));
		oae_workload_release(&w);
	}
}

static void test_long_list(void **state)
{
	static struct oae_id_list list = { { "first", "second" }, 2 };
	char text[12];

	(void)state;
	oae_id_list_text(&list, text, sizeof(text));
	assert_string_equal(text, "first, s...");
	list.count = 0;
	oae_id_list_text(&list, text, sizeof(text));
	assert_string_equal(text, "none");
}

/* The shipped items are what the generator writes, from its seed 1. */
static void test_shipped(void **state)
{
	struct oae_error err = { 0 };
	struct oae_id_list list;
	struct oae_buf made, shipped;

	(void)state;
	assert_int_equal(oae_workload_list(home, &list, &err), OAE_OK);
	assert_int_equal(list.count, 3);
	oae_buf_init(&made, 1u << 20);
	oae_buf_init(&shipped, 1u << 20);
	for (size_t i = 0; i < list.count; i++) {
		struct oae_workload w;
		size_t groups = 0;

		assert_string_equal(list.id[i], oae_corpus_workloads[i]);
		if (oae_workload_load(home, list.id[i], &w, &err))
			fail_msg("%s", err.text);
		assert_int_equal(w.item_count, 600);
		for (size_t k = 0; k < w.item_count; k++)
			groups += !strcmp(w.items[k].group, "clinic");
		assert_int_equal(groups, 150);
		oae_buf_clear(&made);
		oae_buf_clear(&shipped);
		assert_int_equal(oae_corpus_items(list.id[i], 1, 600, &made,
						  &err),
				 OAE_OK);
		assert_int_equal(oae_file_read(w.items_path, &shipped, &err),
				 OAE_OK);
		assert_string_equal(oae_buf_str(&made), oae_buf_str(&shipped));
		oae_workload_release(&w);
	}
	oae_buf_release(&made);
	oae_buf_release(&shipped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_refused_heads),
		cmocka_unit_test(test_refused_numbers),
		cmocka_unit_test(test_refused_items),
		cmocka_unit_test(test_changed_items),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_long_list),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
