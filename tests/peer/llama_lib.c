/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "tests/peer/llama_lib.h"

#include <dlfcn.h>
#include <glob.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"

#define AT(member) offsetof(struct llama_lib, member)

static const struct symbol {
	const char *name;
	size_t offset;
} symbols[] = {
	{ "llama_version", AT(version) },
	{ "llama_log_set", AT(log_set) },
	{ "llama_backend_init", AT(backend_init) },
	{ "llama_print_system_info", AT(print_system_info) },
	{ "llama_model_default_params", AT(model_default_params) },
	{ "llama_model_load_from_file", AT(model_load_from_file) },
	{ "llama_model_free", AT(model_free) },
	{ "llama_model_size", AT(model_size) },
	{ "llama_context_default_params", AT(context_default_params) },
	{ "llama_init_from_model", AT(init_from_model) },
	{ "llama_free", AT(free) },
	{ "llama_model_get_vocab", AT(model_get_vocab) },
	{ "llama_vocab_n_tokens", AT(vocab_n_tokens) },
	{ "llama_vocab_get_add_bos", AT(vocab_get_add_bos) },
	{ "llama_tokenize", AT(tokenize) },
	{ "llama_detokenize", AT(detokenize) },
	{ "llama_decode", AT(decode) },
	{ "llama_get_logits_ith", AT(get_logits_ith) },
	{ "llama_get_memory", AT(get_memory) },
	{ "llama_memory_clear", AT(memory_clear) },
	{ "llama_memory_seq_rm", AT(memory_seq_rm) },
	{ "llama_attach_threadpool", AT(attach_threadpool) },
	{ "llama_model_quantize_default_params", AT(quantize_default_params) },
	{ "llama_model_quantize", AT(quantize) },
	{ "ggml_backend_load_all_from_path", AT(load_all_from_path) },
	{ "ggml_backend_reg_count", AT(reg_count) },
	{ "ggml_backend_reg_get", AT(reg_get) },
	{ "ggml_backend_reg_get_proc_address", AT(reg_get_proc_address) },
	{ "ggml_threadpool_params_default", AT(pool_default) },
}, backend_symbols[] = {
	{ "ggml_threadpool_new", AT(pool_new) },
	{ "ggml_threadpool_free", AT(pool_free) },
};

/* ggml's tensor types and llama's file types, of which files are made. */
static const struct {
	const char *name;
	int32_t type, file_type;
} types[] = {
	{ "f32", 0, 0 },    { "f16", 1, 1 },  { "bf16", 30, 32 },
	{ "q8_0", 8, 7 },   { "q4_0", 2, 2 }, { "q4_k", 12, 14 },
	{ "q6_k", 14, 18 },
};

int32_t llama_type(const char *name, int32_t *file_type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcasecmp(types[i].name, name) != 0)
			continue;
		*file_type = types[i].file_type;
		return types[i].type;
	}
	return -1;
}

static void keep_log(int level, const char *text, void *data)
{
	struct llama_lib *l = data;

	/* 3 and 4: warning, error */
	if (level != 3 && level != 4)
		return;
	(void)snprintf(l->last, sizeof(l->last), "%s", text);
	l->last[strcspn(l->last, "\n")] = '\0';
}

static void *open_one(const char *folder, const char *pattern,
		      struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	void *handle = NULL;
	glob_t found;

	if (oae_path_join(path, sizeof(path), folder, pattern, err))
		return NULL;
	if (glob(path, 0, NULL, &found)) {
		oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
			 "no %s in %s; `make test-peer` installs it", pattern,
			 folder);
		return NULL;
	}
	handle = dlopen(found.gl_pathv[0], RTLD_NOW | RTLD_GLOBAL);
	if (!handle)
		oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "%s", dlerror());
	globfree(&found);
	return handle;
}

static enum oae_status find(struct llama_lib *l, struct oae_error *err)
{
	const size_t n = sizeof(symbols) / sizeof(symbols[0]);
	void *at;

	for (size_t i = 0; i < n; i++) {
		at = dlsym(l->handle, symbols[i].name);
		if (!at)
			at = dlsym(l->ggml, symbols[i].name);
		if (!at)
			return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
					"libllama has no %s", symbols[i].name);
		memcpy((char *)l + symbols[i].offset, &at, sizeof(at));
	}
	return OAE_OK;
}

static enum oae_status find_in_backend(struct llama_lib *l,
				       struct oae_error *err)
{
	void *at;

	for (size_t s = 0; s < 2; s++) {
		at = NULL;
		for (size_t i = 0; i < l->reg_count() && !at; i++)
			at = l->reg_get_proc_address(l->reg_get(i),
						     backend_symbols[s].name);
		if (!at)
			return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
					"no backend of libllama has %s",
					backend_symbols[s].name);
		memcpy((char *)l + backend_symbols[s].offset, &at, sizeof(at));
	}
	return OAE_OK;
}

static int see_backend(struct dl_phdr_info *info, size_t size, void *data)
{
	static const char mark[] = "/libggml-cpu-";
	struct llama_lib *l = data;
	const char *at = strstr(info->dlpi_name, mark);

	(void)size;
	if (!at)
		return 0;
	(void)snprintf(l->backend, sizeof(l->backend), "%s",
		       at + sizeof(mark) - 1);
	l->backend[strcspn(l->backend, ".")] = '\0';
	return 1;
}

/* The library's own defaults must be where this release has them. */
static enum oae_status check_layout(const struct llama_lib *l,
				    struct oae_error *err)
{
	struct llama_model_params m = l->model_default_params();
	struct llama_context_params c = l->context_default_params();
	struct llama_quantize_params q = l->quantize_default_params();
	struct llama_pool_params p = l->pool_default(3);
	const char *wrong = NULL;

	if (m.n_gpu_layers != -1 || m.split_mode != 1 || m.load_mode != -1 ||
	    m.lazy_mode != 1 || m.main_gpu || m.tensor_split || m.progress ||
	    m.overrides || m.vocab_only || m.check_tensors ||
	    !m.use_extra_buffers || m.no_host || m.no_alloc || m.load_mtp)
		wrong = "llama_model_params";
	if (c.n_ctx != 512 || c.n_batch != 2048 || c.n_ubatch != 512 ||
	    c.n_seq_max != 1 || c.n_outputs_max_per_seq != 1 ||
	    c.n_threads != 4 || c.n_threads_batch != 4 ||
	    c.rope_scaling != -1 || c.flash != -1 || c.rope_base != 0 ||
	    c.yarn_ext != -1.0f || c.yarn_slow != -1.0f || c.yarn_ctx ||
	    c.defrag != -1.0f || c.eval || c.type_k != 1 || c.type_v != 1 ||
	    c.abort || c.embeddings || !c.offload_kqv || !c.no_perf ||
	    !c.op_offload || !c.swa_full || c.kv_unified || c.samplers ||
	    c.n_samplers || c.other)
		wrong = "llama_context_params";
	if (q.threads || q.file_type != 7 ||
	    q.output_type != q.embedding_type || q.requantize ||
	    !q.quantize_output || q.only_copy || q.pure || q.imatrix)
		wrong = "llama_model_quantize_params";
	if (p.mask[0] || p.mask[511] || p.threads != 3 || p.priority ||
	    p.poll != 50 || p.strict || p.paused)
		wrong = "ggml_threadpool_params";
	if (!wrong)
		return OAE_OK;
	return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
			"libllama %s: %s is not laid out as in %s, the release "
			"that this program knows",
			l->version(), wrong, OAE_LLAMA_RELEASE);
}

enum oae_status llama_lib_open(struct llama_lib *l, const char *folder,
			       struct oae_error *err)
{
	char home[OAE_PATH_BYTES_MAX];

	memset(l, 0, sizeof(*l));
	setenv("GGML_NO_BACKTRACE", "1", 0); /* an abort calls no debugger */
	if (!folder)
		folder = getenv("OAE_LLAMA");
	if (folder && *folder) {
		(void)snprintf(l->folder, sizeof(l->folder), "%s", folder);
	} else if (oae_home(home, sizeof(home), err) ||
		   oae_path_join(l->folder, sizeof(l->folder), home,
				 OAE_LLAMA_FOLDER, err)) {
		return err->status;
	}
	l->handle = open_one(l->folder, "libllama.*so*", err);
	if (l->handle)
		l->ggml = open_one(l->folder, "libggml.*so*", err);
	if (!l->ggml || find(l, err))
		return err->status;
	l->log_set(keep_log, l);
	if (check_layout(l, err))
		return err->status;
	l->load_all_from_path(l->folder);
	l->backend_init();
	if (!dl_iterate_phdr(see_backend, l))
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"no libggml-cpu of %s serves this processor",
				l->folder);
	return find_in_backend(l, err);
}
