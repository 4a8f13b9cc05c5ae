/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A leaderboard: a static site from a folder of submissions,
 * ORG/SUBMISSION/result.json and, beside it, what the operator found,
 * ORG/SUBMISSION.review.json. Everything in a submission is hostile text.
 * Nothing here runs a program or prints; the same files give the same
 * bytes.
 *
 *	oae_board_open(&b, "submissions", &options, &err);
 *	oae_board_write(&b, "site.new", &err);
 *	oae_board_close(&b);
 *
 * A table of the site is one profile (with its limits, prices and items),
 * one mode and one version of the specification. A league is the part of
 * it that may be ranked: the same division, the same baseline and the same
 * class of evidence.
 */
#ifndef OAE_REPORTS_BOARD_H
#define OAE_REPORTS_BOARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/sha256.h"
#include "base/status.h"
#include "reports/view.h"

#define OAE_BOARD_SUBMISSIONS_MAX 20000u
#define OAE_BOARD_ROWS_MAX 500000u
#define OAE_BOARD_TABLES_MAX 4096u
#define OAE_BOARD_PROFILES_MAX 64u /* of one submission */
#define OAE_BOARD_TEXT_CHARS 96u   /* a text in a table; the rest is cut */
#define OAE_BOARD_REVIEW_BYTES_MAX (1u << 20)
#define OAE_BOARD_MEMORY_BYTES_MAX ((size_t)2 << 30)

/* The file that marks a folder as a site, and its feed. */
#define OAE_BOARD_MARK "board.json"

enum oae_board_check {
	OAE_BOARD_UNCHECKED, /* nobody ran the check */
	OAE_BOARD_UNSIGNED,  /* all but whose signature it is */
	OAE_BOARD_VERIFIED,
	OAE_BOARD_REJECTED, /* listed with its reasons, without numbers */
	OAE_BOARD_CHECKS
};

enum oae_board_status {
	OAE_BOARD_SELF_REPORTED, /* no review */
	OAE_BOARD_REPRODUCED,
	OAE_BOARD_DISPUTED,
	OAE_BOARD_INVALIDATED,
	OAE_BOARD_SUPERSEDED,
	OAE_BOARD_STATUSES
};

extern const char *const oae_board_check_name[OAE_BOARD_CHECKS];
extern const char *const oae_board_status_name[OAE_BOARD_STATUSES];

/* All texts are the board's; "" when missing, counts NaN. */
struct oae_board_review {
	bool has;
	const char *by, *date, *nonce, *reason, *superseded_by;
	double inside, outside, not_comparable;
	/* Why it does not count: unreadable, or of another result; or NULL. */
	const char *bad;
};

struct oae_board_submission {
	const char *org, *name, *dir;
	enum oae_board_check check;
	const char *const *reasons; /* why it was rejected */
	size_t n_reasons;
	enum oae_board_status status;
	struct oae_board_review review;
	/* Of its result; "" when it was rejected before it was read. */
	const char *date, *cpu, *hardware, *suite, *scenario, *spec, *baseline;
	const char *division; /* "closed", "open"; "" unknown */
	char result_sha256[OAE_SHA256_HEX], adapter_sha256[OAE_SHA256_HEX];
	size_t first_row, n_rows, n_systems;
};

/* One system in one table. */
struct oae_board_row {
	const struct oae_board_submission *submission;
	size_t table; /* index */
	enum oae_view_mode mode;
	const char *system, *baseline;
	const char *workloads; /* measured ones, a blank between them */
	const char *league;    /* hash of the baseline's identity */
	struct oae_value oae, kappa, s;
	double measured_share; /* NaN if missing */
	const char *class, *verdict, *gate;
	const char *unranked; /* why; NULL when ranked */
	/*
	 * Ranked: 1 + the systems of the league whose whole interval lies
	 * above; those of the league that are not wholly below; those that
	 * overlap.
	 */
	size_t rank_low, rank_high, same;
};

struct oae_board_table {
	char key[OAE_SHA256_HEX]; /* of profile, prices and items */
	const char *profile, *title, *spec;
	const char *file; /* the page's name */
	enum oae_view_mode mode;
	size_t first, n_rows, n_ranked; /* first: in the board's order */
};

/* What a check says. */
struct oae_board_checked {
	enum oae_board_check state;
	struct oae_buf reasons; /* rejected: a line for each thing wrong */
	char division[32];	/* "closed" or "open" */
	char adapter_sha256[OAE_SHA256_HEX]; /* of its bill; "" unknown */
};

/*
 * Is the submission what it claims to be? Fills in *out, whose buffer is
 * there already. A failure ends the board.
 */
typedef enum oae_status oae_board_check_fn(void *ctx,
					   const struct oae_board_submission *s,
					   struct oae_board_checked *out,
					   struct oae_error *err);

struct oae_board_options {
	const char *title;
	/* Where the submissions' files are, before "/ORG/NAME/FILE"; NULL:
	 * no links. A relative one is seen from the site's top. */
	const char *files_url;
	oae_board_check_fn *check; /* NULL: nobody checks */
	/* After each submission; may be NULL. */
	void (*progress)(void *ctx, size_t done, size_t all);
	void *ctx; /* of both */
	/* A folder that is not entered, by its real path; NULL: none. */
	const char *skip;
};

struct oae_board {
	struct oae_arena arena;
	struct oae_board_options options;
	struct oae_board_submission *submissions; /* sorted by org, name */
	size_t n_submissions, n_rejected;
	struct oae_board_row *rows; /* submission by submission */
	size_t n_rows, max_rows;
	struct oae_board_row **order;	/* by table, league, rank */
	struct oae_board_table *tables; /* the fullest first */
	size_t n_tables, max_tables;
};

/* Lists, checks, reads and ranks. Close also after a failure. */
enum oae_status oae_board_open(struct oae_board *b, const char *root,
			       const struct oae_board_options *options,
			       struct oae_error *err);
/* Writes the whole site into dir, which is there and empty. */
enum oae_status oae_board_write(const struct oae_board *b, const char *dir,
				struct oae_error *err);
void oae_board_close(struct oae_board *b);

#endif
