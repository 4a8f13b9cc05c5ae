/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "tests/bench-engine/bench_engine.h"

#define MAKE_MS 300000

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
	if (oae_dir_make(b->o.models, err))
		return err->status;
	oae_progress("bench-engine: making %s", name);
	oae_run_command(argv, NULL, MAKE_MS, NULL, err);
	oae_progress_end();
	return err->status;
}
