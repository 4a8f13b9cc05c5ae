/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoder of the llama family out of a GGUF file: grouped-query attention
 * with rotary positions, RMSNorm, gated feed-forward, which may be a mixture
 * of experts. Architectures: llama (Mistral and Mixtral too), qwen2, qwen3,
 * qwen3moe.
 *
 * The model is immutable and may be shared; what a computation changes (the
 * key-value cache and scratch memory) is in an oae_state.
 */
#ifndef OAE_REFERENCE_MODEL_MODEL_H
#define OAE_REFERENCE_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/gguf/gguf.h"
#include "adapters/reference/kernels/kernels.h"
#include "adapters/reference/model/kv.h"
#include "adapters/reference/model/threads.h"
#include "adapters/reference/tokenizer/tokenizer.h"
#include "base/arena.h"
#include "base/status.h"

#define OAE_MODEL_EXPERTS_MAX 256u
#define OAE_MODEL_CONTEXT_MAX (1u << 17)
/*
 * The most that may stay in caches from one step to the next, where the last
 * cache is larger: other processors use it, too.
 */
#define OAE_CACHED_BYTES (16u << 20)
#define OAE_STATE_BATCH_MAX 512u

/* Biases of the projections to queries, keys and values. */
enum oae_biases {
	OAE_BIASES_NONE,
	OAE_BIASES_MAYBE,
	OAE_BIASES_ALL
};

struct oae_shape {
	char architecture[32];
	uint32_t n_vocab, n_embd, n_layer, n_head, n_kv_head, head_dim;
	uint32_t n_ff;			  /* of an expert, where there are */
	uint32_t n_expert, n_expert_used; /* 0: dense */
	/*
	 * What it was trained for, the window of its attention (0: none), and
	 * the lesser: within a window it attends to all positions.
	 */
	uint32_t n_ctx_trained, window, n_ctx;
	float eps, rope_base;
	float rope_scale; /* of positions (linear scaling), usually 1 */
	bool qk_norm, rope_halves, tied;
	bool rope_factors; /* the file may have some */
	enum oae_biases biases;
	bool synthetic; /* weights without meaning */
};

enum oae_ffn_kind {
	OAE_FFN_DENSE,
	OAE_FFN_EXPERTS
};

struct oae_layer {
	const float *attn_norm, *ffn_norm; /* [n_embd] */
	const float *q_norm, *k_norm;	   /* [head_dim], or NULL */
	const float *bq, *bk, *bv;	   /* [outputs of wq, ...], or NULL */
	struct oae_packed wq, wk, wv, wo;
	enum oae_ffn_kind kind;
	struct oae_packed gate, up, down; /* dense */
	struct oae_packed router;	  /* experts: [n_expert][n_embd] */
	struct oae_packed *gates, *ups, *downs; /* [n_expert] each */
	/*
	 * Does any matrix of the feed-forward read inputs of that kind?
	 * in_plain is of experts alone.
	 */
	bool in_quantised, in_plain, hidden_quantised;
};

struct oae_model {
	struct oae_shape shape;
	struct oae_gguf *file;
	struct oae_tokenizer *tokenizer; /* NULL when the file has none */
	const struct oae_kernels *kernels;
	struct oae_threads *threads;		 /* not owned */
	const struct oae_gguf_tensor *embedding; /* (n_embd, n_vocab) */
	struct oae_packed output;
	const float *output_norm;
	const float *rope_factors; /* [head_dim / 2] divide angles; NULL: 1 */
	struct oae_layer *layers;
	uint64_t parameters, active_parameters; /* active: per token */
	uint8_t *packed;			/* all matrices */
	size_t packed_bytes;
	size_t cached_bytes; /* of them and of all else, that stay in caches */
	struct oae_arena arena;
};

/*
 * Reads, checks and packs the file. OAE_ERR_UNSUPPORTED names an
 * architecture, key or tensor that is not known here; a tensor of unexpected
 * shape is OAE_ERR_FORMAT. threads outlives the model.
 */
enum oae_status oae_model_open(const char *path, struct oae_threads *threads,
			       struct oae_model **out, struct oae_error *err);
void oae_model_close(struct oae_model *m); /* NULL is fine */
/* Only the file's hyperparameters; for people and tests. */
enum oae_status oae_shape_read(struct oae_gguf *g, struct oae_shape *out,
			       struct oae_error *err);
/* Why n_ctx is no more: "its sliding window" or "what it was trained for". */
const char *oae_shape_context_why(const struct oae_shape *s);

/* One row of a batch: a token of a sequence. */
struct oae_row {
	int32_t token;
	uint32_t slot, position;
	bool logits; /* are wanted */
};

struct oae_state;

/*
 * Memory for n_slots sequences of up to n_ctx positions each and batches of
 * up to n_batch rows (1..OAE_STATE_BATCH_MAX). Nothing is allocated later.
 */
enum oae_status oae_state_new(const struct oae_model *m, uint32_t n_slots,
			      uint32_t n_ctx, uint32_t n_batch,
			      struct oae_state **out, struct oae_error *err);
void oae_state_free(struct oae_state *s); /* NULL is fine */
uint32_t oae_state_batch(const struct oae_state *s);
uint32_t oae_state_ctx(const struct oae_state *s);
/*
 * Takes positions begin..end-1 over from another slot, whose tokens are the
 * same up to there: bit for bit what computing them would give.
 */
void oae_state_copy(struct oae_state *s, uint32_t from, uint32_t to,
		    uint32_t begin, uint32_t end);
/*
 * Computes the rows; each sees its slot's positions 0..position, of which
 * those before it were computed earlier or stand earlier in this batch.
 * Rows of one slot stand together, in order. Logits of the rows that want
 * them are at oae_state_logits(), [n wanted][n_vocab], until the next call.
 * Out of range: OAE_ERR_USAGE (batch, slot, position, token).
 */
enum oae_status oae_forward(struct oae_state *s, const struct oae_row *rows,
			    size_t n, struct oae_error *err);
const float *oae_state_logits(const struct oae_state *s);

#define OAE_REUSE_WINDOW 8u

/*
 * What a state read from memory, and how its experts were chosen, since it
 * was made; the difference of two is what happened between them. Weights
 * count as packed. A batch reads a dense matrix once, and an expert once if
 * any row chose it; a row reads the keys and values before it (rows of one
 * sequence may share that: then kv_bytes is too high).
 *
 * A row's choice of one expert in one layer is a pick. "known" are picks
 * whose sequence's previous row was seen, too, "again" those whose expert it
 * had picked as well; "known_window" and "again_window" the same for the
 * OAE_REUSE_WINDOW rows before.
 */
struct oae_traffic {
	uint64_t batches, rows;
	uint64_t dense_bytes, expert_bytes, kv_bytes;
	uint64_t picks, known, again, known_window, again_window;
	uint64_t distinct; /* experts read, over batches and layers */
	/* what distinct would be if all rows drew evenly, each by itself */
	double distinct_even;
};

void oae_state_traffic(const struct oae_state *s, struct oae_traffic *out);
/* later - earlier */
struct oae_traffic oae_traffic_since(const struct oae_traffic *later,
				     const struct oae_traffic *earlier);
/* [n_layer][n_expert] picks; NULL without experts. */
const uint64_t *oae_state_expert_uses(const struct oae_state *s);

#endif
