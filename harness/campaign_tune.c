/* SPDX-License-Identifier: Apache-2.0 */
/* What tunings found, among a campaign's inputs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/campaign.h"
#include "schema/tune.h"

static bool measures(const struct oae_campaign *c, const char *id)
{
	for (size_t i = 0; i < c->options.systems.count; i++)
		if (strcmp(c->systems[i].id, id) == 0)
			return true;
	return false;
}

static enum oae_status check(const struct oae_campaign *c, const char *dir,
			     const cJSON *doc, struct oae_error *err)
{
	const char *system = oae_json_str_or(doc, "system", "");
	const char *baseline = oae_json_str_or(doc, "baseline", "");
	const char *spec = oae_json_str_or(doc, "spec", "");

	if (strcmp(oae_json_str_or(doc, "schema", ""), OAE_TUNE_VERSION) ||
	    strcmp(spec, OAE_SPEC_VERSION) != 0)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"--tune %.200s: is not of " OAE_TUNE_VERSION
				" and spec %s; tune again",
				dir, OAE_SPEC_VERSION);
	if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(doc, "complete")))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--tune %.200s: is incomplete; finish it with"
				" `oae tune --resume`",
				dir);
	if (!measures(c, system))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--tune %.200s: tuned %.100s, which this"
				" campaign does not measure",
				dir, system);
	if (strcmp(baseline, c->systems[c->baseline].id) != 0)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--tune %.200s: its baseline was %.100s, here"
				" it is %.100s",
				dir, baseline, c->systems[c->baseline].id);
	return OAE_OK;
}

/* One of a system is enough: two would say different things of it. */
static enum oae_status only_one(const cJSON *const *docs, size_t n,
				const char *dir, struct oae_error *err)
{
	const char *system = oae_json_str_or(docs[n], "system", "");

	for (size_t i = 0; i < n; i++)
		if (!strcmp(oae_json_str_or(docs[i], "system", ""), system))
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"--tune %.200s: %.100s has one already",
					dir, system);
	return OAE_OK;
}

static enum oae_status take(struct oae_campaign *c, size_t i, cJSON **docs,
			    struct oae_error *err)
{
	const char **item = &c->options.tunes.item[i], *name;
	char *real = realpath(*item, NULL), path[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	if (!real)
		return oae_fail(err, OAE_ERR_USAGE, errno, "--tune %.200s",
				*item);
	*item = oae_arena_strdup(&c->arena, real);
	free(real);
	name = oae_arena_printf(&c->arena, "tune/%zu.json", i);
	if (!*item || !name)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "campaign");
	status = oae_path_join(path, sizeof(path), *item, OAE_TUNE_NAME, err);
	if (!status && !oae_file_exists(path))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--tune %.200s: holds no " OAE_TUNE_NAME
				"; give a folder of `oae tune`",
				*item);
	if (!status)
		status = oae_json_read(path, &docs[i], err);
	if (!status)
		status = check(c, *item, docs[i], err);
	if (!status)
		status = only_one((const cJSON *const *)docs, i, *item, err);
	return status ? status : oae_campaign_input(c, name, path, err);
}

enum oae_status oae_campaign_tunes(struct oae_campaign *c,
				   struct oae_error *err)
{
	cJSON *docs[OAE_SYSTEMS_MAX] = { NULL };
	enum oae_status status = OAE_OK;

	for (size_t i = 0; i < c->options.tunes.count && !status; i++)
		status = take(c, i, docs, err);
	for (size_t i = 0; i < c->options.tunes.count; i++)
		cJSON_Delete(docs[i]);
	return status;
}
