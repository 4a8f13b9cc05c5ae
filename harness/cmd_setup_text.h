/* SPDX-License-Identifier: Apache-2.0 */
/* What `oae setup` tells. */
#ifndef OAE_HARNESS_CMD_SETUP_TEXT_H
#define OAE_HARNESS_CMD_SETUP_TEXT_H

#include <stdio.h>

#include "harness/setup.h"

/* What will be run, where, and what keeps it there; no control characters. */
void oae_setup_print_steps(const struct oae_setup *s, FILE *to);
/* Tables of what was done; `was`: NULL, or what it is a replay of. */
void oae_setup_text(const struct oae_transcript *was,
		    const struct oae_transcript *is, struct oae_buf *out);
void oae_setup_json(const struct oae_setup *s, const struct oae_transcript *was,
		    const struct oae_transcript *is, const char *path,
		    struct oae_buf *out);

#endif
