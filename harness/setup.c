/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/setup.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "harness/machine.h"
#include "harness/setup_internal.h"
#include "schema/check.h"
#include "schema/record.h"

/* ---- what is to be set up --------------------------------------------- */

static enum oae_status find_adapter(struct oae_setup *s, const char *name,
				    struct oae_error *err)
{
	char dir[2 * OAE_PATH_BYTES_MAX], *real;

	if (s->options.adapter)
		(void)snprintf(dir, sizeof(dir), "%s", s->options.adapter);
	else if (!oae_check_name(name))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"'%.60s' is no name of an adapter", name);
	else
		(void)snprintf(dir, sizeof(dir), "%s/adapters/%s", s->home,
			       name);
	real = realpath(dir, NULL);
	if (!real || strlen(real) >= sizeof(s->adapter)) {
		free(real);
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"no adapter '%.60s'; `oae list systems` shows"
				" what there is, --adapter DIR adds one",
				name);
	}
	(void)snprintf(s->adapter, sizeof(s->adapter), "%s", real);
	free(real);
	return oae_manifest_read(s->adapter, &s->manifest, err);
}

static enum oae_status find_system(struct oae_setup *s, const char *name,
				   struct oae_error *err)
{
	const struct oae_manifest *m = &s->manifest;

	s->entry = name ? oae_manifest_system(m, name) : &m->systems[0];
	if (!s->entry)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"adapter '%s' has no system '%.60s'; `oae list"
				" systems` shows what it has",
				m->name, name);
	(void)snprintf(s->system, sizeof(s->system), "%.120s/%.120s", m->name,
		       s->entry->name);
	return OAE_OK;
}

/* The names before "=" of "a=1,b=2". */
static enum oae_status take_set(struct oae_setup *s, const char *knobs,
				struct oae_error *err)
{
	size_t n = 0;

	while (knobs && *knobs && n < OAE_MANIFEST_LIST_MAX) {
		s->set[n] = strndup(knobs, strcspn(knobs, "="));
		if (!s->set[n++])
			return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
		knobs += strcspn(knobs, ",");
		knobs += *knobs == ',';
	}
	return OAE_OK;
}

/* "adapter[/system[:knob=value,...]]" */
static enum oae_status read_spec(struct oae_setup *s, struct oae_error *err)
{
	char text[1024], *system, *knobs;
	enum oae_status status;

	if (strlen(s->options.spec) >= sizeof(text))
		return oae_fail(err, OAE_ERR_LIMIT, 0, "name too long");
	(void)snprintf(text, sizeof(text), "%s", s->options.spec);
	knobs = strchr(text, ':');
	if (knobs)
		*knobs++ = '\0';
	system = strchr(text, '/');
	if (system)
		*system++ = '\0';
	status = find_adapter(s, text, err);
	if (!status && strcmp(s->manifest.name, text) != 0)
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%s: the adapter there calls itself '%s'",
				  s->adapter, s->manifest.name);
	if (!status)
		status = find_system(s, system, err);
	if (!status)
		status = take_set(s, knobs, err);
	return status ? status :
			oae_knobs_read(s->entry, knobs, &s->knobs,
				       &s->knobs_set, err);
}

static enum oae_status choose_steps(struct oae_setup *s, struct oae_error *err)
{
	const struct oae_transcript *was = s->options.replay;

	s->steps = s->manifest.setup;
	s->step_count = s->manifest.setup_count;
	if (!was)
		return OAE_OK;
	s->replayed = calloc(was->step_count + 1, sizeof(*s->replayed));
	if (!s->replayed)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	for (size_t i = 0; i < was->step_count; i++)
		s->replayed[i] = was->steps[i].what;
	s->steps = s->replayed;
	s->step_count = was->step_count;
	return OAE_OK;
}

/* ---- the root folder -------------------------------------------------- */

static enum oae_status check_root(struct oae_setup *s, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX + 16], *found;

	if (!s->options.root)
		return OAE_OK;
	if (geteuid() != 0)
		return oae_fail(err, OAE_ERR_DENIED, 0,
				"--root: only root may change the root folder"
				" (chroot); run it with sudo, or without"
				" --root");
	found = realpath(s->options.root, NULL);
	if (!found || strlen(found) >= sizeof(s->root)) {
		free(found);
		return oae_fail(err, OAE_ERR_USAGE, errno,
				"--root %.200s; make one with `debootstrap"
				" --variant=minbase bookworm DIR`",
				s->options.root);
	}
	(void)snprintf(s->root, sizeof(s->root), "%s", found);
	free(found);
	s->options.root = s->root;
	(void)snprintf(path, sizeof(path), "%s/bin/sh", s->root);
	if (strcmp(s->root, "/") == 0 || access(path, X_OK) < 0)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--root %.200s: %s; make a tree with"
				" `debootstrap --variant=minbase bookworm DIR`",
				s->root,
				strcmp(s->root, "/") == 0 ?
					"that is this machine itself" :
					"there is no bin/sh in it");
	return OAE_OK;
}

/* ---- what can be had here --------------------------------------------- */

static void probe(struct oae_setup *s)
{
	const char *const folders[] = { "/tmp", NULL };
	struct oae_confine writes = { .writable = folders };
	struct oae_confine network = { .no_network = true };
	int sys = oae_confine_try(&writes);

	s->can_confine = sys == 0;
	if (sys)
		(void)snprintf(s->no_confine, sizeof(s->no_confine),
			       "the kernel has no Landlock for us: %.100s",
			       strerror(sys));
	sys = oae_confine_try(&network);
	s->can_leave_network = sys == 0;
	if (sys)
		(void)snprintf(s->no_leave_network, sizeof(s->no_leave_network),
			       "no network namespace may be made: %.100s",
			       strerror(sys));
}

enum oae_status oae_setup_open(struct oae_setup *s,
			       const struct oae_setup_options *options,
			       struct oae_error *err)
{
	enum oae_status status;

	memset(s, 0, sizeof(*s));
	s->options = *options;
	oae_transcript_writer_init(&s->out);
	status = oae_home(s->home, sizeof(s->home), err);
	if (!status)
		status = read_spec(s, err);
	if (!status)
		status = choose_steps(s, err);
	if (!status)
		status = check_root(s, err);
	if (!status)
		probe(s);
	return status;
}

/* ---- recording -------------------------------------------------------- */

static void write_machine(struct oae_jw *w)
{
	struct oae_machine *m = malloc(sizeof(*m));

	oae_jw_obj(w, "machine");
	if (m) {
		oae_machine_read(m, "");
		oae_jw_str(w, "cpu", m->cpu.model[0] ? m->cpu.model : NULL);
		if (m->cpu.allowed > 0)
			oae_jw_int(w, "cpus", m->cpu.allowed);
		else
			oae_jw_null(w, "cpus");
		if (m->memory_bytes > 0)
			oae_jw_int(w, "memory_bytes", m->memory_bytes);
		else
			oae_jw_null(w, "memory_bytes");
		oae_jw_str(w, "kernel", m->kernel[0] ? m->kernel : NULL);
		oae_jw_str(w, "arch", m->arch[0] ? m->arch : NULL);
	}
	oae_jw_end_obj(w);
	free(m);
}

static bool in_names(char *const *names, const char *name)
{
	for (size_t i = 0; i < OAE_MANIFEST_LIST_MAX && names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool in_steps(const struct oae_setup *s, const char *name)
{
	for (size_t i = 0; i < s->step_count; i++)
		for (size_t k = 0; k < s->steps[i].sets.count; k++)
			if (strcmp(s->steps[i].sets.item[k], name) == 0)
				return true;
	return false;
}

/* All that somebody may turn, and what was turned: by name or by a step. */
static void write_parameters(const struct oae_setup *s, struct oae_jw *w)
{
	const struct oae_system_entry *e = s->entry;

	oae_jw_obj(w, "parameters");
	oae_jw_arr(w, "exposed");
	for (size_t i = 0; i < e->knob_count; i++)
		oae_jw_str(w, NULL, e->knobs[i].name);
	oae_jw_end_arr(w);
	oae_jw_arr(w, "set");
	for (size_t i = 0; i < e->knob_count; i++)
		if (in_names(s->set, e->knobs[i].name) ||
		    in_steps(s, e->knobs[i].name))
			oae_jw_str(w, NULL, e->knobs[i].name);
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

static void write_confinement(const struct oae_setup *s, struct oae_jw *w)
{
	oae_jw_obj(w, "confinement");
	oae_jw_str(w, "writes", s->can_confine ? "landlock" : NULL);
	oae_jw_str(w, "writes_reason", s->can_confine ? NULL : s->no_confine);
	oae_jw_str(w, "network", s->can_leave_network ? "namespace" : NULL);
	oae_jw_str(w, "network_reason",
		   s->can_leave_network ? NULL : s->no_leave_network);
	oae_jw_end_obj(w);
}

static void write_head(struct oae_setup *s)
{
	struct oae_jw *w = oae_transcript_begin(&s->out, "setup");
	char utc[OAE_UTC_TEXT];

	oae_clock_utc(utc);
	oae_jw_str(w, "schema", OAE_TRANSCRIPT_SCHEMA);
	oae_jw_str(w, "oae", OAE_VERSION);
	oae_jw_str(w, "utc", utc);
	oae_jw_str(w, "adapter", s->manifest.name);
	oae_jw_str(w, "version", s->manifest.version);
	oae_jw_str(w, "system", s->system);
	oae_jw_value(w, "knobs", s->knobs);
	write_parameters(s, w);
	oae_jw_str(w, "place", s->inside);
	oae_jw_bool(w, "in_root", s->options.root != NULL);
	write_confinement(s, w);
	write_machine(w);
	oae_jw_int(w, "steps", (int64_t)s->step_count);
	oae_jw_str(w, "replay_of",
		   s->options.replay ? s->options.replay->sha256 : NULL);
	oae_transcript_commit(&s->out);
}

/* After a failed step nothing was asked. */
static void write_no_first(struct oae_setup *s)
{
	struct oae_jw *w = oae_transcript_begin(&s->out, "first");
	struct oae_amount none = { 0, OAE_ABSENT, "a step failed before it" };
	static const char *const times[] = { "ready_s", "first_token_s",
					     "done_s" };

	none.value = (double)NAN;
	oae_jw_arr(w, "command");
	oae_jw_end_arr(w);
	oae_jw_null(w, "prompt");
	oae_jw_str(w, "outcome", s->interrupted ? "interrupted" : "not tried");
	oae_jw_str(w, "reason", none.source);
	for (size_t i = 0; i < 3; i++)
		oae_amount_write(w, times[i], &none, "s");
	oae_jw_null(w, "token");
	oae_jw_str(w, "answer", "");
	oae_jw_int(w, "tokens", 0);
	oae_jw_null(w, "processes");
	oae_amount_write(w, "cpu_s", &none, "s");
	oae_amount_write(w, "network_bytes", &none, "bytes");
	oae_transcript_commit(&s->out);
}

enum oae_status oae_setup_run(struct oae_setup *s, struct oae_error *err)
{
	enum oae_status status = oae_place_make(s, err);

	if (status)
		return status;
	write_head(s);
	status = oae_place_fill(s, err);
	for (size_t i = 0; !status && !s->failed && i < s->step_count; i++)
		status = oae_setup_step_run(s, i, err);
	if (!status && !s->failed)
		status = oae_setup_first(s, err);
	else if (!status)
		write_no_first(s);
	return status ? status : oae_transcript_seal(&s->out, err);
}

void oae_setup_close(struct oae_setup *s)
{
	if (s->made && !s->options.keep)
		oae_place_remove(s->place);
	s->made = false;
	for (size_t i = 0; i < OAE_MANIFEST_LIST_MAX; i++)
		free(s->set[i]);
	memset(s->set, 0, sizeof(s->set));
	cJSON_Delete(s->knobs);
	s->knobs = NULL;
	free(s->replayed);
	s->replayed = NULL;
	oae_manifest_release(&s->manifest);
	oae_transcript_writer_release(&s->out);
}

void oae_setup_step_text(const struct oae_setup_step *step, char *out,
			 size_t size)
{
	const struct oae_strings *words =
		step->kind == OAE_SETUP_COMMAND ? &step->argv : &step->packages;
	size_t at;

	at = (size_t)snprintf(out, size, "%s",
			      step->kind == OAE_SETUP_COMMAND ?
				      "" :
				      oae_setup_kind_name(step->kind));
	if (step->kind == OAE_SETUP_PATCH) {
		(void)snprintf(out, size, "patch %s", step->patch);
		return;
	}
	for (size_t i = 0; i < words->count && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s",
				       at ? " " : "", words->item[i]);
}
