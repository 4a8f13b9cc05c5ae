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

/* The folder behind "NAME=", or NULL: the text has no name. */
static const char *after_name(const char *spec, const char *name, size_t len)
{
	const char *equal = strchr(spec, '=');

	if (!equal || equal == spec ||
	    memchr(spec, '/', (size_t)(equal - spec)))
		return NULL;
	if (name && ((size_t)(equal - spec) != len || strncmp(spec, name, len)))
		return NULL;
	return equal + 1;
}

static enum oae_status real_dir(struct oae_campaign *c, const char *what,
				const char *dir, const char **out,
				struct oae_error *err)
{
	char *real = realpath(dir, NULL);

	if (!real)
		return oae_fail(err, OAE_ERR_USAGE, errno, "%s %.200s", what,
				dir);
	*out = oae_arena_strdup(&c->arena, real);
	free(real);
	return *out ? OAE_OK : no_memory(err);
}

/* The nearest parent of the folder that is a source tree, or our own. */
static const char *tree_of(struct oae_campaign *c, const char *dir)
{
	char at[OAE_PATH_BYTES_MAX], mark[OAE_PATH_BYTES_MAX + 32], *slash;

	(void)snprintf(at, sizeof(at), "%s", dir);
	for (;;) {
		(void)snprintf(mark, sizeof(mark),
			       "%s/schema/tables/defaults.csv", at);
		if (oae_file_exists(mark))
			return oae_arena_strdup(&c->arena, at);
		slash = strrchr(at, '/');
		if (!slash)
			return c->home;
		*slash = '\0';
	}
}

/* What {home} and {build} of a named adapter are. */
static enum oae_status find_tree(struct oae_campaign *c,
				 struct oae_campaign_adapter *a,
				 struct oae_error *err)
{
	struct oae_names *builds = &c->options.builds;
	enum oae_status status;
	const char *dir;
	size_t i;

	a->home = tree_of(c, a->dir);
	if (!a->home)
		return no_memory(err);
	a->build = strcmp(a->home, c->home) == 0 ?
			   c->build :
			   oae_arena_printf(&c->arena, "%s/build", a->home);
	for (i = 0; i < builds->count; i++) {
		dir = after_name(builds->item[i], a->id, strlen(a->id));
		if (!dir)
			continue;
		status = real_dir(c, "--programs", dir, &a->build, err);
		if (status)
			return status;
		builds->item[i] =
			oae_arena_printf(&c->arena, "%s=%s", a->id, a->build);
		if (!builds->item[i])
			return no_memory(err);
	}
	return a->build ? OAE_OK : no_memory(err);
}

static enum oae_status name_adapter(struct oae_campaign *c,
				    struct oae_campaign_adapter *a,
				    const char *spec, struct oae_error *err)
{
	const char *dir = after_name(spec, NULL, 0);
	size_t i, len = dir ? (size_t)(dir - spec) - 1 : 0;
	enum oae_status status;
	char *name;

	a->home = c->home;
	a->build = c->build;
	status = real_dir(c, "adapter folder", dir ? dir : spec, &a->dir, err);
	if (status)
		return status;
	if (dir) {
		name = oae_arena_printf(&c->arena, "%.*s", (int)len, spec);
		if (!name)
			return no_memory(err);
		if (!oae_check_name(name))
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"--adapter '%.60s': '%.60s' is no name;"
					" write ./%.60s if that is a folder",
					spec, name, spec);
		a->id = name;
	}
	c->adapter_count++;
	status = oae_manifest_read(a->dir, &a->manifest, err);
	if (status)
		return status;
	if (!a->id)
		a->id = a->manifest.name;
	for (i = 0; i + 1 < c->adapter_count; i++)
		if (!strcmp(c->adapters[i].id, a->id))
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"%s and %s are both adapter '%s';"
					" name one with --adapter NAME=DIR",
					c->adapters[i].dir, a->dir, a->id);
	return dir ? find_tree(c, a, err) : OAE_OK;
}

enum oae_status oae_build_dir(char *out, size_t size, struct oae_error *err)
{
	const char *given = getenv("OAE_BUILD");
	char *slash;
	ssize_t n;

	if (given && given[0] == '/' && strlen(given) < size) {
		(void)snprintf(out, size, "%s", given);
		return OAE_OK;
	}
	n = readlink("/proc/self/exe", out, size - 1);
	if (n <= 0)
		return oae_fail(err, OAE_ERR_IO, 0,
				"/proc/self/exe: cannot be read; is /proc"
				" mounted?");
	out[n] = '\0';
	slash = strrchr(out, '/');
	if (slash)
		*slash = '\0';
	return OAE_OK;
}

enum oae_status oae_campaign_adapter_load(struct oae_campaign *c,
					  const char *spec,
					  struct oae_error *err)
{
	struct oae_campaign_adapter *a = &c->adapters[c->adapter_count];
	enum oae_status status;
	const char *name, *path;

	if (c->adapter_count == OAE_ADAPTERS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u adapters",
				OAE_ADAPTERS_MAX);
	status = name_adapter(c, a, spec, err);
	if (status)
		return status;
	name = oae_arena_printf(&c->arena, "adapters/%s/adapter.json", a->id);
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
		if (!strcmp(c->adapters[i].id, name)) {
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

/* What to do when a program is missing: the adapter's first command. */
static void add_setup_hint(const struct oae_campaign_adapter *a,
			   struct oae_error *err)
{
	size_t used = strlen(err->text), i;
	struct oae_error ignored = { 0 };
	const struct oae_strings *argv;
	char word[OAE_PATH_BYTES_MAX];
	size_t step = 0;

	while (step < a->manifest.setup_count &&
	       a->manifest.setup[step].kind != OAE_SETUP_COMMAND)
		step++;
	if (step == a->manifest.setup_count)
		return;
	argv = &a->manifest.setup[step].argv;
	for (i = 0; i < argv->count && used < sizeof(err->text); i++) {
		if (oae_manifest_expand(argv->item[i], a->build, a->home,
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
		status = oae_manifest_expand(command->item[i],
					     s->adapter->build,
					     s->adapter->home, s->adapter->dir,
					     word, sizeof(word), err);
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
		add_setup_hint(s->adapter, err);
		return status;
	}
	return OAE_OK;
}

static enum oae_status read_models(struct oae_campaign_system *s,
				   struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;
	struct stat st;
	size_t i;

	for (i = 0; i < s->entry->models.count; i++) {
		struct oae_model_file *m = &s->models[i];

		m->path = s->entry->models.item[i];
		status = oae_path_join(path, sizeof(path), s->adapter->home,
				       m->path, err);
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
	name = oae_arena_printf(&c->arena, "adapters/%s/%s", s->adapter->id,
				s->entry->effort);
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
		status = read_models(s, err);
	if (!status)
		status = read_ledger(c, s, err);
	if (status)
		oae_error_prefix(err, "%.80s", spec);
	return status;
}
