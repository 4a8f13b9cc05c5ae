/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llama.cpp as a child process: one JSON object a line on stdin, one answer
 * a line on stdout. Every answer has "ok"; with false also "error". Times
 * are of the library's work alone. See help[] below.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "tests/peer/llama_peer.h"

#define CONTEXT_MAX 131072u
#define SEQUENCES_MAX 64u
#define THREADS_MAX 256u

#define DO(verb, rest) "  {\"do\": \"" verb "\"" rest "\n"

/* clang-format off */
static const char help[] =
	"usage: llama-peer [FOLDER]\n\n"
	"Serves libllama " OAE_LLAMA_RELEASE " of FOLDER (else $OAE_LLAMA, "
	"else what `make test-peer`\n"
	"installs) on stdin and stdout, one JSON object a line:\n\n"
	DO("load", ", \"file\": F}      threads 1, ctx 2048, batch 2048,")
	"      ubatch 512, flash true or false (else as it likes),\n"
	"      sequences 1, vocab_only false\n"
	DO("context", "}              the same without loading again")
	DO("tokenize", ", \"text\": T}  or \"file\": F of bytes; special,")
	"      add_special: false\n"
	DO("detokenize", ", \"tokens\": [...]}  special false")
	DO("logits", ", \"tokens\": [...], \"out\": F}  native floats")
	"      [token][vocabulary]\n"
	DO("greedy", ", \"tokens\": [...], \"n\": N}  the N that follow")
	DO("pp", ", \"n\": N}           N tokens from an empty cache: ns")
	DO("tg", ", \"n\": N}           one by one after depth 0: ns")
	DO("batched", ", \"n\": N}      N steps of all sequences: ns")
	DO("quantize", ", \"file\": F, \"out\": F, \"type\": \"q4_k\"}")
	DO("info", "}                 release, backend, system");
/* clang-format on */
/* ---- what comes in ------------------------------------------------------ */

uint32_t peer_number(const cJSON *in, const char *key, uint32_t otherwise,
		     uint32_t low, uint32_t high, struct oae_error *err)
{
	uint64_t v = oae_json_u64_or(in, key, otherwise);

	if (v >= low && v <= high)
		return (uint32_t)v;
	oae_fail(err, OAE_ERR_USAGE, 0, "%s: give a number from %u to %u", key,
		 low, high);
	return low;
}

static bool flag(const cJSON *in, const char *key)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(in, key));
}

/* Into p->tokens. */
uint32_t peer_take_tokens(struct server *p, const cJSON *in, uint32_t max,
			  struct oae_error *err)
{
	const cJSON *list, *one;
	uint32_t n = 0;

	if (oae_json_arr(in, "tokens", &list, err))
		return 0;
	cJSON_ArrayForEach(one, list) {
		if (n == max || !cJSON_IsNumber(one) || one->valueint < 0 ||
		    one->valueint >= p->n_vocab) {
			oae_fail(err, OAE_ERR_USAGE, 0,
				 "tokens: at most %u, each below %d", max,
				 p->n_vocab);
			return 0;
		}
		p->tokens[n++] = one->valueint;
	}
	if (!n)
		oae_fail(err, OAE_ERR_USAGE, 0, "tokens: none");
	return n;
}

bool peer_loaded(const struct server *p, bool context, struct oae_error *err)
{
	if (p->model && (p->ctx || !context))
		return true;
	oae_fail(err, OAE_ERR_USAGE, 0, "load a file first");
	return false;
}

/* ---- loading ------------------------------------------------------------ */

static void drop_context(struct server *p)
{
	if (p->ctx)
		p->lib.free(p->ctx);
	if (p->pool)
		p->lib.pool_free(p->pool);
	p->ctx = p->pool = NULL;
	p->depth = 0;
}

static void drop_model(struct server *p)
{
	drop_context(p);
	if (p->model)
		p->lib.model_free(p->model);
	p->model = NULL;
	p->vocab = NULL;
}

/* With a pool of threads that stays, as llama-bench has it. */
static void make_context(struct server *p, const cJSON *in,
			 struct oae_error *err)
{
	struct llama_context_params c = p->lib.context_default_params();
	struct llama_pool_params pool;
	const cJSON *flash = cJSON_GetObjectItemCaseSensitive(in, "flash");

	drop_context(p);
	p->sequences = peer_number(in, "sequences", 1, 1, SEQUENCES_MAX, err);
	p->n_ctx = peer_number(in, "ctx", 2048, 1, CONTEXT_MAX, err);
	p->n_batch = peer_number(in, "batch", 2048, 1, BATCH_MAX, err);
	c.n_ctx = p->n_ctx * p->sequences;
	c.n_batch = p->n_batch;
	c.n_ubatch = peer_number(in, "ubatch", 512, 1, BATCH_MAX, err);
	c.n_seq_max = p->sequences;
	c.n_outputs_max_per_seq = p->n_batch;
	c.n_threads =
		(int32_t)peer_number(in, "threads", 1, 1, THREADS_MAX, err);
	c.n_threads_batch = c.n_threads;
	if (cJSON_IsBool(flash))
		c.flash = cJSON_IsTrue(flash);
	if (err->status)
		return;
	p->lib.last[0] = '\0';
	p->ctx = p->lib.init_from_model(p->model, c);
	pool = p->lib.pool_default(c.n_threads);
	p->pool = p->ctx ? p->lib.pool_new(&pool) : NULL;
	if (!p->pool)
		oae_fail(err, OAE_ERR_TARGET, 0, "llama_init_from_model: %s",
			 p->lib.last);
	else
		p->lib.attach_threadpool(p->ctx, p->pool, p->pool);
}

static void do_context(struct server *p, const cJSON *in, struct oae_error *err)
{
	if (peer_loaded(p, false, err))
		make_context(p, in, err);
}

static void do_load(struct server *p, const cJSON *in, struct oae_error *err)
{
	struct llama_model_params m = p->lib.model_default_params();
	uint64_t start = oae_clock_ns();
	const char *file;

	drop_model(p);
	if (oae_json_str(in, "file", &file, err))
		return;
	m.vocab_only = flag(in, "vocab_only");
	p->lib.last[0] = '\0';
	p->model = p->lib.model_load_from_file(file, m);
	if (!p->model) {
		oae_fail(err, OAE_ERR_TARGET, 0, "%s: %s", file, p->lib.last);
		return;
	}
	p->vocab = p->lib.model_get_vocab(p->model);
	p->n_vocab = p->lib.vocab_n_tokens(p->vocab);
	if (!m.vocab_only)
		make_context(p, in, err);
	if (err->status)
		return;
	oae_jw_int(p->answer, "vocabulary", p->n_vocab);
	oae_jw_bool(p->answer, "add_bos", p->lib.vocab_get_add_bos(p->vocab));
	oae_jw_int(p->answer, "bytes", (int64_t)p->lib.model_size(p->model));
	oae_jw_int(p->answer, "ns", (int64_t)(oae_clock_ns() - start));
}

/* ---- tokens and text ---------------------------------------------------- */

void peer_answer_tokens(struct server *p, const int32_t *tokens, size_t n)
{
	oae_jw_arr(p->answer, "tokens");
	for (size_t i = 0; i < n; i++)
		oae_jw_int(p->answer, NULL, tokens[i]);
	oae_jw_end_arr(p->answer);
}

static void do_tokenize(struct server *p, const cJSON *in,
			struct oae_error *err)
{
	const char *file = oae_json_str_or(in, "file", NULL), *text = NULL;
	bool special = flag(in, "special"), add = flag(in, "add_special");
	struct oae_buf bytes;
	int32_t *tokens = NULL, n, len;

	oae_buf_init(&bytes, OAE_PROMPT_BYTES_MAX);
	if (!peer_loaded(p, false, err))
		return;
	if (file)
		oae_file_read(file, &bytes, err);
	else if (!oae_json_str(in, "text", &text, err))
		oae_buf_puts(&bytes, text);
	if (!err->status && !oae_buf_check(&bytes, "the text", err)) {
		len = (int32_t)bytes.len;
		tokens = calloc(bytes.len + 16, sizeof(*tokens));
		n = !tokens ?
			    -1 :
			    p->lib.tokenize(p->vocab, oae_buf_str(&bytes), len,
					    tokens, len + 16, add, special);
		if (n < 0)
			oae_fail(err, OAE_ERR_TARGET, 0, "llama_tokenize");
		else
			peer_answer_tokens(p, tokens, (size_t)n);
	}
	free(tokens);
	oae_buf_release(&bytes);
}

static void do_detokenize(struct server *p, const cJSON *in,
			  struct oae_error *err)
{
	char *text = malloc(OAE_PROMPT_BYTES_MAX);
	int32_t n = 0;

	if (text && peer_loaded(p, false, err)) {
		n = (int32_t)peer_take_tokens(p, in, BATCH_MAX, err);
		n = err->status ? 0 :
				  p->lib.detokenize(p->vocab, p->tokens, n,
						    text, OAE_PROMPT_BYTES_MAX,
						    false, flag(in, "special"));
	}
	if (!text || n < 0)
		oae_fail(err, OAE_ERR_TARGET, 0, "llama_detokenize");
	if (!err->status)
		oae_jw_strn(p->answer, "text", text, (size_t)n);
	free(text);
}
/* ---- the rest ----------------------------------------------------------- */

static void do_quantize(struct server *p, const cJSON *in,
			struct oae_error *err)
{
	struct llama_quantize_params q = p->lib.quantize_default_params();
	const char *from, *to, *type;

	if (oae_json_str(in, "file", &from, err) ||
	    oae_json_str(in, "out", &to, err) ||
	    oae_json_str(in, "type", &type, err))
		return;
	q.output_type = q.embedding_type = llama_type(type, &q.file_type);
	if (q.output_type < 0) {
		oae_fail(err, OAE_ERR_USAGE, 0, "type: %.20s is not known",
			 type);
		return;
	}
	q.threads = 1;
	q.pure = q.requantize = true;
	p->lib.last[0] = '\0';
	if (p->lib.quantize(from, to, &q))
		oae_fail(err, OAE_ERR_TARGET, 0, "llama_model_quantize: %s",
			 p->lib.last);
}

static void do_info(struct server *p, const cJSON *in, struct oae_error *err)
{
	(void)in;
	(void)err;
	oae_jw_str(p->answer, "release", p->lib.version());
	oae_jw_str(p->answer, "backend", p->lib.backend);
	oae_jw_str(p->answer, "system", p->lib.print_system_info());
}

static const struct verb {
	const char *name;
	void (*fn)(struct server *p, const cJSON *in, struct oae_error *err);
} verbs[] = {
	{ "load", do_load },	     { "context", do_context },
	{ "tokenize", do_tokenize }, { "detokenize", do_detokenize },
	{ "logits", peer_logits },   { "greedy", peer_greedy },
	{ "pp", peer_pp },	     { "tg", peer_tg },
	{ "batched", peer_batched }, { "quantize", do_quantize },
	{ "info", do_info },
};

static void obey(struct server *p, const char *line, size_t len,
		 struct oae_error *err)
{
	cJSON *in = NULL;
	const char *name;
	size_t i = 0;

	if (!oae_json_parse(line, len, &in, err) &&
	    !oae_json_str(in, "do", &name, err)) {
		while (i < sizeof(verbs) / sizeof(verbs[0]) &&
		       strcmp(verbs[i].name, name) != 0)
			i++;
		if (i < sizeof(verbs) / sizeof(verbs[0]))
			verbs[i].fn(p, in, err);
		else
			oae_fail(err, OAE_ERR_USAGE, 0, "do: no \"%.20s\"",
				 name);
	}
	cJSON_Delete(in);
}

static bool answer(struct server *p, const char *line, size_t len)
{
	struct oae_error err = { 0 };
	struct oae_buf out;
	struct oae_jw w;

	oae_buf_init(&out, OAE_LINE_BYTES_MAX);
	oae_jw_init(&w, &out, 0);
	/* cppcheck-suppress autoVariables ; until the end of this function */
	p->answer = &w;
	oae_jw_obj(&w, NULL);
	if (p->missing.status)
		err = p->missing;
	else
		obey(p, line, len, &err);
	oae_jw_bool(&w, "ok", !err.status);
	if (err.status)
		oae_jw_str(&w, "error", err.text);
	oae_jw_end_obj(&w);
	puts(oae_buf_check(&out, "the answer", &err) ?
		     "{\"ok\":false,\"error\":\"the answer is too long\"}" :
		     oae_buf_str(&out));
	oae_buf_release(&out);
	p->answer = NULL;
	return fflush(stdout) == 0;
}

static void drop_arrays(struct server *p)
{
	free(p->tokens);
	free(p->positions);
	free(p->ones);
	free(p->slot);
	free(p->slots);
	free(p->wanted);
}

static bool make_arrays(struct server *p)
{
	p->tokens = calloc(BATCH_MAX, sizeof(*p->tokens));
	p->positions = calloc(BATCH_MAX, sizeof(*p->positions));
	p->ones = calloc(BATCH_MAX, sizeof(*p->ones));
	p->slot = calloc(BATCH_MAX, sizeof(*p->slot));
	p->slots = calloc(BATCH_MAX, sizeof(*p->slots));
	p->wanted = calloc(BATCH_MAX, sizeof(*p->wanted));
	if (!p->tokens || !p->positions || !p->ones || !p->slot || !p->slots ||
	    !p->wanted)
		return false;
	for (size_t i = 0; i < BATCH_MAX; i++) {
		p->ones[i] = 1;
		p->slots[i] = &p->slot[i];
	}
	return true;
}

int main(int argc, char **argv)
{
	bool asked = argc == 2 && !strcmp(argv[1], "--help");
	struct oae_error err = { 0 };
	struct server p = { 0 };
	char *line;
	size_t len;

	if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
		fputs(help, asked ? stdout : stderr);
		return asked ? OAE_EXIT_OK : OAE_EXIT_USAGE;
	}
	line = malloc(OAE_LINE_BYTES_MAX);
	if (!line || !make_arrays(&p))
		oae_fail(&err, OAE_ERR_NOMEM, 0, "no memory");
	else
		llama_lib_open(&p.lib, argv[1], &p.missing);
	while (!err.status && fgets(line, OAE_LINE_BYTES_MAX, stdin)) {
		len = strcspn(line, "\n");
		if (!line[len] || !answer(&p, line, len))
			oae_fail(&err, OAE_ERR_IO, 0, "line too long, or gone");
	}
	drop_model(&p);
	drop_arrays(&p);
	free(line);
	if (err.status)
		return oae_die_code("llama-peer", &err);
	return p.missing.status ? OAE_EXIT_ERROR : OAE_EXIT_OK;
}
