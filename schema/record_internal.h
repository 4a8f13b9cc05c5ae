/* SPDX-License-Identifier: Apache-2.0 */
/* Between record.c (lines and chain) and record_take.c (their content). */
#ifndef OAE_SCHEMA_RECORD_INTERNAL_H
#define OAE_SCHEMA_RECORD_INTERNAL_H

#include "schema/record.h"

/* Growing state of one reading. */
struct oae_record_reader {
	struct oae_records *out;
	struct oae_error *err;
	size_t run_alloc, sample_alloc, reading_alloc, channel_alloc;
	size_t *by_id;			/* run id -> index + 1 */
	size_t by_id_count;
	/* The last channel name found, to not search for the next one. */
	size_t channel_hint;
};

/* Takes the content of one line that is in the chain. */
enum oae_status oae_record_take(struct oae_record_reader *r, const char *type,
				cJSON *line);
/* What can be checked only at the end: no request twice. */
enum oae_status oae_record_finish(struct oae_record_reader *r);

#endif
