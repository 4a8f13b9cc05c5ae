/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of the SDK: an adapter that does what the prompt says, run by
 * oae_adapter_main() in a forked child, and the harness's end of its pipes.
 */
#ifndef OAE_TESTS_UNIT_SDK_PROBE_H
#define OAE_TESTS_UNIT_SDK_PROBE_H

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/sdk/sdk.h"
#include "base/clock.h"

#define WAIT_MS 10000

/* ---- the adapter under the SDK ------------------------------------------ */

/*
 * A prompt is pieces separated by '|', one token each, one a step. Some
 * first pieces are orders, see probe_submit() and probe_poll().
 */
struct probe {
	struct oae_sdk *sdk;
	struct job {
		uint64_t id;
		char *text, *next; /* text NULL: free */
		bool ignore_eos;
	} jobs[2];
};

static enum oae_status probe_open(struct oae_sdk *sdk,
				  const struct oae_sdk_hello *h,
				  struct oae_sdk_ready *ready, void **self,
				  struct oae_error *err)
{
	static const char *const names[] = { "auto", "scalar", NULL };
	struct oae_sdk_knob knobs[] = {
		{ .name = "gamma", .value = 4, .low = 1, .high = 16 },
		{ .name = "kernels", .value = 0, .choices = names },
	};
	struct probe *p;
	enum oae_status st;

	if (!strcmp(h->system, "broken"))
		return oae_fail(err, OAE_ERR_TARGET, 0, "model: truncated");
	st = oae_sdk_knobs(h, knobs, 2, err);
	if (st)
		return st;
	p = calloc(1, sizeof *p);
	p->sdk = sdk;
	ready->max_in_flight = 2;
	if (!strcmp(h->system, "mute"))
		ready->verbs &= ~(unsigned)OAE_VERB_LEARN;
	oae_sdk_knobs_write(ready->details, knobs, 2);
	oae_jw_str(ready->details, "synthetic", h->synthetic);
	oae_jw_u64s(ready->details, "seed", h->seed);
	*self = p;
	return OAE_OK;
}

static enum oae_status probe_submit(void *self, const struct oae_sdk_request *r,
				    struct oae_error *err)
{
	struct probe *p = self;
	struct job *j = p->jobs[0].text ? &p->jobs[1] : &p->jobs[0];

	if (!strcmp(r->prompt, "refuse"))
		return oae_fail(err, OAE_ERR_LIMIT, 0, "prompt: too long");
	j->id = r->id;
	j->text = strdup(r->prompt);
	j->next = j->text;
	return OAE_OK;
}

static void job_end(struct probe *p, struct job *j, enum oae_sdk_finish how)
{
	struct oae_sdk_done done = {
		.finish = how,
		.tokens_in = 3,
		.drafted = 8,
		.accepted = 5,
		.reused = 2,
		.drafting = { .rounds = 2, .judged = 6, .draft_us = 7 },
	};

	free(j->text);
	j->text = NULL;
	oae_sdk_done(p->sdk, j->id, &done);
}

static enum oae_status job_step(struct probe *p, struct job *j,
				struct oae_error *err)
{
	char *piece = strsep(&j->next, "|");

	if (!strcmp(piece, "fail"))
		return oae_fail(err, OAE_ERR_IO, 0, "step: broken");
	if (!strcmp(piece, "hang")) {
		j->next = j->text;
		usleep(1000);
		return OAE_OK;
	}
	if (piece[0] == '^') { /* each byte a token */
		for (piece++; piece[1]; piece++)
			oae_sdk_token(p->sdk, j->id, piece, 1, 1);
	}
	if (!strcmp(piece, "print")) {
		printf("{\"type\":\"bye\"}\n");
		fflush(stdout);
		piece = getchar() == EOF ? "eof" : "stole";
	}
	if (oae_sdk_token(p->sdk, j->id, piece, strlen(piece), 1))
		job_end(p, j, OAE_SDK_STOP);
	else if (!j->next)
		job_end(p, j, OAE_SDK_LENGTH);
	return OAE_OK;
}

static enum oae_status probe_poll(void *self, struct oae_error *err)
{
	struct probe *p = self;
	enum oae_status st = OAE_OK;
	size_t i;

	for (i = 0; i < 2 && st == OAE_OK; i++)
		if (p->jobs[i].text)
			st = job_step(p, &p->jobs[i], err);
	return st;
}

static enum oae_status probe_learn(void *self, const struct oae_sdk_learn *l,
				   struct oae_error *err)
{
	(void)err;
	oae_sdk_learned(((struct probe *)self)->sdk, l->id,
			(uint32_t)cJSON_GetArraySize(l->items), "sha256:00",
			1ull << 60);
	return OAE_OK;
}

static enum oae_status probe_score(void *self, const struct oae_sdk_score *s,
				   struct oae_error *err)
{
	(void)err;
	oae_sdk_scored(((struct probe *)self)->sdk, s->id, -12.5,
		       (uint32_t)strlen(s->continuation));
	return OAE_OK;
}

static void probe_cancel(void *self, uint64_t id)
{
	struct probe *p = self;
	size_t i;

	for (i = 0; i < 2; i++)
		if (p->jobs[i].text && p->jobs[i].id == id)
			job_end(p, &p->jobs[i], OAE_SDK_CANCELLED);
}

static void probe_close(void *self)
{
	struct probe *p = self;

	free(p->jobs[0].text);
	free(p->jobs[1].text);
	free(p);
}

static const struct oae_adapter probe = {
	.name = "probe",
	.version = "0.1",
	.open = probe_open,
	.submit = probe_submit,
	.learn = probe_learn,
	.score = probe_score,
	.poll = probe_poll,
	.cancel = probe_cancel,
	.close = probe_close,
};

/* ---- talking to it ------------------------------------------------------- */

struct talk {
	pid_t pid;
	int in, out; /* what we write, what we read */
	char buf[1 << 16];
	size_t len;
	cJSON *msg; /* the last one read */
};

static void talk_start(struct talk *t)
{
	int to[2], from[2];

	memset(t, 0, sizeof *t);
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	fflush(NULL);
	t->pid = fork();
	assert_true(t->pid >= 0);
	if (t->pid == 0) {
		char name[] = "probe", *argv[] = { name, NULL };

		dup2(to[0], 0);
		dup2(from[1], 1);
		close(to[0]);
		close(to[1]);
		close(from[0]);
		close(from[1]);
		_exit(oae_adapter_main(1, argv, &probe));
	}
	close(to[0]);
	close(from[1]);
	t->in = to[1];
	t->out = from[0];
}

static void say_bytes(struct talk *t, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(t->in, bytes, len);

		assert_true(n > 0);
		bytes += n;
		len -= (size_t)n;
	}
}

static void say(struct talk *t, const char *line)
{
	say_bytes(t, line, strlen(line));
	say_bytes(t, "\n", 1);
}

/* Reads the next message into t->msg; false at the end of the stream. */
static bool hear(struct talk *t)
{
	struct oae_error err = { 0 };
	char *nl;

	cJSON_Delete(t->msg);
	t->msg = NULL;
	while (!(nl = memchr(t->buf, '\n', t->len))) {
		struct pollfd p = { .fd = t->out, .events = POLLIN };
		ssize_t n;

		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		n = read(t->out, t->buf + t->len, sizeof t->buf - t->len);
		if (n == 0) {
			assert_int_equal(t->len, 0); /* no half line */
			return false;
		}
		assert_true(n > 0);
		t->len += (size_t)n;
	}
	if (oae_json_parse(t->buf, (size_t)(nl - t->buf), &t->msg, &err))
		fail_msg("%s", err.text);
	t->len -= (size_t)(nl + 1 - t->buf);
	memmove(t->buf, nl + 1, t->len);
	return true;
}

static const char *str(const struct talk *t, const char *key)
{
	return oae_json_str_or(t->msg, key, "(none)");
}

static uint64_t num(const struct talk *t, const char *key)
{
	return oae_json_u64_or(t->msg, key, UINT64_MAX);
}

static void hear_type(struct talk *t, const char *type)
{
	assert_true(hear(t));
	assert_string_equal(str(t, "type"), type);
}

/* id NULL: the error has no id. */
static void hear_error(struct talk *t, const char *id, const char *code)
{
	hear_type(t, OAE_MSG_ERROR);
	assert_string_equal(str(t, "code"), code);
	assert_string_equal(str(t, "id"), id ? id : "(none)");
	assert_true(cJSON_HasObjectItem(t->msg, "id"));
	assert_true(strlen(str(t, "message")) > 8);
	assert_null(strchr(str(t, "message"), '\n'));
}

static void talk_hello(struct talk *t)
{
	talk_start(t);
	say(t, "{\"type\":\"hello\",\"protocol\":1,\"system\":\"any\"}");
	hear_type(t, OAE_MSG_READY);
}

/* Waits for the exit and returns its code. */
static int talk_end(struct talk *t)
{
	int status;

	if (t->in >= 0)
		close(t->in);
	while (t->out >= 0 && hear(t))
		;
	if (t->out >= 0)
		close(t->out);
	cJSON_Delete(t->msg);
	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

struct answer {
	char text[4096];
	unsigned events, tokens;
	uint64_t first_n, last_n;
};

/* Reads the tokens and the done of one answer, checking its invariants. */
static struct answer hear_answer(struct talk *t)
{
	struct answer a = { .events = 0 };
	uint64_t stamp = 0;

	while (hear(t) && !strcmp(str(t, "type"), OAE_MSG_TOKEN)) {
		assert_in_range(num(t, "t_ns"), stamp, oae_clock_ns());
		stamp = num(t, "t_ns");
		a.last_n = num(t, "n");
		assert_in_range(a.last_n, 1, 100000);
		if (a.events++ == 0)
			a.first_n = a.last_n;
		a.tokens += (unsigned)a.last_n;
		strcat(a.text, str(t, "text"));
	}
	assert_string_equal(str(t, "type"), OAE_MSG_DONE);
	assert_in_range(num(t, "t_ns"), stamp, oae_clock_ns());
	assert_int_equal(num(t, "tokens_out"), a.tokens);
	return a;
}

#endif
