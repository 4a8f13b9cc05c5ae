/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a board share. */
#ifndef OAE_REPORTS_BOARD_INTERNAL_H
#define OAE_REPORTS_BOARD_INTERNAL_H

#include "base/json.h"
#include "reports/board.h"

/* Fills b->submissions: one for each folder ORG/NAME below root. */
enum oae_status oae_board_list(struct oae_board *b, const char *root,
			       struct oae_error *err);
/* Rejects with one more reason, a copy of the text. */
enum oae_status oae_board_reject(struct oae_board *b,
				 struct oae_board_submission *s,
				 const char *text, struct oae_error *err);
/* Checks and reads one submission and adds its rows. */
enum oae_status oae_board_read(struct oae_board *b,
			       struct oae_board_submission *s,
			       struct oae_error *err);
/*
 * The rows of a result that was read. OAE_ERR_FORMAT and OAE_ERR_LIMIT are
 * the result's fault.
 */
enum oae_status oae_board_take(struct oae_board *b,
			       struct oae_board_submission *s,
			       const cJSON *result, struct oae_error *err);
/* DIR.review.json, if there is one; a bad one is said in review.bad. */
enum oae_status oae_board_read_review(struct oae_board *b,
				      struct oae_board_submission *s,
				      struct oae_error *err);
/* Orders rows and tables, finds leagues and ranks, names the pages. */
enum oae_status oae_board_rank(struct oae_board *b, struct oae_error *err);

/* A cleaned copy of at most OAE_BOARD_TEXT_CHARS characters; NULL when
 * the memory is spent. */
const char *oae_board_text(struct oae_board *b, const char *text);
/* The same, uncut: for what has a cap of its own. */
const char *oae_board_clean(struct oae_board *b, const char *text);
/* How many rows of t the league has that begins at order[first]; the rows
 * that are not ranked are the last league. */
size_t oae_board_league(const struct oae_board *b,
			const struct oae_board_table *t, size_t first);

/* The pages, each appended to a buffer. */
void oae_board_page_table(const struct oae_board *b,
			  const struct oae_board_table *t, struct oae_buf *out);
/* No table has a row yet. */
void oae_board_page_empty(const struct oae_board *b, struct oae_buf *out);
void oae_board_page_submissions(const struct oae_board *b, struct oae_buf *out);
enum oae_status oae_board_page(const struct oae_board *b,
			       const struct oae_board_submission *s,
			       struct oae_buf *out, struct oae_error *err);
void oae_board_feed_json(const struct oae_board *b, struct oae_buf *out);
void oae_board_feed_csv(const struct oae_board *b, struct oae_buf *out);

/* reports/templates/board.css and board.js as they were when built. */
extern const char oae_board_css[], oae_board_js[];

#endif
