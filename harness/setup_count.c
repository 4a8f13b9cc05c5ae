/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted outside of a step's own processes. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/setup_internal.h"

#define PATCH_BYTES_MAX (16u << 20)
#define LINE_BYTES 4096

/*
 * proc_net(5): two lines of heads, then "name: received ... sent ...": the
 * first and the ninth number are bytes.
 */
bool oae_count_network(uint64_t *bytes)
{
	char line[LINE_BYTES], name[64];
	FILE *f = fopen("/proc/net/dev", "r");
	uint64_t in, out;
	int rows = 0;

	*bytes = 0;
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line,
			   " %63[^:]: %" SCNu64
			   " %*u %*u %*u %*u %*u %*u %*u %" SCNu64,
			   name, &in, &out) != 3)
			continue;
		rows++;
		if (strcmp(name, "lo") != 0)
			*bytes += in + out;
	}
	fclose(f);
	return rows > 0;
}

/* ---- packages --------------------------------------------------------- */

typedef void package_fn(void *ctx, const char *name);

/* Calls fn for each installed package of ROOT/var/lib/dpkg/status. */
static bool each_package(const char *root, package_fn *fn, void *ctx)
{
	char path[OAE_PATH_BYTES_MAX], line[LINE_BYTES], name[256] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "%.3900s/var/lib/dpkg/status", root);
	f = fopen(path, "r");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Package: %255s", name) == 1)
			continue;
		if (strcmp(line, "Status: install ok installed\n") == 0)
			fn(ctx, name);
	}
	fclose(f);
	return true;
}

static void count_one(void *ctx, const char *name)
{
	size_t *n = ctx;

	(void)name;
	(*n)++;
}

double oae_count_packages(const char *root)
{
	size_t n = 0;

	return each_package(root, count_one, &n) ? (double)n : NAN;
}

struct search {
	const struct oae_strings *names;
	bool found[OAE_MANIFEST_LIST_MAX];
};

static void find_one(void *ctx, const char *name)
{
	struct search *s = ctx;

	for (size_t i = 0; i < s->names->count; i++)
		if (strcmp(s->names->item[i], name) == 0)
			s->found[i] = true;
}

const char *oae_package_missing(const char *root,
				const struct oae_strings *names, bool *known)
{
	struct search s = { .names = names };

	*known = each_package(root, find_one, &s);
	for (size_t i = 0; *known && i < names->count; i++)
		if (!s.found[i])
			return names->item[i];
	return NULL;
}

/* ---- edits ------------------------------------------------------------ */

enum oae_status oae_count_patch(const char *path, uint64_t *files,
				uint64_t *lines, struct oae_error *err)
{
	enum oae_status status;
	struct oae_buf text;
	const char *at, *end;

	*files = *lines = 0;
	oae_buf_init(&text, PATCH_BYTES_MAX);
	status = oae_file_read(path, &text, err);
	at = oae_buf_str(&text);
	end = at + text.len;
	for (; at < end; at++) {
		size_t len = (size_t)(end - at);

		if (len >= 4 && memcmp(at, "+++ ", 4) == 0)
			(*files)++;
		else if ((*at == '+' || *at == '-') &&
			 !(len >= 4 && memcmp(at, "--- ", 4) == 0))
			(*lines)++;
		at = memchr(at, '\n', len);
		if (!at)
			break;
	}
	oae_buf_release(&text);
	if (!status && !*files)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: is no unified diff", path);
	return status;
}
