/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up transcripts: chain, sums, and what is refused. */
#include <math.h>
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
#include "schema/transcript.h"

static char dir[64], path[128];

static void amount(struct oae_jw *w, const char *key, double v,
		   enum oae_evidence e, const char *source)
{
	struct oae_amount a = { v, e, source };

	oae_amount_write(w, key, &a, "s");
}

static void head(struct oae_transcript_writer *t)
{
	struct oae_jw *w = oae_transcript_begin(t, "setup");

	oae_jw_str(w, "schema", OAE_TRANSCRIPT_SCHEMA);
	oae_jw_str(w, "system", "a/b");
	oae_jw_str(w, "adapter", "a");
	oae_jw_str(w, "version", "1");
	oae_jw_str(w, "place", "/tmp/oae-setup-000000");
	oae_jw_bool(w, "in_root", false);
	oae_jw_raw(w, "parameters",
		   "{\"exposed\":[\"x\",\"y\"],\"set\":[\"x\"]}");
	oae_transcript_commit(t);
	w = oae_transcript_begin(t, "materials");
	oae_jw_arr(w, "list");
	oae_jw_end_arr(w);
	oae_jw_int(w, "bytes", 1000);
	oae_transcript_commit(t);
}

static void step(struct oae_transcript_writer *t, const char *outcome,
		 double wall_s, enum oae_evidence network)
{
	struct oae_jw *w = oae_transcript_begin(t, "step");

	oae_jw_raw(w, "argv", "[\"true\"]");
	oae_jw_str(w, "outcome", outcome);
	oae_jw_num(w, "wall_s", wall_s);
	amount(w, "cpu_s", wall_s / 2, OAE_MEASURED, "group");
	amount(w, "network_bytes", network ? 7 : (double)NAN, network,
	       network ? "counters" : "nobody counted");
	amount(w, "disk_bytes", 500, OAE_MEASURED, "blocks");
	oae_jw_raw(w, "files",
		   "{\"made\":3,\"changed\":1,\"removed\":0,\"list\":null}");
	oae_jw_raw(w, "edits", "{\"files\":1,\"lines\":4}");
	oae_jw_raw(w, "packages_seen",
		   "{\"installed\":0,\"there\":{\"value\":null,"
		   "\"reason\":\"none\"}}");
	oae_transcript_commit(t);
}

static void first(struct oae_transcript_writer *t, bool came)
{
	struct oae_jw *w = oae_transcript_begin(t, "first");

	oae_jw_str(w, "outcome", came ? "ok" : "failed");
	oae_jw_str(w, "reason", came ? NULL : "it kept silent");
	oae_jw_str(w, "token", came ? "yes" : NULL);
	amount(w, "first_token_s", came ? 0.25 : (double)NAN,
	       came ? OAE_MEASURED : OAE_ABSENT, "start");
	amount(w, "cpu_s", 0.125, OAE_MEASURED, "group");
	amount(w, "network_bytes", 0, OAE_MEASURED, "no network");
	oae_transcript_commit(t);
}

/* A transcript of two steps of 2 and 4 s. */
static void write_one(const char *outcome, enum oae_evidence network, bool came)
{
	struct oae_transcript_writer t;

	oae_transcript_writer_init(&t);
	head(&t);
	step(&t, "ok", 2, OAE_MEASURED);
	step(&t, outcome, 4, network);
	first(&t, came);
	assert_int_equal(oae_transcript_seal(&t, NULL), OAE_OK);
	assert_int_equal(oae_file_write(path, t.out.data, t.out.len, NULL),
			 OAE_OK);
	oae_transcript_writer_release(&t);
}

static void sums(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_transcript t;

	(void)state;
	write_one("ok", OAE_ESTIMATED, true);
	if (oae_transcript_read(path, &t, &err))
		fail_msg("%s", err.text);
	assert_int_equal(oae_transcript_valid(&t, NULL), OAE_OK);
	assert_true(t.sum.wall_s == 6.25);
	assert_true(t.sum.cpu_s.value == 3.125);
	assert_int_equal(t.sum.cpu_s.evidence, OAE_MEASURED);
	assert_true(t.sum.network_bytes.value == 14);
	assert_int_equal(t.sum.network_bytes.evidence, OAE_ESTIMATED);
	assert_string_equal(t.sum.network_bytes.source, "counters");
	assert_true(t.sum.disk_bytes.value == 2000);
	assert_int_equal(t.sum.steps, 2);
	assert_int_equal(t.sum.failures, 0);
	assert_int_equal(t.sum.files_made, 6);
	assert_int_equal(t.sum.edited_lines, 8);
	assert_int_equal(t.sum.parameters, 2);
	assert_int_equal(t.sum.parameters_set, 1);
	oae_transcript_release(&t);
}

/* What one step does not know the whole does not know; it is never 0. */
static void missing_stays_missing(void **state)
{
	struct oae_transcript t;

	(void)state;
	write_one("ok", OAE_ABSENT, true);
	assert_int_equal(oae_transcript_read(path, &t, NULL), OAE_OK);
	assert_true(isnan(t.sum.network_bytes.value));
	assert_string_equal(t.sum.network_bytes.source, "nobody counted");
	oae_transcript_release(&t);
}

static void void_ones(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" }, second = { OAE_OK, 0, "" };
	struct oae_transcript t;

	(void)state;
	write_one("failed", OAE_MEASURED, true);
	assert_int_equal(oae_transcript_read(path, &t, NULL), OAE_OK);
	assert_int_equal(oae_transcript_valid(&t, &err), OAE_ERR_CHECK);
	assert_non_null(strstr(err.text, "step 2"));
	assert_int_equal(t.sum.failures, 1);
	oae_transcript_release(&t);
	write_one("ok", OAE_MEASURED, false);
	assert_int_equal(oae_transcript_read(path, &t, NULL), OAE_OK);
	assert_int_equal(oae_transcript_valid(&t, &second), OAE_ERR_CHECK);
	assert_non_null(strstr(second.text, "it kept silent"));
	oae_transcript_release(&t);
}

/* Any byte changed, any byte cut off: refused, and nothing is read amiss. */
static void every_byte_counts(void **state)
{
	struct oae_transcript t;
	struct oae_buf text;
	size_t i;

	(void)state;
	write_one("ok", OAE_MEASURED, true);
	oae_buf_init(&text, 1u << 20);
	assert_int_equal(oae_file_read(path, &text, NULL), OAE_OK);
	for (i = 0; i < text.len; i += 7) {
		char was = text.data[i];

		text.data[i] = was == '7' ? '8' : '7';
		assert_int_equal(oae_file_write(path, text.data, text.len,
						NULL),
				 OAE_OK);
		assert_int_not_equal(oae_transcript_read(path, &t, NULL),
				     OAE_OK);
		oae_transcript_release(&t);
		text.data[i] = was;
	}
	for (i = 0; i < text.len; i += 61) {
		assert_int_equal(oae_file_write(path, text.data, i, NULL),
				 OAE_OK);
		assert_int_not_equal(oae_transcript_read(path, &t, NULL),
				     OAE_OK);
		oae_transcript_release(&t);
	}
	oae_buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums),
		cmocka_unit_test(missing_stays_missing),
		cmocka_unit_test(void_ones),
		cmocka_unit_test(every_byte_counts),
	};
	int rc;

	(void)snprintf(dir, sizeof(dir), "/tmp/oae-transcript-XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/t.jsonl", dir);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	(void)rmdir(dir);
	return rc;
}
