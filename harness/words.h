/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands share: words, people's answers, the terminal. */
#ifndef OAE_HARNESS_WORDS_H
#define OAE_HARNESS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * The value of option `name` at argv[*i], "--name V" (then *i goes on to V) or
 * "--name=V"; NULL when it is another word, or no value follows.
 */
const char *oae_word_value(const char *name, int argc, char **argv, int *i);

/* A whole number from low to high; OAE_ERR_USAGE names the option. */
enum oae_status oae_word_number(const char *option, const char *text,
				uint64_t low, uint64_t high, uint64_t *out,
				struct oae_error *err);

/*
 * A line of standard input without blanks and newline at its end; false at the
 * end of input. *cut: it did not fit into size bytes.
 */
bool oae_answer_read(char *out, size_t size, bool *cut);

/* Of the terminal on standard output, when it has at least 60. */
int oae_terminal_columns(int otherwise);

#endif
