/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libllama as a library loaded at run time: what a test needs of its binary
 * interface, declared for one release (OAE_LLAMA_RELEASE) and for x86-64
 * Linux. The structures' layout is checked against the values that the
 * library itself puts in them; another layout is refused.
 */
#ifndef OAE_TESTS_PEER_LLAMA_LIB_H
#define OAE_TESTS_PEER_LLAMA_LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/status.h"

#define OAE_LLAMA_RELEASE "v0.5.0"
/* Below the project's folder; where ci/setup peer puts it. */
#define OAE_LLAMA_FOLDER \
	"tests/peer/node/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64"
/* Room after each structure, should a library's be longer than ours. */
#define OAE_LLAMA_SLACK 256

struct llama_model_params {
	void *devices;
	const void *buffer_overrides;
	int32_t n_gpu_layers, split_mode, load_mode, lazy_mode, main_gpu;
	const float *tensor_split;
	void *progress, *progress_data;
	const void *overrides;
	bool vocab_only, check_tensors, use_extra_buffers, no_host, no_alloc;
	bool load_mtp;
	char slack[OAE_LLAMA_SLACK];
};

struct llama_context_params {
	uint32_t n_ctx, n_batch, n_ubatch, n_seq_max, n_rs_seq;
	uint32_t n_outputs_max, n_outputs_max_per_seq;
	int32_t n_threads, n_threads_batch;
	int32_t kind, rope_scaling, pooling, attention;
	int32_t flash; /* -1 as it likes, 0 off, 1 on */
	float rope_base, rope_scale;
	float yarn_ext, yarn_attn, yarn_fast, yarn_slow;
	uint32_t yarn_ctx;
	float defrag;
	void *eval, *eval_data;
	int32_t type_k, type_v;
	void *abort, *abort_data;
	bool embeddings, offload_kqv, no_perf, op_offload, swa_full, kv_unified;
	void *samplers;
	size_t n_samplers;
	void *other;
	char slack[OAE_LLAMA_SLACK];
};

struct llama_batch {
	int32_t n;
	int32_t *token;
	float *embedding;
	int32_t *position, *n_slots, **slot;
	int8_t *logits;
};

struct llama_quantize_params {
	int32_t threads, file_type, output_type, embedding_type;
	bool requantize, quantize_output, only_copy, pure, keep_split, dry_run;
	void *imatrix, *overrides, *types, *prune;
	int32_t more[2];
	char slack[OAE_LLAMA_SLACK];
};

struct llama_pool_params {
	bool mask[512];
	int32_t threads, priority;
	uint32_t poll;
	bool strict, paused;
	char slack[OAE_LLAMA_SLACK];
};

struct llama_feature {
	const char *name, *value;
};

/* The functions, by their names without "llama_" or "ggml_". */
struct llama_lib {
	void *handle, *ggml;
	char folder[OAE_PATH_BYTES_MAX];
	char backend[64]; /* "haswell" of libggml-cpu-haswell.so */
	char last[240];	  /* its last warning or error */

	const char *(*version)(void);
	void (*log_set)(void (*fn)(int level, const char *text, void *data),
			void *data);
	void (*backend_init)(void);
	const char *(*print_system_info)(void);
	struct llama_model_params (*model_default_params)(void);
	void *(*model_load_from_file)(const char *path,
				      struct llama_model_params params);
	void (*model_free)(void *model);
	uint64_t (*model_size)(const void *model);
	struct llama_context_params (*context_default_params)(void);
	void *(*init_from_model)(void *model,
				 struct llama_context_params params);
	void (*free)(void *ctx);
	const void *(*model_get_vocab)(const void *model);
	int32_t (*vocab_n_tokens)(const void *vocab);
	bool (*vocab_get_add_bos)(const void *vocab);
	int32_t (*tokenize)(const void *vocab, const char *text, int32_t len,
			    int32_t *tokens, int32_t max, bool add_special,
			    bool parse_special);
	int32_t (*detokenize)(const void *vocab, const int32_t *tokens,
			      int32_t n, char *text, int32_t max,
			      bool remove_special, bool unparse_special);
	int32_t (*decode)(void *ctx, struct llama_batch batch);
	float *(*get_logits_ith)(void *ctx, int32_t i);
	void *(*get_memory)(const void *ctx);
	void (*memory_clear)(void *memory, bool data);
	bool (*memory_seq_rm)(void *memory, int32_t slot, int32_t from,
			      int32_t to);
	void (*attach_threadpool)(void *ctx, void *pool, void *batch_pool);
	struct llama_quantize_params (*quantize_default_params)(void);
	uint32_t (*quantize)(const char *from, const char *to,
			     const struct llama_quantize_params *params);

	void (*load_all_from_path)(const char *folder);
	size_t (*reg_count)(void);
	void *(*reg_get)(size_t i);
	void *(*reg_get_proc_address)(void *reg, const char *name);
	struct llama_pool_params (*pool_default)(int threads);
	void *(*pool_new)(struct llama_pool_params *params);
	void (*pool_free)(void *pool);
};

/*
 * Loads the library of a folder (NULL: $OAE_LLAMA, else OAE_LLAMA_FOLDER
 * below the project) and the CPU backend that it chooses here. UNSUPPORTED
 * where it is missing, is another release or has another layout. Once per
 * process; it stays loaded.
 */
enum oae_status llama_lib_open(struct llama_lib *l, const char *folder,
			       struct oae_error *err);
/* Its own tensor type number of a name such as "q4_k", for quantize; -1. */
int32_t llama_type(const char *name, int32_t *file_type);

#endif
