/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "base/log.h"
#include "tests/bench-engine/bench_engine.h"

#define MAKE_MS 300000

/* What a file of that shape takes at most, in MB: of F32, of Q8_0. */
static const struct {
	const char *model;
	unsigned f32_mb, q8_mb;
} sizes[] = {
	{ "s15", 64, 18 },
	{ "s110", 440, 118 },
	{ "tinyllama-1.1b", 4410, 1175 },
	{ "moe", 2510, 667 },
};

static enum oae_status check_room(const char *folder, const char *model,
				  const char *quant, struct oae_error *err)
{
	unsigned mb = 0, free_mb;
	struct statvfs v;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (!strcmp(sizes[i].model, model))
			mb = quant[0] == 'q' ? sizes[i].q8_mb : sizes[i].f32_mb;
	if (statvfs(folder, &v))
		return oae_fail(err, OAE_ERR_IO, errno, "%s", folder);
	free_mb = (unsigned)((double)v.f_bavail * (double)v.f_frsize / 1e6);
	if (free_mb < mb + 500)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%s needs %u MB of disk in %s, %u are free",
				model, mb + 500, folder, free_mb);
	return OAE_OK;
}

enum oae_status bench_file(struct bench *b, const char *model,
			   const char *quant, char *path, size_t size,
			   struct oae_error *err)
{
	const char *argv[] = { b->program, "synth", "--shape", model, "--quant",
			       quant,	   "--out", path,      NULL };
	char name[96];

	(void)snprintf(name, sizeof(name), "%s-%s.gguf", model, quant);
	if (oae_path_join(path, size, b->o.models, name, err))
		return err->status;
	if (oae_file_exists(path))
		return OAE_OK;
	if (oae_dir_make(b->o.models, err) ||
	    check_room(b->o.models, model, quant, err))
		return err->status;
	oae_progress("bench-engine: making %s", name);
	oae_run_command(argv, NULL, MAKE_MS, NULL, err);
	oae_progress_end();
	return err->status;
}
