/* SPDX-License-Identifier: Apache-2.0 */
/* What `oae effort` shows. */
#ifndef OAE_HARNESS_CMD_EFFORT_TEXT_H
#define OAE_HARNESS_CMD_EFFORT_TEXT_H

#include "harness/effort.h"

/* Entries, counts, sums by tier and what they come to in money. */
enum oae_status oae_effort_text(const struct oae_effort *e, double months,
				struct oae_buf *out, struct oae_error *err);
enum oae_status oae_effort_json(const struct oae_effort *e, double months,
				struct oae_buf *out, struct oae_error *err);

#endif
