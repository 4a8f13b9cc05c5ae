/* SPDX-License-Identifier: Apache-2.0 */
/* What setting the systems up took: transcripts among a campaign's inputs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "harness/campaign.h"
#include "harness/setup.h"

static const char run_word[] = "run";

static bool to_run(const struct oae_campaign *c)
{
	for (size_t i = 0; i < c->options.setups.count; i++)
		if (strcmp(c->options.setups.item[i], run_word) == 0)
			return true;
	return false;
}

static const struct oae_campaign_system *
system_of(const struct oae_campaign *c, const struct oae_transcript *t)
{
	char name[2 * OAE_NAME_BYTES_MAX + 2];

	for (size_t i = 0; i < c->options.systems.count; i++) {
		const struct oae_campaign_system *s = &c->systems[i];

		(void)snprintf(name, sizeof(name), "%.127s/%.127s",
			       s->adapter->manifest.name, s->entry->name);
		if (strcmp(name, t->system) == 0)
			return s;
	}
	return NULL;
}

static enum oae_status check(const struct oae_campaign *c, const char *path,
			     const struct oae_transcript *t,
			     const struct oae_campaign_system **out,
			     struct oae_error *err)
{
	struct oae_error why = { OAE_OK, 0, "" };
	const struct oae_campaign_system *s = system_of(c, t);

	if (oae_transcript_valid(t, &why))
		return oae_fail(err, OAE_ERR_CHECK, 0, "--setup %.200s: %.200s",
				path, why.text);
	if (!s)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--setup %.200s: is the set-up of %.100s, which"
				" this campaign does not measure",
				path, t->system);
	if (strcmp(t->version, s->adapter->manifest.version) != 0)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--setup %.200s: is of version %.40s of the"
				" adapter, which now is %.40s; set it up again",
				path, t->version, s->adapter->manifest.version);
	*out = s;
	return OAE_OK;
}

static const char *input_name(struct oae_campaign *c,
			      const struct oae_campaign_system *s)
{
	return oae_arena_printf(&c->arena, "adapters/%s/setup/%s/%s",
				s->adapter->id, s->entry->name,
				OAE_TRANSCRIPT_NAME);
}

/* A second transcript of one system would say which of the two counts. */
static enum oae_status add(struct oae_campaign *c, const char *path,
			   const struct oae_campaign_system *s,
			   struct oae_error *err)
{
	const char *name = input_name(c, s);

	if (!name)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "campaign");
	for (size_t i = 0; i < c->input_count; i++)
		if (strcmp(c->inputs[i].name, name) == 0)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"--setup %.200s: %s has one already",
					path, s->id);
	return oae_campaign_input(c, name, path, err);
}

static enum oae_status take(struct oae_campaign *c, const char **item,
			    struct oae_error *err)
{
	const struct oae_campaign_system *s = NULL;
	char *real = realpath(*item, NULL);
	struct oae_transcript t;
	enum oae_status status;

	if (!real)
		return oae_fail(err, OAE_ERR_USAGE, errno, "--setup %.200s",
				*item);
	*item = oae_arena_strdup(&c->arena, real);
	free(real);
	if (!*item)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "campaign");
	status = oae_transcript_read(*item, &t, err);
	if (!status)
		status = check(c, *item, &t, &s, err);
	oae_transcript_release(&t);
	return status ? status : add(c, *item, s, err);
}

enum oae_status oae_campaign_setups(struct oae_campaign *c,
				    struct oae_error *err)
{
	struct oae_names *names = &c->options.setups;
	enum oae_status status = OAE_OK;

	if (to_run(c) && names->count > 1)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--setup run: makes all transcripts; name no"
				" other");
	if (to_run(c))
		return OAE_OK;
	for (size_t i = 0; !status && i < names->count; i++)
		status = take(c, &names->item[i], err);
	return status;
}

/* ---- making them ------------------------------------------------------ */

static void progress(void *ctx, size_t step, size_t of, const char *what,
		     double elapsed_s)
{
	const struct oae_setup *s = ctx;

	if (step)
		oae_progress("setting up %.80s: step %zu/%zu: %.0f s",
			     s->system, step, of, elapsed_s);
	else
		oae_progress("setting up %.80s: %.60s: %.0f s", s->system, what,
			     elapsed_s);
}

static enum oae_status make(struct oae_campaign *c,
			    const struct oae_campaign_system *s,
			    const char *path, const volatile sig_atomic_t *stop,
			    struct oae_error *err)
{
	struct oae_setup *setup = calloc(1, sizeof(*setup));
	struct oae_setup_options o = { .adapter = s->adapter->dir,
				       .stop = stop,
				       .progress = progress,
				       .ctx = setup };
	enum oae_status status;

	o.spec = oae_arena_printf(&c->arena, "%s/%s", s->adapter->manifest.name,
				  s->entry->name);
	if (!setup || !o.spec) {
		free(setup);
		return oae_fail(err, OAE_ERR_NOMEM, 0, "campaign");
	}
	status = oae_setup_open(setup, &o, err);
	if (!status)
		status = oae_setup_run(setup, err);
	if (!status)
		status = oae_file_write(path, setup->out.out.data,
					setup->out.out.len, err);
	if (!status && setup->failed)
		status = oae_fail(err, OAE_ERR_TARGET, 0,
				  "setting up %s: %.300s; see %.100s", s->id,
				  setup->why, path);
	oae_setup_close(setup);
	free(setup);
	return status;
}

static bool have(const struct oae_campaign *c, const char *name)
{
	for (size_t i = 0; i < c->input_count; i++)
		if (strcmp(c->inputs[i].name, name) == 0)
			return true;
	return false;
}

enum oae_status oae_campaign_set_up(struct oae_campaign *c, const char *dir,
				    const volatile sig_atomic_t *stop,
				    struct oae_error *err)
{
	struct oae_names *names = &c->options.setups;
	char path[2 * OAE_PATH_BYTES_MAX], *slash;
	enum oae_status status = OAE_OK;
	const char *name;
	size_t i;

	if (!to_run(c))
		return OAE_OK;
	names->count = 0;
	for (i = 0; !status && i < c->options.systems.count; i++) {
		name = input_name(c, &c->systems[i]);
		/* One system with other knobs is set up in the same way. */
		if (!name || have(c, name))
			continue;
		(void)snprintf(path, sizeof(path), "%s/inputs/%s", dir, name);
		slash = strrchr(path, '/');
		*slash = '\0';
		status = oae_dir_make(path, err);
		*slash = '/';
		if (!status)
			status = make(c, &c->systems[i], path, stop, err);
		names->item[names->count] = oae_arena_strdup(&c->arena, path);
		if (!status && !*stop)
			status = take(c, &names->item[names->count++], err);
		if (*stop)
			break;
	}
	oae_progress_end();
	return status;
}
