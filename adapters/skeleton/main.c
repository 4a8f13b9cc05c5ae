/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A complete adapter to copy: README.md beside it has the steps. It answers
 * every prompt with the same sentence, one word a step. Replace what is
 * marked CHANGE; the rest is what every adapter needs.
 *
 * The SDK (adapters/sdk/sdk.h) reads, checks and answers the protocol. It
 * calls the functions below from one thread: open once, then for each
 * request submit once and poll until oae_sdk_done(), and close at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "adapters/sdk/sdk.h"

/* CHANGE: your knobs, as in adapter.json: name, default, range. */
enum {
	KNOB_WORDS,
	N_KNOBS
};

static const struct oae_sdk_knob knobs_default[N_KNOBS] = {
	[KNOB_WORDS] = { .name = "words", .value = 4, .low = 1, .high = 4 },
};

static const char *const sentence[] = { "This", " is", " an", " echo." };

/* CHANGE: all that your system keeps between calls. No global variables. */
struct skeleton {
	struct oae_sdk *sdk;
	uint32_t words; /* of an answer */

	/* The one request in flight (max_in_flight is 1). */
	bool busy;
	uint64_t id;
	uint32_t at, end; /* next word, and where the answer ends */
	uint32_t tokens_in;
	enum oae_sdk_finish finish;
};

/*
 * Loads the system. Do all slow work here: what happens later is latency.
 * On failure return a status with a text "what: why; what to do": the
 * harness shows it to the user, and the process ends.
 */
static enum oae_status skeleton_open(struct oae_sdk *sdk,
				     const struct oae_sdk_hello *hello,
				     struct oae_sdk_ready *ready, void **self,
				     struct oae_error *err)
{
	struct oae_sdk_knob knobs[N_KNOBS];
	struct skeleton *sk;
	enum oae_status st;

	/* CHANGE: an adapter may have many systems; this one has one. */
	if (strcmp(hello->system, "fixed"))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"system %.64s: unknown; this adapter has fixed",
				hello->system);
	/* CHANGE: load this file instead of your model, if you can. */
	if (hello->synthetic)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"synthetic: fixed has no model to replace");
	memcpy(knobs, knobs_default, sizeof knobs);
	st = oae_sdk_knobs(hello, knobs, N_KNOBS, err);
	if (st)
		return st;
	sk = calloc(1, sizeof *sk);
	if (!sk)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	sk->sdk = sdk;
	sk->words = (uint32_t)knobs[KNOB_WORDS].value;

	/* What the results should keep: models, kernels, threads, knobs. */
	oae_sdk_knobs_write(ready->details, knobs, N_KNOBS);
	*self = sk;
	return OAE_OK;
}

/*
 * Takes a request in. The texts in it are gone after the call: copy what
 * you need. Return quickly; the work is done in poll(). A failure here ends
 * this request alone.
 */
static enum oae_status skeleton_submit(void *self,
				       const struct oae_sdk_request *r,
				       struct oae_error *err)
{
	struct skeleton *sk = self;
	bool cut = r->max_tokens < sk->words;

	(void)err;
	sk->busy = true;
	sk->id = r->id;
	sk->at = 0;
	/* ignore_eos is not looked at: a fixed sentence has no more words. */
	sk->end = cut ? r->max_tokens : sk->words;
	sk->finish = cut ? OAE_SDK_LENGTH : OAE_SDK_STOP;
	/* CHANGE: the number of tokens that your system made of r->prompt. */
	sk->tokens_in = (uint32_t)strlen(r->prompt);
	return OAE_OK;
}

static void finish(struct skeleton *sk, enum oae_sdk_finish how)
{
	struct oae_sdk_done done = {
		.finish = how,
		.tokens_in = sk->tokens_in,
	};

	sk->busy = false;
	oae_sdk_done(sk->sdk, sk->id, &done);
}

/*
 * One step, called again and again while a request is in flight: process
 * the prompt, or make one token. Between two steps the SDK looks for new
 * messages, so keep a step below some 100 ms.
 */
static enum oae_status skeleton_poll(void *self, struct oae_error *err)
{
	struct skeleton *sk = self;
	const char *text = sentence[sk->at++];

	(void)err;
	/* true: the SDK found one of the request's stop strings. */
	if (oae_sdk_token(sk->sdk, sk->id, text, strlen(text), 1))
		finish(sk, OAE_SDK_STOP);
	else if (sk->at == sk->end)
		finish(sk, sk->finish);
	return OAE_OK;
}

/* Only called for a request in flight. Drop its work and end it. */
static void skeleton_cancel(void *self, uint64_t id)
{
	struct skeleton *sk = self;

	if (sk->busy && sk->id == id)
		finish(sk, OAE_SDK_CANCELLED);
}

/* The end: free everything. Requests in flight are simply dropped. */
static void skeleton_close(void *self)
{
	free(self);
}

/*
 * CHANGE: the names. A member that is missing (.learn and .score here) is
 * answered with "unsupported" by the SDK.
 */
static const struct oae_adapter adapter = {
	.name = "skeleton",
	.version = "1.0.0",
	.open = skeleton_open,
	.submit = skeleton_submit,
	.poll = skeleton_poll,
	.cancel = skeleton_cancel,
	.close = skeleton_close,
};

int main(int argc, char **argv)
{
	return oae_adapter_main(argc, argv, &adapter);
}
