/* SPDX-License-Identifier: Apache-2.0 */
/* The success command: the adapter, in its place, gives a first token. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "harness/cgroup.h"
#include "harness/sensors/proc.h"
#include "harness/session.h"
#include "harness/setup_internal.h"
#include "workloads/workload.h"

#define WORKLOAD "notices" /* whose first item is asked */
#define MAX_TOKENS 16
#define ANSWER_BYTES_MAX 4096
#define NAP_NS 50000000u

struct first {
	struct oae_setup *setup;
	struct oae_session session;
	struct oae_setup_env env;
	struct oae_tree tree;
	struct oae_cgroup group;
	const char *argv[OAE_MANIFEST_LIST_MAX + 1];
	char *memory[OAE_MANIFEST_LIST_MAX];
	char dir[OAE_PATH_BYTES_MAX], home[OAE_PATH_BYTES_MAX];
	struct oae_workload workload;
	const char *prompt;
	uint64_t start_ns, ready_ns, first_ns, done_ns; /* 0: not yet */
	uint64_t tokens;
	size_t processes;
	char token[256]; /* the first text */
	struct oae_buf answer;
};

/* ---- talking ---------------------------------------------------------- */

/* The next event; OAE_OK without one only when somebody stops it. */
static enum oae_status next(struct first *f, uint64_t end_ns,
			    struct oae_event *ev, bool *got,
			    struct oae_error *err)
{
	struct oae_setup *s = f->setup;
	enum oae_status status = OAE_OK;
	uint64_t now = oae_clock_ns();

	*got = false;
	while (!status && !*got && !*s->options.stop) {
		if (now >= end_ns)
			return oae_fail(err, OAE_ERR_TARGET, 0,
					"no answer within %u s",
					OAE_SETUP_FIRST_LIMIT_S);
		if (s->options.progress)
			s->options.progress(s->options.ctx, 0, s->step_count,
					    "first token",
					    (double)(now - f->start_ns) * 1e-9);
		status = oae_session_wait(&f->session, now + NAP_NS, err);
		if (!status)
			status = oae_session_event(&f->session, ev, got, err);
		now = oae_clock_ns();
	}
	s->interrupted |= *s->options.stop != 0;
	return status;
}

static enum oae_status on_token(struct first *f, const struct oae_event *ev)
{
	f->tokens += ev->n;
	if (f->answer.len + ev->text_len <= ANSWER_BYTES_MAX)
		oae_buf_add(&f->answer, ev->text, ev->text_len);
	if (f->first_ns || !ev->text_len)
		return OAE_OK;
	f->first_ns = ev->received_ns;
	(void)snprintf(f->token, sizeof(f->token), "%.*s",
		       ev->text_len < 200 ? (int)ev->text_len : 200, ev->text);
	oae_tree_walk(&f->tree, f->session.child.pid);
	f->processes = f->tree.count;
	return OAE_OK;
}

static enum oae_status on_event(struct first *f, const struct oae_event *ev,
				bool *done, struct oae_error *err)
{
	if (ev->kind == OAE_EVENT_ERROR)
		return oae_fail(err, OAE_ERR_TARGET, 0, "reported %.40s: %s",
				ev->code, ev->message);
	if (!f->ready_ns) {
		if (ev->kind != OAE_EVENT_READY)
			return oae_fail(err, OAE_ERR_TARGET, 0,
					"wrote '%s' before 'ready'",
					oae_event_name(ev->kind));
		f->ready_ns = ev->received_ns;
		return OAE_OK;
	}
	if (ev->kind == OAE_EVENT_TOKEN && ev->has_id && ev->id == 1)
		return on_token(f, ev);
	if (ev->kind != OAE_EVENT_DONE || !ev->has_id || ev->id != 1)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"wrote '%s', which nobody asked for",
				oae_event_name(ev->kind));
	*done = true;
	f->done_ns = ev->received_ns;
	if (!f->first_ns)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"answered without a token that has a text");
	if (ev->tokens_out != f->tokens)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"says that it wrote %llu tokens, and wrote"
				" %llu",
				(unsigned long long)ev->tokens_out,
				(unsigned long long)f->tokens);
	return OAE_OK;
}

static void ask(struct first *f)
{
	struct oae_submit m = {
		.id = 1,
		.prompt = f->prompt,
		.max_tokens = MAX_TOKENS,
		.seed = 1,
	};

	oae_proto_submit(&f->session.queue, &m);
}

static enum oae_status converse(struct first *f, struct oae_error *err)
{
	struct oae_hello hello = { .system = f->setup->entry->name,
				   .knobs = f->setup->knobs,
				   .home = f->home,
				   .seed = 1 };
	uint64_t end_ns = f->start_ns + OAE_SETUP_FIRST_LIMIT_S * 1000000000ull;
	enum oae_status status = oae_session_start(&f->session, &hello, err);
	bool done = false, got, asked = false;
	struct oae_event ev;

	while (!status && !done) {
		status = next(f, end_ns, &ev, &got, err);
		if (status || !got)
			break;
		status = on_event(f, &ev, &done, err);
		oae_event_release(&ev);
		if (!status && f->ready_ns && !asked)
			ask(f);
		asked = f->ready_ns != 0;
	}
	if (!status && done)
		status = oae_session_close(&f->session,
					   &oae_session_limits_default, err);
	if (!status && !done)
		status =
			oae_fail(err, OAE_ERR_TARGET, 0, "somebody stopped it");
	return status;
}

/* ---- around it -------------------------------------------------------- */

static enum oae_status prepare(struct first *f, struct oae_error *err)
{
	struct oae_setup *s = f->setup;
	const struct oae_strings *command = &s->manifest.command;
	char word[OAE_PATH_BYTES_MAX];
	enum oae_status status = OAE_OK;

	f->prompt = s->manifest.first_prompt;
	if (!f->prompt) {
		status =
			oae_workload_load(s->home, WORKLOAD, &f->workload, err);
		if (!status)
			f->prompt = f->workload.items[0].prompt;
	}
	for (size_t i = 0; !status && i < command->count; i++) {
		status = oae_setup_expand(s, command->item[i], word,
					  sizeof(word), err);
		f->memory[i] = strdup(word);
		f->argv[i] = f->memory[i];
	}
	oae_setup_env_make(s, s->manifest.first_network, &f->env);
	(void)snprintf(f->home, sizeof(f->home), "%s/copy", s->inside);
	(void)snprintf(f->dir, sizeof(f->dir), "%s/copy", s->inside);
	return status;
}

static struct oae_amount run(struct first *f, struct oae_error *why)
{
	const struct oae_spawn how = { .argv = f->argv,
				       .env = f->env.item,
				       .dir = f->dir,
				       .confine = &f->env.confine };
	struct oae_amount cpu = { NAN, OAE_ABSENT, "it did not start" };
	bool grouped = false;
	uint64_t ns;

	f->start_ns = oae_clock_ns();
	if (!oae_session_spawn_how(&f->session, &how, why)) {
		grouped =
			!oae_cgroup_open(&f->group, "", NULL) &&
			!oae_cgroup_add(&f->group, f->session.child.pid, NULL);
		f->start_ns = oae_clock_ns();
		(void)converse(f, why);
	}
	oae_session_end(&f->session);
	if (grouped && !oae_cgroup_cpu_ns(&f->group, &ns, NULL))
		cpu = (struct oae_amount){ (double)ns * 1e-9, OAE_MEASURED,
					   "its control group" };
	else if (f->session.child.pid > 0)
		cpu = (struct oae_amount){
			f->session.child.user_s + f->session.child.system_s,
			OAE_MEASURED,
			"getrusage: processes that were waited for"
		};
	oae_cgroup_close(&f->group);
	return cpu;
}

static void seconds(struct oae_jw *w, const char *key, uint64_t from,
		    uint64_t to, const char *reason)
{
	struct oae_amount a = { NAN, OAE_ABSENT, reason };

	if (to)
		a = (struct oae_amount){ (double)(to - from) * 1e-9,
					 OAE_MEASURED,
					 "from the start of the adapter" };
	oae_amount_write(w, key, &a, "s");
}

static void record(struct first *f, const struct oae_amount *cpu,
		   const struct oae_amount *network,
		   const struct oae_error *why)
{
	struct oae_jw *w = oae_transcript_begin(&f->setup->out, "first");
	const char *late = "it did not come so far";

	oae_jw_arr(w, "command");
	for (size_t i = 0; f->argv[i]; i++)
		oae_jw_str(w, NULL, f->argv[i]);
	oae_jw_end_arr(w);
	oae_jw_str(w, "prompt", f->prompt);
	oae_jw_str(w, "outcome",
		   !why->status		 ? "ok" :
		   f->setup->interrupted ? "interrupted" :
					   "failed");
	oae_jw_str(w, "reason", why->status ? why->text : NULL);
	seconds(w, "ready_s", f->start_ns, f->ready_ns, late);
	seconds(w, "first_token_s", f->start_ns, f->first_ns, late);
	seconds(w, "done_s", f->start_ns, f->done_ns, late);
	oae_jw_str(w, "token", f->first_ns ? f->token : NULL);
	oae_jw_strn(w, "answer", oae_buf_str(&f->answer), f->answer.len);
	oae_jw_int(w, "tokens", (int64_t)f->tokens);
	if (f->processes)
		oae_jw_int(w, "processes", (int64_t)f->processes);
	else
		oae_jw_null(w, "processes");
	oae_amount_write(w, "cpu_s", cpu, "s");
	oae_amount_write(w, "network_bytes", network, "bytes");
	oae_transcript_commit(&f->setup->out);
}

enum oae_status oae_setup_first(struct oae_setup *s, struct oae_error *err)
{
	struct first *f = calloc(1, sizeof(*f));
	struct oae_error why = { OAE_OK, 0, "" };
	struct oae_amount cpu, network;
	enum oae_status status;
	uint64_t bytes = 0;
	bool known = oae_count_network(&bytes);

	if (!f)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	f->setup = s;
	oae_buf_init(&f->answer, (size_t)2 * ANSWER_BYTES_MAX);
	status = prepare(f, err);
	if (!status) {
		cpu = run(f, &why);
		network = oae_setup_network(s, s->manifest.first_network, known,
					    bytes);
		record(f, &cpu, &network, &why);
		if (why.status) {
			s->failed = true;
			(void)snprintf(s->why, sizeof(s->why),
				       "no first valid token: %.440s",
				       why.text);
		}
	}
	for (size_t i = 0; i < OAE_MANIFEST_LIST_MAX; i++)
		free(f->memory[i]);
	oae_workload_release(&f->workload);
	oae_buf_release(&f->answer);
	free(f);
	return status;
}
