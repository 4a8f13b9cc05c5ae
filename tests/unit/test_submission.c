/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of submissions: rules, findings, compression, names, seeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/zstd.h"
#include "harness/intake.h"
#include "harness/rerun.h"
#include "schema/finding.h"

static char dir[OAE_PATH_BYTES_MAX];

static int make_dir(void **state)
{
	(void)state;
	return oae_dir_temporary("oae-test", dir, sizeof(dir), NULL);
}

static int drop_dir(void **state)
{
	(void)state;
	return oae_dir_remove(dir, NULL);
}

static const char *in_dir(const char *name)
{
	static char path[2][OAE_PATH_BYTES_MAX + 40];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[0]), "%s/%s", dir, name);
	return path[turn];
}

static void test_rules(void **state)
{
	(void)state;
	for (int i = 0; i < OAE_RULES; i++) {
		const struct oae_rule_text *r = oae_rule_text((enum oae_rule)i);

		assert_int_equal(strlen(r->id), 8);
		assert_int_equal(strncmp(r->id, "OAE-V", 5), 0);
		assert_true(r->clause[0] && r->text[0]);
		if (i)
			assert_true(strcmp(oae_rule_id((enum oae_rule)(i - 1)),
					   r->id) < 0);
	}
}

/* A hostile document makes many findings; some are kept, all are counted. */
static void test_findings(void **state)
{
	struct oae_findings f = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		oae_finding_add(&f, OAE_RULE_TIMES, "a\033[2Jb", "line\n%d", i);
	oae_finding_add(&f, OAE_RULE_PLAN, NULL, "one");
	assert_int_equal(f.count, OAE_FINDINGS_PER_RULE_MAX + 1);
	assert_int_equal(oae_findings_total(&f), 1001);
	assert_string_equal(f.item[0].text, "line?0");
	assert_string_equal(f.item[0].file, "a?[2Jb");
	oae_findings_release(&f);
}

static void round_trip(size_t len, char fill)
{
	char *text = malloc(len + 1);
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_buf back;

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = i % 100 == 99 ? '\n' : fill ? fill : (char)rand();
	assert_false(oae_file_write(in_dir("plain"), text, len, &err));
	if (oae_zstd_compress(in_dir("plain"), in_dir("packed"), &err) ||
	    oae_zstd_expand(in_dir("packed"), in_dir("back"), len,
			    OAE_JOURNAL_LINE_BYTES_MAX, &err))
		fail_msg("%s", err.text);
	oae_buf_init(&back, len + 1);
	assert_false(oae_file_read(in_dir("back"), &back, &err));
	assert_int_equal(back.len, len);
	assert_memory_equal(oae_buf_str(&back), text, len);
	oae_buf_release(&back);
	free(text);
	remove(in_dir("plain"));
	remove(in_dir("packed"));
	remove(in_dir("back"));
}

/* Sizes about those of a block, what compresses well and what does not. */
static void test_round_trip(void **state)
{
	static const size_t sizes[] = { 0,     1,      99,     65535,  65536,
					65537, 131072, 300000, 2000000 };

	(void)state;
	srand(7);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		round_trip(sizes[i], 'a');
		round_trip(sizes[i], 0);
	}
}

static void test_caps(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	char *text = malloc(200000);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 200000);
	text[100000] = '\n';
	assert_false(oae_file_write(in_dir("plain"), text, 200000, &err));
	assert_false(
		oae_zstd_compress(in_dir("plain"), in_dir("packed"), &err));
	assert_int_equal(oae_zstd_expand(in_dir("packed"), in_dir("back"),
					 199999, 200000, &err),
			 OAE_ERR_LIMIT);
	assert_false(oae_file_exists(in_dir("back")));
	err.status = OAE_OK;
	assert_int_equal(oae_zstd_expand(in_dir("packed"), in_dir("back"),
					 200000, 99999, &err),
			 OAE_ERR_LIMIT);
	assert_false(oae_file_exists(in_dir("back")));
	assert_int_equal(oae_zstd_expand(in_dir("packed"), in_dir("back"),
					 200000, 100000, NULL),
			 OAE_OK);
	/* a file that is there stays as it is */
	assert_int_equal(oae_zstd_expand(in_dir("packed"), in_dir("plain"),
					 200000, 100000, NULL),
			 OAE_ERR_IO);
	free(text);
}

static void test_names(void **state)
{
	static const char *const good[] = { "a", "A-1.b_c+d", "0", "_x" };
	static const char *const bad[] = { "",	   ".",	       "..",  ".a",
					   "-a",   "a b",      "a/b", "a\nb",
					   "a\\b", "\303\244", "a*",  "a:b" };
	char long_name[OAE_NAME_BYTES_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(oae_intake_name_ok(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(oae_intake_name_ok(bad[i]));
	memset(long_name, 'a', sizeof(long_name));
	long_name[OAE_NAME_BYTES_MAX] = '\0';
	assert_true(oae_intake_name_ok(long_name));
	long_name[OAE_NAME_BYTES_MAX] = 'a';
	long_name[OAE_NAME_BYTES_MAX + 1] = '\0';
	assert_false(oae_intake_name_ok(long_name));
}

/*
 * printf '%064d%s' 0 nonce | sha256sum: its first 16 digits as a number.
 */
static void test_seed(void **state)
{
	static const char hash[] = "0000000000000000000000000000000000000000"
				   "000000000000000000000000";

	(void)state;
	assert_true(oae_rerun_seed(hash, "nonce") == 0x3b1a15654f5b6efdu);
	assert_true(oae_rerun_seed(hash, "nonce") !=
		    oae_rerun_seed(hash, "nonce2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_seed),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
