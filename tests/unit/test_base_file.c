/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

#define NOBODY 65534

static char dir[] = "/tmp/oae-file-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[PATH_MAX];

	assert_int_equal(oae_path_join(path, sizeof(path), dir, name, NULL),
			 OAE_OK);
	return path;
}

static void write_text(const char *name, const char *text)
{
	assert_int_equal(oae_file_write(in_dir(name), text, strlen(text), NULL),
			 OAE_OK);
}

static void expect_text(const char *name, const char *text)
{
	struct oae_buf b;

	oae_buf_init(&b, 1u << 20);
	assert_int_equal(oae_file_read(in_dir(name), &b, NULL), OAE_OK);
	assert_string_equal(oae_buf_str(&b), text);
	oae_buf_release(&b);
}

static enum oae_status count_file(void *ctx, const char *relative,
				  struct oae_error *err)
{
	(void)relative;
	(void)err;
	++*(int *)ctx;
	return OAE_OK;
}

static int files_in(const char *path)
{
	int count = 0;

	assert_int_equal(oae_dir_walk(path, count_file, &count, NULL), OAE_OK);
	return count;
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static enum oae_status remove_file(void *ctx, const char *relative,
				   struct oae_error *err)
{
	(void)ctx;
	(void)err;
	return unlink(in_dir(relative)) ? OAE_ERR_IO : OAE_OK;
}

static int remove_dir(void **state)
{
	static const char *const dirs[] = { "a/b/c", "a/b",    "a",    "w/x",
					    "w",     "locked", "empty" };

	(void)state;
	(void)oae_dir_walk(dir, remove_file, NULL, NULL);
	(void)unlink(in_dir("w/link"));
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		(void)rmdir(in_dir(dirs[i]));
	return rmdir(dir);
}

static void writes_and_replaces(void **state)
{
	(void)state;
	write_text("f", "one");
	expect_text("f", "one");
	write_text("f", "");
	expect_text("f", "");
	write_text("f", "two");
	assert_int_equal(oae_file_copy(in_dir("f"), "/dev/null", NULL), OAE_OK);
	assert_int_equal(files_in(dir), 1);
}

static void copies(void **state)
{
	char from[PATH_MAX];
	struct oae_error err = { 0 };

	(void)state;
	write_text("f", "text");
	(void)snprintf(from, sizeof(from), "%s", in_dir("f"));
	assert_int_equal(oae_file_copy(from, in_dir("g"), NULL), OAE_OK);
	expect_text("g", "text");
	assert_int_equal(oae_file_copy("/nowhere", in_dir("h"), &err),
			 OAE_ERR_IO);
	assert_string_equal(err.text, "/nowhere: cannot open: No such file "
				      "or directory");
	assert_false(oae_file_exists(in_dir("h")));
	memset(&err, 0, sizeof(err));
	assert_int_equal(oae_file_copy(from, "/dev/full", &err), OAE_ERR_IO);
	assert_int_equal(err.sys, ENOSPC);
	assert_int_equal(oae_file_copy(dir, in_dir("h"), NULL), OAE_ERR_IO);
	assert_false(oae_file_exists(in_dir("h")));
}

static void a_full_disk_is_one_line(void **state)
{
	struct oae_error err = { 0 };

	(void)state;
	assert_int_equal(oae_file_write("/dev/full", "x", 1, &err), OAE_ERR_IO);
	assert_string_equal(err.text, "/dev/full: cannot write: No space left "
				      "on device");
	assert_int_equal(err.sys, ENOSPC);
}

/* The system stops the write half-way: the old file stays, no litter. */
static void a_failed_write_leaves_no_trace(void **state)
{
	struct rlimit old, small = { 4096, 0 };
	struct oae_error err = { 0 };
	static char big[100000];
	enum oae_status status;
	char expected[PATH_MAX + 64];
	int before;

	(void)state;
	write_text("f", "old");
	before = files_in(dir);
	(void)snprintf(expected, sizeof(expected),
		       "%s: cannot write: File too large", in_dir("f"));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	status = oae_file_write(in_dir("f"), big, sizeof(big), &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(status, OAE_ERR_IO);
	assert_string_equal(err.text, expected);
	expect_text("f", "old");
	assert_int_equal(files_in(dir), before);
}

static void a_read_only_folder_is_denied(void **state)
{
	struct oae_error err = { 0 };
	enum oae_status status;
	uid_t was = geteuid();
	char path[PATH_MAX];

	(void)state;
	assert_int_equal(oae_dir_make(in_dir("locked"), NULL), OAE_OK);
	(void)snprintf(path, sizeof(path), "%s", in_dir("locked/f"));
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chmod(in_dir("locked"), 0555), 0);
	if (was == 0)
		assert_int_equal(seteuid(NOBODY), 0);
	status = oae_file_write(path, "x", 1, &err);
	if (was == 0)
		assert_int_equal(seteuid(was), 0);
	assert_int_equal(status, OAE_ERR_DENIED);
	assert_int_equal(err.sys, EACCES);
	assert_non_null(strstr(err.text, "locked/f: cannot create: "));
	assert_int_equal(files_in(in_dir("locked")), 0);
}

static void reading_has_a_limit(void **state)
{
	struct oae_error err = { 0 };
	struct oae_buf b;

	(void)state;
	write_text("f", "12345");
	oae_buf_init(&b, 4);
	assert_int_equal(oae_file_read(in_dir("f"), &b, &err), OAE_ERR_LIMIT);
	assert_non_null(strstr(err.text, "larger than the limit of 4 bytes"));
	oae_buf_release(&b);
	oae_buf_init(&b, 1000000); /* and an endless file ends */
	assert_int_equal(oae_file_read("/dev/zero", &b, NULL), OAE_ERR_LIMIT);
	oae_buf_clear(&b);
	memset(&err, 0, sizeof(err));
	assert_int_equal(oae_file_read(dir, &b, &err), OAE_ERR_IO);
	assert_int_equal(err.sys, EISDIR);
	assert_int_equal(oae_file_read("/proc/self/status", &b, NULL), OAE_OK);
	assert_true(b.len > 100);
	oae_buf_release(&b);
}

static void makes_folders(void **state)
{
	struct oae_error err = { 0 };

	(void)state;
	assert_int_equal(oae_dir_make(in_dir("a/b//c/"), NULL), OAE_OK);
	assert_int_equal(oae_dir_make(in_dir("a/b"), NULL), OAE_OK);
	assert_int_equal(oae_dir_make("/", NULL), OAE_OK);
	assert_true(oae_dir_exists(in_dir("a/b/c")));
	assert_false(oae_file_exists(in_dir("a/b/c")));
	write_text("plain", "x");
	assert_true(oae_file_exists(in_dir("plain")));
	assert_false(oae_dir_exists(in_dir("plain")));
	assert_int_not_equal(oae_dir_make(in_dir("plain/d"), &err), OAE_OK);
	assert_non_null(strstr(err.text, "/plain: cannot make the folder"));
	assert_int_equal(oae_dir_make("", NULL), OAE_ERR_LIMIT);
}

static enum oae_status note_name(void *ctx, const char *relative,
				 struct oae_error *err)
{
	struct oae_buf *b = ctx;

	oae_buf_printf(b, "%s;", relative);
	if (!strcmp(relative, "w.stop"))
		return oae_fail(err, OAE_ERR_CHECK, 0, "stopped");
	return OAE_OK;
}

static void walks_in_byte_order(void **state)
{
	struct oae_buf b;
	char root[PATH_MAX];

	(void)state;
	assert_int_equal(oae_dir_make(in_dir("w/x"), NULL), OAE_OK);
	write_text("w/x/1", "");
	write_text("w/x.y", "");
	write_text("w/B", "");
	write_text("w/a", "");
	assert_int_equal(symlink("/etc", in_dir("w/link")), 0);
	(void)snprintf(root, sizeof(root), "%s", in_dir("w"));
	oae_buf_init(&b, 1000);
	assert_int_equal(oae_dir_walk(root, note_name, &b, NULL), OAE_OK);
	assert_string_equal(oae_buf_str(&b), "B;a;x.y;x/1;");
	oae_buf_clear(&b);
	write_text("w/w.stop", "");
	assert_int_equal(oae_dir_walk(root, note_name, &b, NULL),
			 OAE_ERR_CHECK);
	assert_string_equal(oae_buf_str(&b), "B;a;w.stop;");
	assert_int_equal(oae_dir_walk("/nowhere", note_name, &b, NULL),
			 OAE_ERR_IO);
	oae_buf_release(&b);
}

static void joins_paths(void **state)
{
	char out[8];

	(void)state;
	assert_int_equal(oae_path_join(out, sizeof(out), "a//", "b", NULL),
			 OAE_OK);
	assert_string_equal(out, "a/b");
	assert_int_equal(oae_path_join(out, sizeof(out), "/", "b", NULL),
			 OAE_OK);
	assert_string_equal(out, "/b");
	assert_int_equal(oae_path_join(out, sizeof(out), "", "b", NULL),
			 OAE_OK);
	assert_string_equal(out, "b");
	assert_int_equal(oae_path_join(out, sizeof(out), "abc", "defg", NULL),
			 OAE_ERR_LIMIT);
	assert_int_equal(oae_path_join(out, sizeof(out), "abc", "def", NULL),
			 OAE_OK);
}

static void finds_the_data_folder(void **state)
{
	struct oae_error err = { 0 };
	char out[PATH_MAX];

	(void)state;
	setenv("OAE_HOME", dir, 1);
	assert_int_equal(oae_home(out, sizeof(out), &err), OAE_ERR_USAGE);
	assert_non_null(strstr(err.text, "OAE_HOME="));
	unsetenv("OAE_HOME");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_and_replaces),
		cmocka_unit_test(copies),
		cmocka_unit_test(a_full_disk_is_one_line),
		cmocka_unit_test(a_failed_write_leaves_no_trace),
		cmocka_unit_test(a_read_only_folder_is_denied),
		cmocka_unit_test(reading_has_a_limit),
		cmocka_unit_test(makes_folders),
		cmocka_unit_test(walks_in_byte_order),
		cmocka_unit_test(joins_paths),
		cmocka_unit_test(finds_the_data_folder),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
