/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of a run folder against the schemas of the standard. */
#ifndef OAE_HARNESS_FOLDER_SCHEMAS_H
#define OAE_HARNESS_FOLDER_SCHEMAS_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "schema/documents.h"

#define OAE_FOLDER_FAULTS_MAX 16u /* that are told; all are counted */

struct oae_folder_schemas {
	char home[OAE_PATH_BYTES_MAX];
	bool missing; /* there are none here: nothing is checked */
	struct oae_schema_set set;
	const struct oae_schema *journal;
	uint64_t lines, wrong_lines; /* of the journal */
	size_t files, wrong_files;   /* that are of a known kind */
	size_t kept;		     /* faults of lines */
	char fault[OAE_FOLDER_FAULTS_MAX][600];
};

/*
 * Finds the schemas (oae_home()); a program without its data folder has none
 * and checks nothing. Release also after a failure.
 */
enum oae_status oae_folder_schemas_open(struct oae_folder_schemas *s,
					struct oae_error *err);
/* Takes one line of the journal; for oae_records_visit(). */
void oae_folder_schemas_line(void *ctx, uint64_t number, const cJSON *line);
/*
 * Tells what is wrong with the lines taken so far, then checks DIR/result.json
 * and what lies below DIR/inputs. Fails when a file cannot be read.
 */
enum oae_status
oae_folder_schemas_files(struct oae_folder_schemas *s, const char *dir,
			 void (*tell)(void *ctx, const char *text), void *ctx,
			 struct oae_error *err);
void oae_folder_schemas_release(struct oae_folder_schemas *s);

#endif
