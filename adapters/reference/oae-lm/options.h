/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command-line options, declared once in a table that parses them and prints
 * their help. Also what all commands do at their end.
 */
#ifndef OAE_REFERENCE_OAE_LM_OPTIONS_H
#define OAE_REFERENCE_OAE_LM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"

#define OAE_LM_LIST_MAX 16u

struct oae_lm_list {
	const char *items[OAE_LM_LIST_MAX];
	size_t n;
};

/* One of flag, text, list, whole and real is where its value goes. */
struct oae_lm_option {
	char letter;	   /* 0: only the long name */
	const char *name;  /* without dashes */
	const char *value; /* what stands for it in the help; flags: NULL */
	const char *help;
	bool *flag;
	const char **text;
	struct oae_lm_list *list; /* may be repeated */
	uint64_t *whole;
	double *real;
	double low, high; /* of whole and real, inclusive */
};

struct oae_lm_command {
	const char *name;
	const char *usage; /* "oae-lm info MODEL [options]" */
	const char *about; /* paragraphs before the options */
	const char *more;  /* examples and notes after them */
	const struct oae_lm_option *options;
	size_t n_options;
	size_t least, most; /* arguments that are not options */
};

/*
 * True to go on; false when the command is over with *code (help was printed,
 * or the usage is wrong and was explained). words receives what is not an
 * option.
 */
bool oae_lm_parse(const struct oae_lm_command *c, int argc, char **argv,
		  const char **words, int *code);
/* Takes a text, or what a file holds ("-": stdin), whichever is given. */
enum oae_status oae_lm_prompt(const char *text, const char *file,
			      struct oae_buf *out, struct oae_error *err);
/* Says what went wrong, or checks that stdout took everything. */
int oae_lm_end(const char *command, const struct oae_error *err);
/* Prints and frees the text of a buffer; its failure goes into err. */
void oae_lm_print(struct oae_buf *b, struct oae_error *err);
/* The processors that this process may use, at most OAE_THREADS_MAX. */
uint64_t oae_lm_threads(void);

#endif
