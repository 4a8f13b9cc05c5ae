/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run folder that may be published although its prompts and answers may
 * not (spec §16.5 to §16.7): every text is replaced by an HMAC under a key
 * that nobody keeps, with the verdict that the judge gave before.
 */
#ifndef OAE_HARNESS_REDACT_H
#define OAE_HARNESS_REDACT_H

#include "base/arena.h"
#include "base/hmac.h"
#include "base/json.h"
#include "base/status.h"

#define OAE_REDACTED_PREFIX "hmac-sha256:"
#define OAE_REDACTED_TEXT 80u /* bytes for one, with its end */

/* Original texts, to be looked for in what was made of them. */
struct oae_leak_text {
	const char *text; /* a part of it that JSON writes as it is */
	size_t len;	  /* at least OAE_LEAK_BYTES_MIN */
	const char *what; /* "answer of letters/letters-0001" */
	struct oae_leak_text *next;
};

/* Shorter texts stand by chance in any file: "yes", "42". */
#define OAE_LEAK_BYTES_MIN 12u
#define OAE_LEAK_SLOTS 65536u

struct oae_leaks {
	struct oae_arena arena;
	struct oae_leak_text **slot; /* OAE_LEAK_SLOTS, by the first bytes */
	size_t count;
};

enum oae_status oae_leaks_init(struct oae_leaks *l, struct oae_error *err);
void oae_leaks_release(struct oae_leaks *l);
enum oae_status oae_leaks_add(struct oae_leaks *l, const char *text,
			      const char *kind, const char *workload,
			      const char *item, struct oae_error *err);
/* OAE_ERR_CHECK naming file and text when a file below dir holds one. */
enum oae_status oae_leaks_scan(const struct oae_leaks *l, const char *dir,
			       struct oae_error *err);

struct oae_redaction {
	unsigned char key[OAE_HMAC_KEY_BYTES];
	const char *from, *to; /* folders */
	struct oae_leaks leaks;
	size_t texts; /* replaced */
};

/*
 * "hmac-sha256:HEX" of a text. What it is and whose goes into the hash, so
 * that equal texts of different questions cannot be told to be equal; those
 * of one question can, which losslessness needs. Remembers the text as one
 * that must not stand anywhere.
 */
enum oae_status oae_redact_text(struct oae_redaction *r, const char *kind,
				const char *workload, const char *item,
				const char *text, char out[OAE_REDACTED_TEXT],
				struct oae_error *err);
/*
 * Writes TO/inputs: workloads with their texts replaced, the rest as it is.
 * *inputs is {name: sha256} of what is there now, the caller's.
 */
enum oae_status oae_redact_inputs(struct oae_redaction *r, const cJSON *names,
				  cJSON **inputs, struct oae_error *err);
/* Writes TO/journal.jsonl, chained and sealed anew. */
enum oae_status oae_redact_journal(struct oae_redaction *r, const cJSON *inputs,
				   struct oae_error *err);

/*
 * All of it: TO is a new folder, with the same scores as FROM to the last
 * digit and no text of it. FROM must have its seal. When anything is wrong,
 * there is no TO.
 */
enum oae_status oae_redact_run(const char *from, const char *to, size_t *texts,
			       struct oae_error *err);

#endif
