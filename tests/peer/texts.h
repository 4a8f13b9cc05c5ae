/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that tokenizers stumble over, from a seed: words and contractions,
 * figures, all kinds of white space, scripts and marks, joined emoji, code,
 * names of control tokens, any code point, and bytes that are no UTF-8.
 */
#ifndef OAE_TESTS_PEER_TEXTS_H
#define OAE_TESTS_PEER_TEXTS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/rng.h"

/* Appends about `parts` fragments; broken: some are no UTF-8. */
void texts_make(struct oae_rng *rng, size_t parts, bool broken,
		struct oae_buf *out);

#endif
