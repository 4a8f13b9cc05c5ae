/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator found: ORG/NAME.review.json beside the submission. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/limits.h"
#include "reports/board_internal.h"

/* Statuses that a review may say; superseding is its own member. */
static bool take_status(const cJSON *j, enum oae_board_status *status)
{
	static const enum oae_board_status known[] = { OAE_BOARD_REPRODUCED,
						       OAE_BOARD_DISPUTED,
						       OAE_BOARD_INVALIDATED };
	const char *word = oae_view_str(j, "status");
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(word, oae_board_status_name[known[i]]) == 0) {
			*status = known[i];
			return true;
		}
	return false;
}

static void take_review(struct oae_board *b, struct oae_board_submission *s,
			const cJSON *j)
{
	struct oae_board_review *r = &s->review;
	enum oae_board_status status = OAE_BOARD_SELF_REPORTED;

	if (strcmp(oae_view_str(j, "schema"), "review-1") != 0) {
		r->bad = "its \"schema\" is not \"review-1\"";
		return;
	}
	if (strcmp(oae_view_str(j, "result_sha256"), s->result_sha256) != 0) {
		r->bad = "it is of another result: its result_sha256 is not"
			 " this result.json's";
		return;
	}
	if (!take_status(j, &status)) {
		r->bad = "its status is none of reproduced, disputed,"
			 " invalidated";
		return;
	}
	r->by = oae_board_text(b, oae_view_str(j, "by"));
	r->date = oae_board_text(b, oae_view_str(j, "date"));
	r->nonce = oae_board_text(b, oae_view_str(j, "nonce"));
	r->reason = oae_board_clean(b, oae_view_str(j, "reason"));
	r->superseded_by = oae_board_text(b, oae_view_str(j, "superseded_by"));
	r->inside = oae_view_num(j, "inside");
	r->outside = oae_view_num(j, "outside");
	r->not_comparable = oae_view_num(j, "not_comparable");
	s->status = status;
	if (status != OAE_BOARD_INVALIDATED && r->superseded_by &&
	    *r->superseded_by)
		s->status = OAE_BOARD_SUPERSEDED;
}

enum oae_status oae_board_read_review(struct oae_board *b,
				      struct oae_board_submission *s,
				      struct oae_error *err)
{
	struct oae_board_review *r = &s->review;
	struct oae_error found = { OAE_OK, 0, "" };
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf text;
	cJSON *j = NULL;
	struct stat st;

	r->by = r->date = r->nonce = r->reason = r->superseded_by = "";
	r->inside = r->outside = r->not_comparable = NAN;
	if (snprintf(path, sizeof(path), "%s.review.json", s->dir) >=
	    (int)sizeof(path))
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%.200s: the path is too long", s->dir);
	if (lstat(path, &st) != 0)
		return OAE_OK;
	r->has = true;
	if (!S_ISREG(st.st_mode)) {
		r->bad = "it is not a regular file";
		return OAE_OK;
	}
	oae_buf_init(&text, OAE_BOARD_REVIEW_BYTES_MAX);
	if (oae_file_read(path, &text, &found) == OAE_OK &&
	    oae_json_parse(oae_buf_str(&text), text.len, &j, &found) == OAE_OK)
		take_review(b, s, j);
	else
		r->bad = oae_board_text(b, found.text);
	cJSON_Delete(j);
	oae_buf_release(&text);
	if (!r->by || !r->date || !r->nonce || !r->reason || !r->superseded_by)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "board: no memory");
	return OAE_OK;
}
