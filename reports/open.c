/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "reports/report.h"
#include "schema/result.h"

/* "oae-runs/2026-quick/" -> "2026-quick"; "." is the folder it means. */
static void name_of(const char *dir, char *out, size_t size)
{
	char real[PATH_MAX];
	const char *slash;

	if (realpath(dir, real))
		dir = real;
	slash = strrchr(dir, '/');
	snprintf(out, size, "%.*s", (int)size - 1, slash ? slash + 1 : dir);
}

enum oae_status oae_report_open(struct oae_report *r, const char *const *dirs,
				size_t n, struct oae_error *err)
{
	char path[4096 + 16];
	enum oae_status status;
	size_t i;

	memset(r, 0, sizeof(*r));
	if (n == 0 || n > OAE_REPORT_RUNS_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"report: %zu run"
				" folders: give 1 to %u",
				n, OAE_REPORT_RUNS_MAX);
	for (i = 0; i < n; i++) {
		struct oae_report_run *run = &r->runs[i];

		if (strlen(dirs[i]) >= sizeof(run->dir))
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"report: a path is too long");
		snprintf(run->dir, sizeof(run->dir), "%s", dirs[i]);
		name_of(dirs[i], run->name, sizeof(run->name));
		snprintf(path, sizeof(path), "%s/result.json", dirs[i]);
		if (!oae_file_exists(path))
			return oae_fail(err, OAE_ERR_IO, 0,
					"%s: there is no"
					" such file; `oae score %.200s` makes"
					" it from the journal",
					path, dirs[i]);
		status = oae_result_read(path, &run->own, err);
		if (status != OAE_OK)
			return status;
		run->json = run->own;
		r->n_runs = i + 1;
		status = oae_sha256_file(path, run->sha256, err);
		if (status != OAE_OK)
			return status;
	}
	return OAE_OK;
}

void oae_report_close(struct oae_report *r)
{
	size_t i;

	for (i = 0; i < r->n_runs; i++)
		cJSON_Delete(r->runs[i].own);
	memset(r, 0, sizeof(*r));
}
