/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For authors of adapters in C: fill in a struct oae_adapter, call
 * oae_adapter_main() from main(). The SDK reads, checks and answers the
 * protocol (adapters/PROTOCOL.md); the adapter only does its work, one step
 * at a time. Nothing here is thread-safe: call it from the thread that
 * called you. adapters/skeleton/ is a complete example to copy.
 *
 * While a system runs, the process's own stdout is its stderr and its own
 * stdin is /dev/null, so that a stray printf() cannot break the protocol.
 */
#ifndef OAE_ADAPTERS_SDK_SDK_H
#define OAE_ADAPTERS_SDK_SDK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/sdk/protocol.h"
#include "base/json.h"
#include "base/status.h"
#include "schema/drafting.h"

struct oae_sdk; /* the connection; handed to open() */

/* A "hello". Everything is valid only during the call of open(). */
struct oae_sdk_hello {
	const char *system; /* its name in adapter.json */
	const cJSON *knobs; /* an object, or NULL: read by oae_sdk_knobs() */
	const char *home;   /* the project's data folder; "" when not sent */
	uint64_t seed;
	const char *synthetic; /* path of a model to use instead; or NULL */
};

enum {
	OAE_VERB_SUBMIT = 1,
	OAE_VERB_LEARN = 2,
	OAE_VERB_SCORE = 4,
};

/* What "ready" says. open() may change what stands in it. */
struct oae_sdk_ready {
	uint32_t max_in_flight; /* preset to 1 */
	unsigned verbs;		/* preset to what the vtable has */
	struct oae_jw *details; /* inside an object: add members freely */
};

/* A "submit". Texts are valid only during the call: copy what you keep. */
struct oae_sdk_request {
	uint64_t id;
	const char *prompt;
	uint32_t max_tokens; /* >= 1 */
	double temperature;  /* 0: greedy */
	uint32_t top_k;	     /* 0: all */
	uint64_t seed;
	bool ignore_eos; /* go on to max_tokens */
	/*
	 * Where the answer ends. oae_sdk_token() looks for these itself and
	 * returns true once one was found; an adapter may ignore them here.
	 */
	const char *const *stop;
	size_t n_stop;
};

/* A "score": how likely is continuation after prompt? */
struct oae_sdk_score {
	uint64_t id;
	const char *prompt, *continuation;
};

/* A "learn". items is an array of objects, valid only during the call. */
struct oae_sdk_learn {
	uint64_t id;
	const char *kind; /* OAE_LEARN_DOCUMENTS or OAE_LEARN_EXAMPLES */
	const cJSON *items;
};

enum oae_sdk_finish {
	OAE_SDK_STOP,
	OAE_SDK_LENGTH,
	OAE_SDK_CANCELLED,
};

/* How an answer ended. tokens_out is what oae_sdk_token() was told. */
struct oae_sdk_done {
	enum oae_sdk_finish finish;
	uint32_t tokens_in;
	uint32_t drafted, accepted; /* 0 without speculation */
	uint32_t reused; /* of tokens_in: found in a cache, not computed */
	struct oae_drafting drafting; /* what speculation took, if known */
};

/*
 * One adapter. Members that are NULL make their verb "unsupported"; open,
 * poll, cancel and close are required. A failing open() ends the process;
 * a failing submit, learn or score ends that request with an "error" whose
 * code follows the status (UNSUPPORTED, USAGE or FORMAT: bad_request,
 * LIMIT, TARGET: model, others: internal); a failing poll() ends the process.
 */
struct oae_adapter {
	const char *name, *version;
	/* Loads everything: what is not ready here is not set-up time. */
	enum oae_status (*open)(struct oae_sdk *sdk,
				const struct oae_sdk_hello *hello,
				struct oae_sdk_ready *ready, void **self,
				struct oae_error *err);
	/* Takes work in; answers may be sent at once or from poll(). */
	enum oae_status (*submit)(void *self,
				  const struct oae_sdk_request *request,
				  struct oae_error *err);
	enum oae_status (*learn)(void *self, const struct oae_sdk_learn *learn,
				 struct oae_error *err);
	enum oae_status (*score)(void *self, const struct oae_sdk_score *score,
				 struct oae_error *err);
	/*
	 * One step of work (a token, a speculative round, a training step):
	 * called again and again while a request is in flight. New messages
	 * are read between steps, so a step should be short.
	 */
	enum oae_status (*poll)(void *self, struct oae_error *err);
	/* Ends a request that is in flight with oae_sdk_done(CANCELLED). */
	void (*cancel)(void *self, uint64_t id);
	void (*close)(void *self);
};

/*
 * The whole program: returns the exit code. argv may hold --help or
 * --version. 0 after "close" or the end of stdin, 1 after a failure, 64
 * for other arguments.
 */
int oae_adapter_main(int argc, char **argv, const struct oae_adapter *adapter);

/*
 * n new tokens of an answer, with the text that they add (len bytes, which
 * may be 0 and may end inside a UTF-8 character: the SDK waits for the rest).
 * Stamped at this call. Returns true when a stop string of the request was
 * found: nothing behind it is sent, and the adapter should call
 * oae_sdk_done(OAE_SDK_STOP) next.
 */
bool oae_sdk_token(struct oae_sdk *sdk, uint64_t id, const char *text,
		   size_t len, uint32_t n);
/* Each of these ends the request `id`, which must be in flight. */
void oae_sdk_done(struct oae_sdk *sdk, uint64_t id,
		  const struct oae_sdk_done *done);
/* logprob: natural logarithm, summed over the continuation's tokens. */
void oae_sdk_scored(struct oae_sdk *sdk, uint64_t id, double logprob,
		    uint32_t tokens);
/*
 * artefact names what was made by its content (a hash), so that it is
 * charged once, or is NULL; bytes is its size.
 */
void oae_sdk_learned(struct oae_sdk *sdk, uint64_t id, uint32_t items,
		     const char *artefact, uint64_t bytes);
void oae_sdk_fail(struct oae_sdk *sdk, uint64_t id,
		  const struct oae_error *err);

/* One knob of a system; the same names and values as in adapter.json. */
struct oae_sdk_knob {
	const char *name;
	int64_t value, low, high;   /* whole numbers: default and range */
	const char *const *choices; /* or names, NULL last; value: index */
};

/*
 * Reads hello->knobs into knobs[].value. A knob that is not in the list, of
 * another type or out of its range is OAE_ERR_USAGE naming it.
 */
enum oae_status oae_sdk_knobs(const struct oae_sdk_hello *hello,
			      struct oae_sdk_knob *knobs, size_t n,
			      struct oae_error *err);
/* Writes the resolved values as a member "knobs" of ready->details. */
void oae_sdk_knobs_write(struct oae_jw *details,
			 const struct oae_sdk_knob *knobs, size_t n);

#endif
