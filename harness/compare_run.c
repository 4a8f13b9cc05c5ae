/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/compare_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "harness/commands.h"
#include "schema/check.h"

#define WORDS_MAX 40
#define SYSTEMS_TEXT (2u * OAE_SYSTEMS_MAX * 512u)

/* "adapters/NAME" of the first system, when no path was given. */
static enum oae_status default_adapter(const struct oae_compare_args *a,
				       char *out, size_t size,
				       struct oae_error *err)
{
	const char *first = a->systems.item[0];
	size_t len = strcspn(first, "/");

	for (size_t i = 0; i < a->systems.count; i++)
		if (strcspn(a->systems.item[i], "/") != len ||
		    strncmp(a->systems.item[i], first, len + 1) != 0 ||
		    !first[len])
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"--systems: '%.60s' must be"
					" ADAPTER/SYSTEM of one adapter",
					a->systems.item[i]);
	if (snprintf(out, size, "adapters/%.*s", (int)len, first) >= (int)size)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "--systems: too long");
	return OAE_OK;
}

static enum oae_status make_temporary(struct oae_compare_run *r,
				      struct oae_error *err)
{
	const char *where = getenv("TMPDIR");

	if (snprintf(r->temporary, sizeof(r->temporary),
		     "%s/oae-compare-XXXXXX",
		     where && where[0] == '/' ? where : "/tmp") >=
	    (int)sizeof(r->temporary))
		return oae_fail(err, OAE_ERR_LIMIT, 0, "TMPDIR: too long");
	if (!mkdtemp(r->temporary)) {
		r->temporary[0] = '\0';
		return oae_fail(err, OAE_ERR_IO, errno,
				"a temporary folder for worktrees");
	}
	return OAE_OK;
}

static enum oae_status choose_out(struct oae_compare_run *r,
				  struct oae_error *err)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;
	int n;

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	n = r->args->out ?
		    snprintf(r->out, sizeof(r->out), "%s", r->args->out) :
		    snprintf(r->out, sizeof(r->out), "oae-runs/%s-compare",
			     stamp);
	return n >= (int)sizeof(r->out) ?
		       oae_fail(err, OAE_ERR_LIMIT, 0, "--out: too long") :
		       OAE_OK;
}

static enum oae_status build_sides(struct oae_compare_run *r,
				   const struct oae_side_how *how,
				   struct oae_error *err)
{
	struct oae_side *sides[] = { &r->base, &r->head };
	static const char *const names[] = { "base", "head" };
	enum oae_status status = OAE_OK;

	for (size_t i = 0; i < (r->args->head ? 2 : 1) && !status; i++) {
		if (!sides[i]->top[0])
			continue;
		if (!r->temporary[0])
			status = make_temporary(r, err);
		oae_progress("building %s (%.12s)", sides[i]->word,
			     sides[i]->revision);
		if (!status)
			status = oae_side_build(how, r->temporary, names[i],
						sides[i], err);
	}
	oae_progress_end();
	return status;
}

enum oae_status oae_compare_run_begin(struct oae_compare_run *r,
				      const struct oae_compare_args *args,
				      const volatile sig_atomic_t *stop,
				      struct oae_error *err)
{
	char adapter[OAE_NAME_BYTES_MAX + 16];
	struct oae_side_how how = { args->adapter, args->build, args->build_s,
				    stop };
	enum oae_status status;

	memset(r, 0, sizeof(*r));
	r->args = args;
	r->stop = stop;
	status = default_adapter(args, adapter, sizeof(adapter), err);
	if (!how.adapter)
		how.adapter = adapter;
	if (!status)
		status = choose_out(r, err);
	if (!status)
		status = oae_side_find(&how, args->base, &r->base, err);
	if (!status && args->head)
		status = oae_side_find(&how, args->head, &r->head, err);
	if (!status)
		status = build_sides(r, &how, err);
	/* A/A: the same folder under two names. */
	if (!status && !args->head) {
		r->head = r->base;
		r->head.worktree[0] = '\0';
	}
	return status;
}

/* "base/x,base/y,head/x,head/y" */
static void list_systems(const struct oae_compare_args *a, char *out,
			 size_t size)
{
	static const char *const names[] = { "base", "head" };
	size_t n = 0;

	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < a->systems.count && n < size; i++)
			n += (size_t)snprintf(out + n, size - n, "%s%s%s",
					      n ? "," : "", names[side],
					      strchr(a->systems.item[i], '/'));
}

struct words {
	char *argv[WORDS_MAX];
	int argc;
	bool failed;
};

__attribute__((format(printf, 2, 3))) static void add(struct words *w,
						      const char *fmt, ...)
{
	va_list args;

	if (w->argc == WORDS_MAX - 1) {
		w->failed = true;
		return;
	}
	va_start(args, fmt);
	if (vasprintf(&w->argv[w->argc], fmt, args) < 0)
		w->failed = true;
	else
		w->argc++;
	va_end(args);
}

static void add_side(struct words *w, const char *name,
		     const struct oae_side *s)
{
	add(w, "--adapter");
	add(w, "%s=%s", name, s->adapter);
	if (!s->programs[0])
		return;
	add(w, "--programs");
	add(w, "%s=%s", name, s->programs);
}

static void add_list(struct words *w, const char *option,
		     const struct oae_names *names)
{
	struct oae_buf text;

	if (!names->count)
		return;
	oae_buf_init(&text, OAE_LINE_BYTES_MAX);
	for (size_t i = 0; i < names->count; i++)
		oae_buf_printf(&text, "%s%s", i ? "," : "", names->item[i]);
	add(w, "%s", option);
	add(w, "%s", oae_buf_str(&text));
	oae_buf_release(&text);
}

int oae_compare_run_look(struct oae_compare_run *r, unsigned look, char *dir,
			 size_t size)
{
	const struct oae_compare_args *a = r->args;
	char systems[SYSTEMS_TEXT];
	struct words w = { .argc = 0 };
	int code = OAE_EXIT_ERROR;

	(void)snprintf(dir, size, "%s/look-%u", r->out, look + 1);
	list_systems(a, systems, sizeof(systems));
	add(&w, "run");
	add(&w, "--suite=%s", a->suite);
	add_side(&w, "base", &r->base);
	add_side(&w, "head", &r->head);
	add(&w, "--systems=%s", systems);
	add_list(&w, "--workloads", &a->workloads);
	add(&w, "--runs=%" PRIu32, a->pairs);
	if (a->items)
		add(&w, "--items=%" PRIu32, a->items);
	/* Each look asks other items, in another order. */
	add(&w, "--seed=%" PRIu64, a->seed + look);
	add(&w, "--out=%s", dir);
	add(&w, "--no-calibration");
	add(&w, "--no-score");
	if (a->quiet)
		add(&w, "--quiet");
	if (!w.failed)
		code = oae_cmd_run(w.argc, w.argv);
	for (int i = 0; i < w.argc; i++)
		free(w.argv[i]);
	return code;
}

void oae_compare_run_end(struct oae_compare_run *r)
{
	if (r->args && r->args->keep && r->temporary[0]) {
		oae_info("worktrees kept below %s; `git worktree remove` takes"
			 " them away",
			 r->temporary);
		return;
	}
	oae_side_release(&r->base);
	oae_side_release(&r->head);
	if (r->temporary[0])
		(void)rmdir(r->temporary);
	r->temporary[0] = '\0';
}
