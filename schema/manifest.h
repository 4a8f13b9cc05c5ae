/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adapter.json: what an adapter offers. One folder is one adapter, one
 * executable and one manifest. All strings point into the manifest's own
 * tree and live until oae_manifest_release().
 */
#ifndef OAE_SCHEMA_MANIFEST_H
#define OAE_SCHEMA_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/status.h"

#define OAE_MANIFEST_LIST_MAX 64u /* models, argv words, knobs, steps */

enum oae_knob_type {
	OAE_KNOB_INT,
	OAE_KNOB_NUMBER,
	OAE_KNOB_STRING,
	OAE_KNOB_BOOL,
	OAE_KNOB_CHOICE,
};

struct oae_knob {
	const char *name;
	const char *about; /* or NULL */
	enum oae_knob_type type;
	const cJSON *otherwise; /* the shipped default */
	double low, high;	/* int and number; -inf, inf if open */
	const cJSON *choices;	/* array of strings, or NULL */
	/* What a random search may try; schema/knob_space.h. */
	bool tuned;
	double tune_low, tune_high; /* of a number without tune_values */
	bool tune_log;
	const cJSON *tune_values; /* array, or NULL */
};

/* knob <= other (or >=); a number where other is NULL. */
struct oae_constraint {
	const struct oae_knob *knob, *other;
	double number;
	bool at_least;
};

struct oae_strings {
	const char *item[OAE_MANIFEST_LIST_MAX + 1]; /* NULL-terminated */
	size_t count;
};

struct oae_system_entry {
	const char *name, *title, *kind;
	const char *about;	   /* or NULL */
	const char *lossless_of;   /* another system's name, or NULL */
	const char *effort;	   /* ledger, relative to the folder; or NULL */
	struct oae_strings models; /* relative to the project's folder */
	struct oae_knob *knobs;
	size_t knob_count;
	struct oae_constraint *constraints; /* between knobs */
	size_t constraint_count;
};

enum oae_setup_kind {
	OAE_SETUP_COMMAND,  /* argv */
	OAE_SETUP_PACKAGES, /* Debian packages that must be there */
	OAE_SETUP_PATCH,    /* an edit that somebody makes by hand */
};

/* One step from a clean copy of the sources to the first answer. */
struct oae_setup_step {
	enum oae_setup_kind kind;
	struct oae_strings argv;     /* with {build}, {home}, {adapter} */
	struct oae_strings packages; /* Debian names */
	/* Unified diff: it, and the paths in it, are below the adapter's
	 * folder; applied with -p1. */
	const char *patch;
	const char *about;	 /* or NULL */
	bool network;		 /* it needs one: else it is run without */
	struct oae_strings sets; /* knobs that it sets, by name */
	uint32_t limit_s;	 /* 0: the tool's own */
};

struct oae_manifest {
	cJSON *tree;
	const char *name, *version, *title, *licence;
	struct oae_strings command; /* with {build}, {home}, {adapter} */
	struct oae_strings models;
	struct oae_system_entry *systems;
	size_t system_count;
	/* What a clean copy is made of, relative to the project's folder;
	 * empty: all that is under version control. */
	struct oae_strings materials;
	struct oae_setup_step *setup;
	size_t setup_count;
	const char *first_prompt; /* that set-up asks at its end; or NULL */
	bool first_network;	  /* answering needs a network */
	/* Command that makes a file of random weights; may be empty. */
	struct oae_strings synth;
};

/* Reads and checks DIR/adapter.json. Release also after a failure. */
enum oae_status oae_manifest_read(const char *dir, struct oae_manifest *m,
				  struct oae_error *err);
void oae_manifest_release(struct oae_manifest *m);

/* "command", "packages", "patch"; -1 for another name. */
const char *oae_setup_kind_name(enum oae_setup_kind kind);
int oae_setup_kind_parse(const char *name);
/*
 * One step of a "setup" list; also of a transcript, whose steps have the same
 * members. Strings stay the object's.
 */
enum oae_status oae_setup_step_read(const cJSON *obj, struct oae_setup_step *s,
				    struct oae_error *err);
/* Its members but "about", in an object that is open. */
void oae_setup_step_write(struct oae_jw *w, const struct oae_setup_step *s);

/* NULL when the adapter has no such system, the system no such knob. */
const struct oae_system_entry *oae_manifest_system(const struct oae_manifest *m,
						   const char *name);
const struct oae_knob *oae_system_knob(const struct oae_system_entry *s,
				       const char *name);

/*
 * Writes the member `knob name: value` for the text that a user gave, or
 * for the default when text is NULL. OAE_ERR_USAGE when the text is no
 * value of the knob's type or out of its bounds.
 */
enum oae_status oae_knob_write(const struct oae_knob *k, const char *text,
			       struct oae_jw *w, struct oae_error *err);

/*
 * All knobs of a system as an object: "a=1,b=2" (NULL: none; cut in place)
 * given by a user, the shipped defaults for the rest. The caller frees *out.
 * *set: how many were given.
 */
enum oae_status oae_knobs_read(const struct oae_system_entry *s, char *text,
			       cJSON **out, size_t *set, struct oae_error *err);

/*
 * The word with {build}, {home} and {adapter} replaced by the given
 * folders, into out.
 */
enum oae_status oae_manifest_expand(const char *word, const char *build,
				    const char *home, const char *adapter,
				    char *out, size_t out_size,
				    struct oae_error *err);

#endif
