/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A training run as a whole: a model from a run that was killed and resumed
 * equals the one of a run left alone, byte for byte; damage is noticed.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/reference/train/train.h"
#include "base/buf.h"
#include "base/file.h"

static char dir[] = "/tmp/oae-train-XXXXXX";

static const char *path(const char *name)
{
	static char text[4][128];
	static unsigned next;
	char *out = text[next++ % 4];

	snprintf(out, sizeof(text[0]), "%s/%s", dir, name);
	return out;
}

static void read_all(const char *file, struct oae_buf *b)
{
	struct oae_error err = { 0 };

	oae_buf_init(b, 64u << 20);
	if (oae_file_read(file, b, &err))
		fail_msg("%s", err.text);
}

static void train(struct oae_train_options *o)
{
	struct oae_error err = { 0 };
	bool finished;

	if (oae_train_run(o, &finished, &err))
		fail_msg("%s", err.text);
	assert_true(finished);
}

/* Trains in a child process until it has written a checkpoint; kills it. */
static void train_and_kill(const struct oae_train_options *o)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		struct oae_error err = { 0 };
		bool finished;

		_exit(oae_train_run(o, &finished, &err) ? 1 : 0);
	}
	for (int i = 0; i < 60000 && !oae_file_exists(o->checkpoint); i++)
		usleep(1000);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void test_killed_run_resumes(void **state)
{
	struct oae_train_options o = {
		.model = "tiny",
		.seed = 3,
		.threads = 2,
		.save_s = 0.02,
	};
	struct oae_buf whole, resumed;

	(void)state;
	o.out = path("whole.gguf");
	train(&o);
	o.out = path("resumed.gguf");
	o.checkpoint = path("run.ckpt");
	train_and_kill(&o);
	assert_false(oae_file_exists(o.out));
	o.resume = true;
	train(&o);
	read_all(path("whole.gguf"), &whole);
	read_all(path("resumed.gguf"), &resumed);
	assert_int_equal(whole.len, resumed.len);
	assert_memory_equal(whole.data, resumed.data, whole.len);
	assert_true(oae_file_exists(path("whole.gguf.train.json")));
	oae_buf_release(&whole);
	oae_buf_release(&resumed);
}

static void test_damaged_checkpoint_is_refused(void **state)
{
	struct oae_train_options o = {
		.model = "tiny",
		.seed = 3,
		.threads = 1,
		.resume = true,
	};
	struct oae_error err = { 0 };
	struct oae_buf b;
	bool finished;

	(void)state;
	read_all(path("run.ckpt"), &b);
	b.data[b.len / 2] ^= 1;
	o.checkpoint = path("bad.ckpt");
	o.out = path("never.gguf");
	assert_int_equal(oae_file_write(o.checkpoint, b.data, b.len, &err),
			 OAE_OK);
	assert_int_equal(oae_train_run(&o, &finished, &err), OAE_ERR_FORMAT);
	assert_non_null(strstr(err.text, "damaged"));
	err = (struct oae_error){ 0 };
	assert_int_equal(oae_file_write(o.checkpoint, b.data, 100, &err),
			 OAE_OK);
	assert_int_equal(oae_train_run(&o, &finished, &err), OAE_ERR_FORMAT);
	assert_false(oae_file_exists(o.out));
	oae_buf_release(&b);
	/* another seed's checkpoint */
	err = (struct oae_error){ 0 };
	o.checkpoint = path("run.ckpt");
	o.seed = 4;
	assert_int_equal(oae_train_run(&o, &finished, &err), OAE_ERR_USAGE);
}

static void expect_in_record(const char *file, const char *text)
{
	struct oae_buf b;

	read_all(file, &b);
	if (!strstr(oae_buf_str(&b), text))
		fail_msg("%s: no %s", file, text);
	oae_buf_release(&b);
}

/* A mixture from the dense model, then a dense one taught by the mixture. */
static void test_mixture_and_teacher(void **state)
{
	struct oae_train_options o = {
		.model = "tiny-moe",
		.seed = 3,
		.threads = 2,
		.steps = 5,
	};

	(void)state;
	o.tokenizer = path("whole.gguf");
	o.upcycle = o.tokenizer;
	o.out = path("moe.gguf");
	train(&o);
	expect_in_record(path("moe.gguf.train.json"), "\"upcycled\": true");
	o.model = "tiny";
	o.upcycle = NULL;
	o.tokenizer = path("moe.gguf");
	o.distill = o.tokenizer;
	o.out = path("taught.gguf");
	train(&o);
	expect_in_record(path("taught.gguf.train.json"), "\"distilled\": true");
}

static void test_unfit_models_are_refused(void **state)
{
	struct oae_train_options o = {
		.model = "tiny",
		.seed = 3,
		.threads = 1,
		.steps = 5,
	};
	struct oae_error err = { 0 };
	bool finished;

	(void)state;
	o.out = path("never.gguf");
	o.tokenizer = path("whole.gguf");
	o.upcycle = o.tokenizer; /* a dense model cannot take it */
	assert_int_equal(oae_train_run(&o, &finished, &err), OAE_ERR_USAGE);
	assert_non_null(strstr(err.text, "mixture"));
	err = (struct oae_error){ 0 };
	o.upcycle = NULL;
	o.tokenizer = path("whole.gguf.train.json");
	assert_int_equal(oae_train_run(&o, &finished, &err), OAE_ERR_FORMAT);
	err = (struct oae_error){ 0 };
	o.model = "huge";
	assert_int_equal(oae_train_run(&o, &finished, &err), OAE_ERR_USAGE);
	assert_false(oae_file_exists(o.out));
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {
		"whole.gguf",	"whole.gguf.train.json",
		"resumed.gguf", "resumed.gguf.train.json",
		"run.ckpt",	"bad.ckpt",
		"moe.gguf",	"moe.gguf.train.json",
		"taught.gguf",	"taught.gguf.train.json",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path(names[i]));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_run_resumes),
		cmocka_unit_test(test_damaged_checkpoint_is_refused),
		cmocka_unit_test(test_mixture_and_teacher),
		cmocka_unit_test(test_unfit_models_are_refused),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
