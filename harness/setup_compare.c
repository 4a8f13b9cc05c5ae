/* SPDX-License-Identifier: Apache-2.0 */
/* A set-up made again: what is the same, step by step. */
#include <stdio.h>
#include <string.h>

#include "harness/setup.h"

static void first_difference(struct oae_setup_verdict *v, const char *what,
			     const char *path)
{
	v->same = false;
	if (!v->text[0])
		(void)snprintf(v->text, sizeof(v->text), "%.60s%.120s", what,
			       path);
}

/* Both are sorted by path. */
static void compare_files(const struct oae_transcript_files *was,
			  const struct oae_transcript_files *is,
			  struct oae_setup_verdict *v)
{
	size_t a = 0, b = 0;

	v->listed = was->item && is->item;
	if (!v->listed)
		return;
	while (a < was->count || b < is->count) {
		int order = a == was->count ?
				    1 :
			    b == is->count ?
				    -1 :
				    strcmp(was->item[a].path, is->item[b].path);

		if (order < 0) {
			v->files_missing++;
			first_difference(v,
					 "not there now: ", was->item[a].path);
		} else if (order > 0) {
			v->files_new++;
			first_difference(v,
					 "was not there: ", is->item[b].path);
		} else if (strcmp(was->item[a].sha256, is->item[b].sha256)) {
			v->files_other++;
			first_difference(v, "other bytes: ", is->item[b].path);
		} else {
			v->files_same++;
		}
		a += order <= 0;
		b += order >= 0;
	}
}

void oae_setup_compare_step(const struct oae_transcript *was,
			    const struct oae_transcript *is, size_t i,
			    struct oae_setup_verdict *out)
{
	const struct oae_transcript_step *a = &was->steps[i];
	const struct oae_transcript_step *b;

	memset(out, 0, sizeof(*out));
	out->wall_was_s = a->wall_s;
	if (i >= is->step_count) {
		first_difference(out, "was not made", "");
		return;
	}
	b = &is->steps[i];
	out->same = true;
	out->wall_s = b->wall_s;
	out->exit_same = a->exit == b->exit &&
			 strcmp(a->outcome, b->outcome) == 0;
	if (!out->exit_same)
		first_difference(out, "ended otherwise: ", b->outcome);
	compare_files(&a->files, &b->files, out);
}

void oae_setup_compare_materials(const struct oae_transcript *was,
				 const struct oae_transcript *is,
				 struct oae_setup_verdict *out)
{
	memset(out, 0, sizeof(*out));
	out->same = out->exit_same = true;
	compare_files(&was->materials, &is->materials, out);
}
