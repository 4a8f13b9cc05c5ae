/* SPDX-License-Identifier: Apache-2.0 */
/* The rooms of a set-up: its place, what is in it, a step, the first token. */
#ifndef OAE_HARNESS_SETUP_INTERNAL_H
#define OAE_HARNESS_SETUP_INTERNAL_H

#include "base/spawn.h"
#include "harness/setup.h"

/* ---- setup_place.c ---------------------------------------------------- */

enum oae_status oae_place_make(struct oae_setup *s, struct oae_error *err);
/* Copies the bill of materials and writes its line. */
enum oae_status oae_place_fill(struct oae_setup *s, struct oae_error *err);
/* Removes a folder and all in it, on its own file system, links unfollowed. */
void oae_place_remove(const char *dir);

/* ---- setup_files.c ---------------------------------------------------- */

struct oae_shot_file {
	char *path; /* below the folder */
	uint64_t bytes, inode;
	int64_t changed_ns; /* the later of mtime and ctime */
};

/* All regular files below a folder, by path; blocks of everything there. */
struct oae_shot {
	struct oae_shot_file *file;
	size_t count, alloc;
	uint64_t disk_bytes; /* st_blocks; a hard link counts once */
};

enum oae_status oae_shot_take(const char *dir, struct oae_shot *out,
			      struct oae_error *err);
void oae_shot_release(struct oae_shot *s);
/* The "files" member: what a step made, changed and removed. */
enum oae_status oae_shot_write(struct oae_jw *w, const char *dir,
			       const struct oae_shot *before,
			       const struct oae_shot *after,
			       const char *unlisted, struct oae_error *err);

/* ---- setup_count.c ---------------------------------------------------- */

/* Bytes over all interfaces but lo so far; false when nobody knows. */
bool oae_count_network(uint64_t *bytes);
/* Installed packages of a dpkg below root ("" or a folder); NAN: no dpkg. */
double oae_count_packages(const char *root);
/* The first of names that is not installed, or NULL. *known: is there dpkg? */
const char *oae_package_missing(const char *root,
				const struct oae_strings *names, bool *known);
/* Files and lines that a unified diff changes. */
enum oae_status oae_count_patch(const char *path, uint64_t *files,
				uint64_t *lines, struct oae_error *err);

/* ---- setup_step.c ----------------------------------------------------- */

#define OAE_SETUP_ENV_MAX 16
struct oae_setup_env {
	char memory[OAE_SETUP_ENV_MAX][OAE_PATH_BYTES_MAX];
	const char *item[OAE_SETUP_ENV_MAX + 1];
	const char *writable[2];
	struct oae_confine confine;
};

/* The surroundings of a child: environment, root, network, folders. */
void oae_setup_env_make(const struct oae_setup *s, bool network,
			struct oae_setup_env *out);
/* A word with its placeholders as seen from inside. */
enum oae_status oae_setup_expand(const struct oae_setup *s, const char *word,
				 char *out, size_t size, struct oae_error *err);
/* The difference of interface counters, or 0 where there was no network. */
struct oae_amount oae_setup_network(const struct oae_setup *s, bool network,
				    bool known, uint64_t before);
/* Runs step i and writes its line. Sets s->failed. */
enum oae_status oae_setup_step_run(struct oae_setup *s, size_t i,
				   struct oae_error *err);

/* ---- setup_first.c ---------------------------------------------------- */

/* Starts the adapter, asks one item, writes the "first" line. */
enum oae_status oae_setup_first(struct oae_setup *s, struct oae_error *err);

#endif
