/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's writer: chain, seal, torn lines, full disks, one writer. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "harness/journal.h"

static char dir[] = "/tmp/oae-journal-XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof(path), "%s/journal.jsonl", dir);
	(void)unlink(path);
	return 0;
}

static void add_campaign(struct oae_journal *j)
{
	struct oae_jw *w = oae_journal_begin(j, "campaign");

	oae_jw_int(w, "journal", OAE_JOURNAL_VERSION);
	oae_jw_str(w, "spec", OAE_SPEC_VERSION);
	assert_int_equal(oae_journal_commit(j, NULL), OAE_OK);
}

static void add_note(struct oae_journal *j, const char *text)
{
	oae_jw_str(oae_journal_begin(j, "note"), "text", text);
	assert_int_equal(oae_journal_commit(j, NULL), OAE_OK);
}

static void write_some(bool seal)
{
	struct oae_error err = { 0 };
	struct oae_journal j;

	assert_int_equal(oae_journal_create(&j, path, &err), OAE_OK);
	add_campaign(&j);
	add_note(&j, "one");
	add_note(&j, "two \n \"quoted\"");
	if (seal)
		assert_int_equal(oae_journal_seal(&j, &err), OAE_OK);
	oae_journal_close(&j);
}

static void read_whole(struct oae_buf *b)
{
	oae_buf_init(b, 1 << 20);
	assert_int_equal(oae_file_read(path, b, NULL), OAE_OK);
}

static void append_bytes(const char *bytes)
{
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	fputs(bytes, f);
	fclose(f);
}

static void sealed_is_read(void **state)
{
	struct oae_error err = { 0 };
	struct oae_records r;

	(void)state;
	write_some(true);
	assert_int_equal(oae_records_read(path, &r, &err), OAE_OK);
	assert_true(r.sealed);
	assert_int_equal(r.lines, 4);
	oae_records_release(&r);
}

static void sealed_stays(void **state)
{
	struct oae_error err = { 0 };
	struct oae_buf before, after;
	struct oae_journal j;
	struct oae_records r;

	(void)state;
	write_some(true);
	read_whole(&before);
	assert_int_equal(oae_journal_resume(&j, path, &r, &err), OAE_OK);
	assert_true(j.sealed);
	oae_jw_str(oae_journal_begin(&j, "note"), "text", "late");
	assert_int_equal(oae_journal_commit(&j, &err), OAE_ERR_USAGE);
	oae_journal_close(&j);
	oae_records_release(&r);
	read_whole(&after);
	assert_string_equal(oae_buf_str(&before), oae_buf_str(&after));
	oae_buf_release(&before);
	oae_buf_release(&after);
}

/* Cut the file at every byte: what is whole stays, and the chain goes on. */
static void torn_anywhere(void **state)
{
	struct oae_buf whole;
	size_t cut, first;

	(void)state;
	write_some(false);
	read_whole(&whole);
	first = strcspn(whole.data, "\n") + 1;
	for (cut = first; cut <= whole.len; cut++) {
		struct oae_error err = { 0 };
		struct oae_journal j;
		struct oae_records r;
		uint64_t torn;

		assert_int_equal(oae_file_write(path, whole.data, cut, NULL),
				 OAE_OK);
		assert_int_equal(oae_journal_resume(&j, path, &r, &err),
				 OAE_OK);
		torn = r.torn_bytes;
		assert_true(cut - torn == 0 ||
			    whole.data[cut - torn - 1] == '\n');
		oae_records_release(&r);
		add_note(&j, "after");
		assert_int_equal(oae_journal_seal(&j, &err), OAE_OK);
		oae_journal_close(&j);
		assert_int_equal(oae_records_read(path, &r, &err), OAE_OK);
		assert_true(r.sealed);
		assert_int_equal(r.resumes, 1);
		oae_records_release(&r);
	}
	oae_buf_release(&whole);
}

static void nothing_begun(void **state)
{
	struct oae_error err = { 0 };
	struct oae_journal j;
	struct oae_records r;

	(void)state;
	assert_int_equal(oae_file_write(path, "{\"seq\":0,\"pr", 12, NULL),
			 OAE_OK);
	assert_int_equal(oae_journal_resume(&j, path, &r, &err), OAE_ERR_USAGE);
	assert_non_null(strstr(err.text, "remove the folder"));
	oae_records_release(&r);
}

static void changed_byte(void **state)
{
	struct oae_error err = { 0 };
	struct oae_journal j;
	struct oae_records r;
	struct oae_buf b;

	(void)state;
	write_some(false);
	read_whole(&b);
	*strstr(b.data, "one") = 'x';
	assert_int_equal(oae_file_write(path, b.data, b.len, NULL), OAE_OK);
	oae_buf_release(&b);
	assert_int_equal(oae_journal_resume(&j, path, &r, &err), OAE_ERR_CHECK);
	oae_records_release(&r);
}

static void after_the_seal(void **state)
{
	struct oae_error err = { 0 };
	struct oae_journal j;
	struct oae_records r;

	(void)state;
	write_some(true);
	append_bytes("{}\n");
	assert_int_not_equal(oae_journal_resume(&j, path, &r, &err), OAE_OK);
	oae_records_release(&r);
}

static void one_writer(void **state)
{
	struct oae_error err = { 0 };
	struct oae_journal a, b;
	struct oae_records r;

	(void)state;
	assert_int_equal(oae_journal_create(&a, path, &err), OAE_OK);
	add_campaign(&a);
	assert_int_equal(oae_journal_resume(&b, path, &r, &err), OAE_ERR_IO);
	assert_non_null(strstr(err.text, "another oae"));
	oae_records_release(&r);
	memset(&err, 0, sizeof(err));
	assert_int_equal(oae_journal_create(&b, path, &err), OAE_ERR_IO);
	oae_journal_close(&a);
}

/* A file that may not grow: the line that did not fit leaves no trace. */
static void full_disk(void **state)
{
	struct rlimit was, low;
	struct oae_error err = { 0 };
	enum oae_status status = OAE_OK;
	struct oae_journal j;
	struct oae_records r;
	int lines = 1;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	low = was;
	low.rlim_cur = 1000;
	assert_int_equal(oae_journal_create(&j, path, &err), OAE_OK);
	add_campaign(&j);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	while (!status && lines < 100) {
		oae_jw_str(oae_journal_begin(&j, "note"), "text", "filling");
		status = oae_journal_commit(&j, &err);
		lines += !status;
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(status, OAE_ERR_IO);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, "--resume"));
	oae_journal_close(&j);
	assert_int_equal(oae_records_read(path, &r, NULL), OAE_OK);
	assert_int_equal(r.torn_bytes, 0);
	assert_int_equal(r.lines, lines);
	oae_records_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sealed_is_read, setup),
		cmocka_unit_test_setup(sealed_stays, setup),
		cmocka_unit_test_setup(torn_anywhere, setup),
		cmocka_unit_test_setup(nothing_begun, setup),
		cmocka_unit_test_setup(changed_byte, setup),
		cmocka_unit_test_setup(after_the_seal, setup),
		cmocka_unit_test_setup(one_writer, setup),
		cmocka_unit_test_setup(full_disk, setup),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	(void)rmdir(dir);
	return failed;
}
