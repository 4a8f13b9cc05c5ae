/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine beside llama.cpp, row by row of the table of targets. Both have
 * their model loaded; a pair is one sample of each, and pairs alternate which
 * comes first, so that a drift of the machine meets both.
 */
#ifndef OAE_TESTS_BENCH_ENGINE_H
#define OAE_TESTS_BENCH_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/engine.h"
#include "adapters/reference/oae-lm/speed.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/status.h"
#include "tests/bench-engine/roofline.h"
#include "tests/bench/bench.h"
#include "tests/peer/client.h"

#define OAE_PAIRS_MAX 64u
#define OAE_LINES_MAX 48u

struct bench;
struct line;

/* A row of the table of targets. */
struct entry {
	const char *test;	   /* as llama-bench names it */
	const char *model, *quant; /* of `oae-lm synth` */
	/* Fills in the line; an error goes into it as its reason. */
	void (*fn)(struct bench *b, struct line *l, struct oae_error *err);
	uint32_t n, depth;
	uint32_t sequences; /* at once; of a draft: guesses, 0 as it likes */
	double target;	    /* the ratio at least, or the value at most */
	bool quick;	    /* part of --quick */
};

/* What came of a row. A number that is missing is NaN, with a reason. */
struct line {
	const struct entry *row;
	char test[40];	  /* NULL-terminated copy, perhaps more exact */
	char against[64]; /* who the other is */
	char reason[240], note[200];
	double ours[OAE_PAIRS_MAX], other[OAE_PAIRS_MAX];
	size_t pairs;
	double ours_ts, peer_ts; /* medians; peer_ts: llama.cpp's alone */
	double other_ts;	 /* of whoever `against` names */
	double ratio, ratio_min, ratio_max;
	double roof_ts; /* tokens a second that the machine would allow */
	double value;	/* instead of a ratio: at most the target */
};

struct roof {
	double int8, fma; /* operations a second, all threads */
	double int8_one, fma_one;
	/* bytes a second by working set, all threads and one */
	struct {
		size_t bytes;
		double all, one;
	} read[16];
	size_t n_read;
};

struct options {
	uint64_t threads, pairs;
	const char *only, *out, *models;
	bool quick, json;
};

struct bench {
	struct options o;
	char program[OAE_PATH_BYTES_MAX]; /* oae-lm */
	char cpu[128];
	/* ours */
	struct oae_speed ours;
	char loaded[OAE_PATH_BYTES_MAX];
	/* theirs */
	struct peer peer;
	bool peer_runs;
	char peer_loaded[OAE_PATH_BYTES_MAX], peer_room[160];
	char peer_name[64];
	char peer_reason[240];	 /* why there is none */
	const char *llama_bench; /* the user's own, or NULL */
	int flash;		 /* of the next peer room: -1 as it likes */
	/* of speculation.c */
	struct oae_engine *engine;
	struct oae_engine_config config;
	const char *prompt;		     /* NULL: seeded tokens */
	struct oae_speculation_sums guessed; /* since the warm-up */
	struct roof roof;
	struct line lines[OAE_LINES_MAX];
	size_t n_lines;
};

extern const struct entry oae_rows[];
extern const size_t oae_rows_count;

/* ---- files.c: the models, made when they are missing */
enum oae_status bench_file(struct bench *b, const char *model,
			   const char *quant, char *path, size_t size,
			   struct oae_error *err);

/* ---- sides.c: one sample of either side, in tokens a second */
typedef enum oae_status (*bench_sample)(struct bench *b, const struct entry *r,
					double *ts, struct oae_error *err);

/* Starts llama-peer, or notes $LLAMA_BENCH, or why there is neither. */
void bench_peer_start(struct bench *b);
enum oae_status bench_load_ours(struct bench *b, const char *path,
				struct oae_error *err);
enum oae_status bench_load_peer(struct bench *b, const struct entry *r,
				const char *path, struct oae_error *err);
enum oae_status ours_prefill(struct bench *b, const struct entry *r, double *ts,
			     struct oae_error *err);
enum oae_status ours_decode(struct bench *b, const struct entry *r, double *ts,
			    struct oae_error *err);
enum oae_status ours_batched(struct bench *b, const struct entry *r, double *ts,
			     struct oae_error *err);
enum oae_status peer_prefill(struct bench *b, const struct entry *r, double *ts,
			     struct oae_error *err);
enum oae_status peer_decode(struct bench *b, const struct entry *r, double *ts,
			    struct oae_error *err);
enum oae_status peer_batched(struct bench *b, const struct entry *r, double *ts,
			     struct oae_error *err);

/* ---- pairs.c */
/* Until the other's threads sleep. */
void bench_rest(void);
/* Interleaves samples; sets other_ts and ratio too. */
enum oae_status bench_pairs(struct bench *b, struct line *l, bench_sample ours,
			    bench_sample other, struct oae_error *err);
/* Only ours: there is no other, for that reason. */
enum oae_status bench_alone(struct bench *b, struct line *l, bench_sample ours,
			    const char *reason, struct oae_error *err);
/* Pairs with the peer, or alone where there is none. */
enum oae_status bench_with_peer(struct bench *b, struct line *l,
				bench_sample ours, bench_sample peer,
				struct oae_error *err);

/* ---- roof.c */
/* The line's roof: rows of a step that want logits, mean cached positions. */
void bench_roof(struct bench *b, struct line *l, uint32_t rows, uint32_t logits,
		double cached, struct oae_error *err);
/* The same of a pass forward and backward, for each token. */
void bench_roof_training(struct bench *b, struct line *l, double parameters,
			 struct oae_error *err);

/* ---- start.c: rows about a process of its own */
void row_first_token(struct bench *b, struct line *l, struct oae_error *err);
void row_resident(struct bench *b, struct line *l, struct oae_error *err);

/* ---- speculation.c, pair.c: rows about a draft */
enum oae_status bench_pair_files(struct bench *b, char *target, char *draft,
				 size_t size, struct oae_error *err);
void row_pair(struct bench *b, struct line *l, struct oae_error *err);
void row_pair_first(struct bench *b, struct line *l, struct oae_error *err);
void row_embedded(struct bench *b, struct line *l, struct oae_error *err);
void row_bad_draft(struct bench *b, struct line *l, struct oae_error *err);

/* ---- training.c */
void row_training(struct bench *b, struct line *l, struct oae_error *err);

/* ---- print.c */
void bench_line(const struct bench *b, const struct line *l);
void bench_table(const struct bench *b);
bool line_met(const struct line *l);
/* Of the roof; NaN where there is none. */
double line_share(const struct line *l);

/* ---- json.c */
/* The rows: a list. */
void bench_json(const struct bench *b, struct oae_buf *out);
/* What they were measured on, and what it can do. */
void bench_machine_json(const struct bench *b, const struct machine *m,
			struct oae_buf *out);

#endif
