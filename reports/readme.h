/* SPDX-License-Identifier: Apache-2.0 */
/* The README of a submission. */
#ifndef OAE_REPORTS_README_H
#define OAE_REPORTS_README_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/status.h"

/*
 * Markdown with the headline of a result; it follows from its arguments
 * alone. Texts of the result cannot end the block that they stand in.
 */
enum oae_status oae_report_readme(const cJSON *result, const char *org,
				  const char *name, bool open,
				  struct oae_buf *out, struct oae_error *err);

#endif
