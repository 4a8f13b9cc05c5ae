/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A comparison's document (schema/documents/compare-1.schema.json) for
 * people and for CI systems. All append to a buffer; what came from outside
 * is escaped for its place.
 */
#ifndef OAE_REPORTS_COMPARE_H
#define OAE_REPORTS_COMPARE_H

#include "base/buf.h"
#include "base/json.h"
#include "base/status.h"

/* Verdict, table, notes: plain text of at most `columns` (>= 60). */
enum oae_status oae_compare_text(const cJSON *doc, struct oae_buf *out,
				 int columns, struct oae_error *err);
/* The same as Markdown, for a step's summary. */
enum oae_status oae_compare_markdown(const cJSON *doc, struct oae_buf *out,
				     struct oae_error *err);
/*
 * JUnit's XML as CI systems read it: a test case per metric and workload. A
 * regression is a failure; what could not be told is an error, or skipped
 * where the policy lets it pass; what is not comparable is an error.
 */
enum oae_status oae_compare_junit(const cJSON *doc, struct oae_buf *out,
				  struct oae_error *err);
/*
 * GitHub's workflow commands, a line each: ::error for a regression or what
 * may not pass, ::warning for what may, ::notice for the whole.
 */
enum oae_status oae_compare_github(const cJSON *doc, struct oae_buf *out,
				   struct oae_error *err);

/* The verdict in one sentence. */
void oae_compare_sentence(const cJSON *doc, struct oae_buf *out);

#endif
