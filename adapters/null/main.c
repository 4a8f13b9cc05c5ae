/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The null adapter: answers at once with the words of the prompt. It has no
 * model and costs next to nothing, so that what is measured with it is the
 * harness itself. Its system "echo" has two knobs: `tokens` (answer with so
 * many words, going round the prompt's; 0: the prompt's own number) and
 * `delay_us` (so long before each of them).
 */
#include <stdlib.h>
#include <string.h>

#include "adapters/sdk/sdk.h"
#include "base/clock.h"

#define IN_FLIGHT 1024 /* as many as the protocol allows */
/* The longest sleep: new requests are looked for between two of them. */
#define NAP_NS 500000u
#define BLANKS " \t\r\n"

enum {
	KNOB_TOKENS,
	KNOB_DELAY_US,
	N_KNOBS
};

static const struct oae_sdk_knob knobs_default[N_KNOBS] = {
	[KNOB_TOKENS] = { .name = "tokens",
			  .value = 0,
			  .low = 0,
			  .high = OAE_TOKENS_PER_ANSWER_MAX },
	[KNOB_DELAY_US] = { .name = "delay_us",
			    .value = 0,
			    .low = 0,
			    .high = 1000000 },
};

struct answer {
	uint64_t id;
	char *words; /* " " and the prompt; NULL: free slot */
	bool begun;
	const char *next; /* where the next word is looked for */
	uint32_t left, tokens_in;
	bool cut; /* by max_tokens */
	uint64_t due_ns;
};

struct null {
	struct oae_sdk *sdk;
	uint32_t tokens;
	uint64_t delay_ns;
	struct answer answers[IN_FLIGHT];
	size_t top; /* those from here on are free */
};

static uint32_t words_count(const char *s)
{
	uint32_t n = 0;

	for (s += strspn(s, BLANKS); *s; s += strspn(s, BLANKS)) {
		s += strcspn(s, BLANKS);
		n++;
	}
	return n;
}

static enum oae_status null_open(struct oae_sdk *sdk,
				 const struct oae_sdk_hello *hello,
				 struct oae_sdk_ready *ready, void **self,
				 struct oae_error *err)
{
	struct oae_sdk_knob knobs[N_KNOBS];
	struct null *null;
	enum oae_status st;

	if (strcmp(hello->system, "echo"))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"system %.64s: unknown; this adapter has echo",
				hello->system);
	if (hello->synthetic)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"synthetic: echo has no model to replace");
	memcpy(knobs, knobs_default, sizeof knobs);
	st = oae_sdk_knobs(hello, knobs, N_KNOBS, err);
	if (st)
		return st;
	null = calloc(1, sizeof *null);
	if (!null)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	null->sdk = sdk;
	null->tokens = (uint32_t)knobs[KNOB_TOKENS].value;
	null->delay_ns = (uint64_t)knobs[KNOB_DELAY_US].value * 1000;
	ready->max_in_flight = IN_FLIGHT;
	oae_sdk_knobs_write(ready->details, knobs, N_KNOBS);
	*self = null;
	return OAE_OK;
}

static void answer_end(struct null *null, struct answer *a,
		       enum oae_sdk_finish finish)
{
	struct oae_sdk_done done = {
		.finish = finish,
		.tokens_in = a->tokens_in,
	};

	free(a->words);
	a->words = NULL;
	while (null->top > 0 && !null->answers[null->top - 1].words)
		null->top--;
	oae_sdk_done(null->sdk, a->id, &done);
}

/* The text behind one blank, and every blank in it a space. */
static char *words_copy(const char *text)
{
	size_t len = strlen(text), i;
	char *copy = malloc(len + 2);

	if (!copy)
		return NULL;
	copy[0] = ' ';
	for (i = 0; i <= len; i++)
		copy[i + 1] = text[i] && strchr(BLANKS, text[i]) ? ' ' :
								   text[i];
	return copy;
}

static enum oae_status null_submit(void *self, const struct oae_sdk_request *r,
				   struct oae_error *err)
{
	struct null *null = self;
	struct answer *a = null->answers;

	while (a->words)
		a++; /* the SDK admits at most IN_FLIGHT */
	*a = (struct answer){ .id = r->id };
	a->tokens_in = words_count(r->prompt);
	a->words = words_copy(a->tokens_in > 0 ? r->prompt : "-");
	if (!a->words)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	if (null->top <= (size_t)(a - null->answers))
		null->top = (size_t)(a - null->answers) + 1;
	a->next = a->words;
	a->left = null->tokens > 0 ? null->tokens : words_count(a->words);
	if (r->ignore_eos || a->left > r->max_tokens) {
		a->left = r->max_tokens;
		a->cut = true;
	}
	a->due_ns = oae_clock_ns() + null->delay_ns;
	return OAE_OK;
}

/* One word of the answer that is due next. */
static enum oae_status null_poll(void *self, struct oae_error *err)
{
	struct null *null = self;
	struct answer *a = NULL;
	const char *word;
	uint64_t now;
	size_t len, i;

	(void)err;
	for (i = 0; i < null->top; i++) {
		struct answer *b = &null->answers[i];

		if (b->words && (!a || b->due_ns < a->due_ns))
			a = b;
	}
	if (!a)
		return OAE_OK;
	if (null->delay_ns > 0) {
		now = oae_clock_ns();
		if (a->due_ns > now + NAP_NS) {
			oae_clock_sleep_until(now + NAP_NS);
			return OAE_OK;
		}
		oae_clock_sleep_until(a->due_ns);
	}
	word = a->next + strspn(a->next, BLANKS);
	if (!*word)
		word = a->words + strspn(a->words, BLANKS);
	len = strcspn(word, BLANKS);
	a->next = word + len;
	if (a->begun) { /* the blank before it belongs to it */
		word--;
		len++;
	}
	a->begun = true;
	if (oae_sdk_token(null->sdk, a->id, word, len, 1))
		answer_end(null, a, OAE_SDK_STOP);
	else if (--a->left == 0)
		answer_end(null, a, a->cut ? OAE_SDK_LENGTH : OAE_SDK_STOP);
	else
		a->due_ns += null->delay_ns;
	return OAE_OK;
}

static void null_cancel(void *self, uint64_t id)
{
	struct null *null = self;
	size_t i;

	for (i = 0; i < null->top; i++)
		if (null->answers[i].words && null->answers[i].id == id)
			answer_end(null, &null->answers[i], OAE_SDK_CANCELLED);
}

static void null_close(void *self)
{
	struct null *null = self;
	size_t i;

	for (i = 0; i < IN_FLIGHT; i++)
		free(null->answers[i].words);
	free(null);
}

static const struct oae_adapter adapter = {
	.name = "null",
	.version = "1.0.0",
	.open = null_open,
	.submit = null_submit,
	.poll = null_poll,
	.cancel = null_cancel,
	.close = null_close,
};

int main(int argc, char **argv)
{
	return oae_adapter_main(argc, argv, &adapter);
}
