/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "harness/campaign.h"
#include "schema/check.h"
#include "schema/ledger.h"

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "campaign");
}

enum oae_status oae_campaign_adapter_load(struct oae_campaign *c,
					  const char *dir,
					  struct oae_error *err)
{
	struct oae_campaign_adapter *a = &c->adapters[c->adapter_count];
	enum oae_status status;
	const char *name, *path;
	char *real;
	size_t i;

	if (c->adapter_count == OAE_ADAPTERS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u adapters",
				OAE_ADAPTERS_MAX);
	real = realpath(dir, NULL);
	if (!real)
		return oae_fail(err, OAE_ERR_USAGE, errno, "adapter folder %s",
				dir);
	a->dir = oae_arena_strdup(&c->arena, real);
	free(real);
	if (!a->dir)
		return no_memory(err);
	c->adapter_count++;
	status = oae_manifest_read(a->dir, &a->manifest, err);
	if (status)
		return status;
	for (i = 0; i + 1 < c->adapter_count; i++)
		if (!strcmp(c->adapters[i].manifest.name, a->manifest.name))
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"%s and %s are both adapter '%s';"
					" rename one",
					c->adapters[i].dir, a->dir,
					a->manifest.name);
	name = oae_arena_printf(&c->arena, "adapters/%s/adapter.json",
				a->manifest.name);
	path = oae_arena_printf(&c->arena, "%s/adapter.json", a->dir);
	if (!name || !path)
		return no_memory(err);
	return oae_campaign_input(c, name, path, err);
}

/* The adapter of that name, loaded from HOME/adapters if need be. */
static enum oae_status find_adapter(struct oae_campaign *c, const char *name,
				    const struct oae_campaign_adapter **out,
				    struct oae_error *err)
{
	char dir[OAE_PATH_BYTES_MAX + OAE_NAME_BYTES_MAX + 32];
	enum oae_status status;
	size_t i;

	for (i = 0; i < c->adapter_count; i++)
		if (!strcmp(c->adapters[i].manifest.name, name)) {
			*out = &c->adapters[i];
			return OAE_OK;
		}
	(void)snprintf(dir, sizeof(dir), "%s/adapters/%s", c->home, name);
	if (!oae_check_name(name) || !oae_dir_exists(dir))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"no adapter '%.60s'; `oae list systems` shows"
				" what there is, --adapter DIR adds one",
				name);
	status = oae_campaign_adapter_load(c, dir, err);
	if (status)
		return status;
	*out = &c->adapters[c->adapter_count - 1];
	if (strcmp((*out)->manifest.name, name) != 0)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: the adapter there calls itself '%s'", dir,
				(*out)->manifest.name);
	return OAE_OK;
}

static enum oae_status find_entry(struct oae_campaign_system *s,
				  const char *name, struct oae_error *err)
{
	const struct oae_manifest *m = &s->adapter->manifest;
	char known[240] = "";
	size_t i, at = 0;

	s->entry = oae_manifest_system(m, name);
	if (s->entry)
		return OAE_OK;
	for (i = 0; i < m->system_count && at < sizeof(known); i++)
		at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s",
				       i ? ", " : "", m->systems[i].name);
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"adapter '%s' has no system '%.60s'; it has %s",
			m->name, name, known);
}

/* What to do when a program is missing: the adapter's first set-up step. */
static void add_setup_hint(const struct oae_campaign *c,
			   const struct oae_campaign_adapter *a,
			   struct oae_error *err)
{
	size_t used = strlen(err->text), i;
	struct oae_error ignored = { 0 };
	const struct oae_strings *argv;
	char word[OAE_PATH_BYTES_MAX];

	if (!a->manifest.setup_count)
		return;
	argv = &a->manifest.setup[0].argv;
	for (i = 0; i < argv->count && used < sizeof(err->text); i++) {
		if (oae_manifest_expand(argv->item[i], c->build, c->home,
					a->dir, word, sizeof(word), &ignored))
			return;
		used += (size_t)snprintf(err->text + used,
					 sizeof(err->text) - used, "%s%s",
					 i ? " " : "; set it up with: ", word);
	}
}

static enum oae_status read_command(struct oae_campaign *c,
				    struct oae_campaign_system *s,
				    struct oae_error *err)
{
	const struct oae_strings *command = &s->adapter->manifest.command;
	char word[OAE_PATH_BYTES_MAX];
	enum oae_status status;
	size_t i;

	for (i = 0; i < command->count; i++) {
		status = oae_manifest_expand(command->item[i], c->build,
					     c->home, s->adapter->dir, word,
					     sizeof(word), err);
		if (status)
			return status;
		s->argv[i] = oae_arena_strdup(&c->arena, word);
		if (!s->argv[i])
			return no_memory(err);
		/* The last file of the command is the adapter's own: a
		 * program, or the script that an interpreter runs. */
		if (!strchr(word, '/') || !oae_file_exists(word))
			continue;
		status = oae_sha256_file(word, s->binary_sha256, err);
		if (status)
			return status;
	}
	if (strchr(s->argv[0], '/') && access(s->argv[0], X_OK) < 0) {
		status = oae_fail(err, OAE_ERR_IO, errno, "program %s",
				  s->argv[0]);
		add_setup_hint(c, s->adapter, err);
		return status;
	}
	return OAE_OK;
}

static enum oae_status read_models(struct oae_campaign *c,
				   struct oae_campaign_system *s,
				   struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;
	struct stat st;
	size_t i;

	for (i = 0; i < s->entry->models.count; i++) {
		struct oae_model_file *m = &s->models[i];

		m->path = s->entry->models.item[i];
		status = oae_path_join(path, sizeof(path), c->home, m->path,
				       err);
		if (status)
			return status;
		if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
			return oae_fail(err, OAE_ERR_IO, 0,
					"model %s: it is not there; restore it,"
					" or make it again as the adapter's"
					" README says",
					m->path);
		m->bytes = (uint64_t)st.st_size;
		status = oae_sha256_file(path, m->sha256, err);
		if (status)
			return status;
	}
	return OAE_OK;
}

static enum oae_status read_ledger(struct oae_campaign *c,
				   const struct oae_campaign_system *s,
				   struct oae_error *err)
{
	struct oae_ledger ledger = { 0 };
	enum oae_status status;
	const char *name, *path;

	if (!s->entry->effort)
		return OAE_OK;
	name = oae_arena_printf(&c->arena, "adapters/%s/%s",
				s->adapter->manifest.name, s->entry->effort);
	path = oae_arena_printf(&c->arena, "%s/%s", s->adapter->dir,
				s->entry->effort);
	if (!name || !path)
		return no_memory(err);
	status = oae_ledger_read(path, &ledger, err);
	oae_ledger_release(&ledger);
	return status ? status : oae_campaign_input(c, name, path, err);
}

enum oae_status oae_campaign_system_load(struct oae_campaign *c,
					 const char *spec,
					 struct oae_campaign_system *s,
					 struct oae_error *err)
{
	char *text = oae_arena_strdup(&c->arena, spec), *system, *knobs;
	enum oae_status status;
	size_t set;

	s->id = oae_arena_strdup(&c->arena, spec);
	if (!text || !s->id)
		return no_memory(err);
	knobs = strchr(text, ':');
	if (knobs)
		*knobs++ = '\0';
	system = strchr(text, '/');
	if (!system)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"system '%.60s': write adapter/system, as"
				" `oae list systems` shows them",
				spec);
	*system++ = '\0';
	status = find_adapter(c, text, &s->adapter, err);
	if (!status)
		status = find_entry(s, system, err);
	if (!status)
		status = oae_knobs_read(s->entry, knobs, &s->knobs, &set, err);
	if (!status)
		status = read_command(c, s, err);
	if (!status)
		status = read_models(c, s, err);
	if (!status)
		status = read_ledger(c, s, err);
	if (status)
		oae_error_prefix(err, "%.80s", spec);
	return status;
}
