/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions that mean the same in every engine: RFC 9485
 * (I-Regexp) without \p, found anywhere in a text unless ^ and $ anchor them.
 * Matching is bounded.
 */
#ifndef OAE_SCHEMA_PATTERN_H
#define OAE_SCHEMA_PATTERN_H

#include <stdbool.h>

#include "base/status.h"

struct oae_pattern;

/* OAE_ERR_FORMAT says what is wrong and at which byte. */
enum oae_status oae_pattern_compile(const char *text, struct oae_pattern **out,
				    struct oae_error *err);
/* OAE_ERR_LIMIT when it takes too many steps to tell. */
enum oae_status oae_pattern_match(const struct oae_pattern *p, const char *text,
				  bool *matches, struct oae_error *err);
/* A chain of patterns that are freed together. */
void oae_pattern_chain(struct oae_pattern *p, struct oae_pattern **chain);
void oae_pattern_free_chain(struct oae_pattern *chain);

#endif
