/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/compare_sides.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/spawn.h"
#include "schema/manifest.h"

#define GIT_MS 120000
#define OUTPUT_BYTES_MAX (1u << 20)
#define LAST_WORDS 300 /* bytes of a failed build's output in the message */
#define WAIT_MS 200

/* ---- git ---------------------------------------------------------------- */

/* One line of a git command's output, without its end. */
static enum oae_status git_line(const char *const *argv, const char *dir,
				char *out, size_t size, struct oae_error *err)
{
	struct oae_buf text;
	enum oae_status status;

	oae_buf_init(&text, OUTPUT_BYTES_MAX);
	status = oae_run_command(argv, dir, GIT_MS, &text, err);
	if (!status &&
	    snprintf(out, size, "%.*s", (int)strcspn(oae_buf_str(&text), "\n"),
		     oae_buf_str(&text)) >= (int)size)
		status = oae_fail(err, OAE_ERR_LIMIT, 0, "git: a long line");
	oae_buf_release(&text);
	return status;
}

/* "abc123..-dirty" where the folder is in a repository; else "". */
static void describe(const char *dir, char *out, size_t size)
{
	const char *argv[] = { "git",	  "describe",	 "--always",
			       "--dirty", "--abbrev=40", "--exclude=*",
			       NULL };
	struct oae_error ignored = { OAE_OK, 0, "" };

	if (git_line(argv, dir, out, size, &ignored))
		out[0] = '\0';
}

static enum oae_status find_revision(const char *word, struct oae_side *side,
				     struct oae_error *err)
{
	char spec[OAE_NAME_BYTES_MAX + 16];
	const char *top[] = { "git", "rev-parse", "--show-toplevel", NULL };
	const char *commit[] = { "git",	    "rev-parse",	"--verify",
				 "--quiet", "--end-of-options", spec,
				 NULL };
	struct oae_error ignored = { OAE_OK, 0, "" };

	side->missing = true;
	if (snprintf(spec, sizeof(spec), "%s^{commit}", word) >=
	    (int)sizeof(spec))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%.60s...: no folder, and too long for a"
				" revision",
				word);
	if (git_line(top, NULL, side->top, sizeof(side->top), &ignored)) {
		side->top[0] = '\0';
		return oae_fail(
			err, OAE_ERR_USAGE, 0,
			"%.200s: no such folder, and no revision: %.200s", word,
			ignored.text);
	}
	if (git_line(commit, NULL, side->revision, sizeof(side->revision),
		     &ignored))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s: neither a folder nor a revision of %s (a"
				" shallow clone lacks older ones: git fetch"
				" --unshallow, or fetch-depth: 0)",
				word, side->top);
	side->missing = false;
	return OAE_OK;
}

/* ---- folders ------------------------------------------------------------ */

static bool holds(const char *dir, const char *name)
{
	char path[2 * OAE_PATH_BYTES_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return oae_file_exists(path);
}

static enum oae_status adapter_below(const char *tree, const char *adapter,
				     struct oae_side *side,
				     struct oae_error *err)
{
	enum oae_status status = oae_path_join(
		side->adapter, sizeof(side->adapter), tree, adapter, err);

	if (!status && !holds(side->adapter, "adapter.json"))
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%s: no adapter.json in %s; --adapter PATH"
				  " says where in the tree it is",
				  tree, adapter);
	return status;
}

/* A build folder: the nearest parent that holds the adapter is its tree. */
static bool tree_above(const char *build, const char *adapter,
		       struct oae_side *side)
{
	struct oae_error ignored = { OAE_OK, 0, "" };
	char at[OAE_PATH_BYTES_MAX], *slash;

	(void)snprintf(at, sizeof(at), "%s", build);
	for (slash = strrchr(at, '/'); slash && slash != at;
	     slash = strrchr(at, '/')) {
		*slash = '\0';
		if (adapter_below(at, adapter, side, &ignored) == OAE_OK) {
			(void)snprintf(side->programs, sizeof(side->programs),
				       "%s", build);
			return true;
		}
	}
	return false;
}

static enum oae_status find_folder(const struct oae_side_how *how,
				   const char *word, struct oae_side *side,
				   struct oae_error *err)
{
	char *dir = realpath(word, NULL);
	enum oae_status status = OAE_OK;
	struct oae_error why = { OAE_OK, 0, "" };

	if (!dir)
		return oae_fail(err, OAE_ERR_IO, errno, "%s", word);
	if (strlen(dir) >= OAE_PATH_BYTES_MAX / 2)
		status = oae_fail(err, OAE_ERR_LIMIT, 0, "%s: path too long",
				  word);
	else if (holds(dir, "adapter.json"))
		(void)snprintf(side->adapter, sizeof(side->adapter), "%s", dir);
	else if (adapter_below(dir, how->adapter, side, &why) != OAE_OK &&
		 !tree_above(dir, how->adapter, side))
		status = oae_fail(err, OAE_ERR_USAGE, 0, "%s", why.text);
	if (!status)
		describe(dir, side->revision, sizeof(side->revision));
	free(dir);
	return status;
}

enum oae_status oae_side_find(const struct oae_side_how *how, const char *word,
			      struct oae_side *side, struct oae_error *err)
{
	memset(side, 0, sizeof(*side));
	side->word = word;
	return oae_dir_exists(word) ? find_folder(how, word, side, err) :
				      find_revision(word, side, err);
}

/* ---- building ----------------------------------------------------------- */

static void last_words(const char *log, char out[LAST_WORDS + 1])
{
	FILE *f = fopen(log, "re");
	size_t n;

	out[0] = '\0';
	if (!f)
		return;
	if (fseek(f, -LAST_WORDS, SEEK_END) != 0)
		rewind(f);
	n = fread(out, 1, LAST_WORDS, f);
	out[n] = '\0';
	while (n && (out[n - 1] == '\n' || out[n - 1] == ' '))
		out[--n] = '\0';
	for (char *c = out; *c; c++)
		if (*c == '\n' || *c == '\t' || *c == '\r')
			*c = ' ';
	(void)fclose(f);
}

/* Waits for the child, the time limit or the user. */
static enum oae_status wait_for(struct oae_child *c,
				const struct oae_side_how *how, const char *log,
				struct oae_error *err)
{
	uint64_t end = oae_clock_ns() + how->build_s * 1000000000ull;
	char words[LAST_WORDS + 1], how_it_ended[OAE_NAME_BYTES_MAX];

	while (!oae_child_wait(c, WAIT_MS)) {
		if (*how->stop || oae_clock_ns() > end) {
			oae_child_kill(c, 2000);
			return *how->stop ?
				       oae_fail(err, OAE_ERR_TARGET, 0,
						"interrupted while building") :
				       oae_fail(err, OAE_ERR_TARGET, 0,
						"building took longer than %u"
						" s; --build-limit S allows"
						" more",
						how->build_s);
		}
	}
	if (c->wait_status == 0)
		return OAE_OK;
	oae_child_describe(c, how_it_ended, sizeof(how_it_ended));
	last_words(log, words);
	return oae_fail(err, OAE_ERR_TARGET, 0, "building failed with %s: %s",
			how_it_ended, words);
}

/* Runs a command in the worktree; both its outputs go to the log. */
static enum oae_status run_step(const struct oae_side_how *how,
				const char *const *words, const char *dir,
				const char *log, struct oae_error *err)
{
	static const char script[] =
		"exec >>\"$0\" 2>&1 </dev/null; exec \"$@\"";
	const char *argv[OAE_MANIFEST_LIST_MAX + 8] = { "/bin/sh", "-c", script,
							log };
	struct oae_spawn spawn = { .argv = argv, .dir = dir };
	struct oae_child child;
	enum oae_status status;

	for (size_t i = 0; words[i]; i++)
		argv[4 + i] = words[i];
	status = oae_child_spawn(&child, &spawn, err);
	if (status)
		return status;
	status = wait_for(&child, how, log, err);
	oae_child_release(&child);
	return status;
}

/* The set-up steps that the adapter's manifest names. */
static enum oae_status run_setup(const struct oae_side_how *how,
				 const struct oae_side *side, const char *log,
				 struct oae_error *err)
{
	char build[OAE_PATH_BYTES_MAX + 8];
	struct oae_manifest m = { .tree = NULL };
	const char *words[OAE_MANIFEST_LIST_MAX + 1];
	char(*text)[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	text = calloc(OAE_MANIFEST_LIST_MAX, sizeof(*text));
	if (!text)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "building");
	(void)snprintf(build, sizeof(build), "%s/build", side->worktree);
	status = oae_manifest_read(side->adapter, &m, err);
	for (size_t i = 0; i < m.setup_count && !status; i++) {
		const struct oae_strings *argv = &m.setup[i].argv;
		size_t k;

		for (k = 0; k < argv->count && !status; k++) {
			status = oae_manifest_expand(argv->item[k], build,
						     side->worktree,
						     side->adapter, text[k],
						     sizeof(text[k]), err);
			words[k] = text[k];
		}
		words[k] = NULL;
		if (!status)
			status = run_step(how, words, side->worktree, log, err);
	}
	oae_manifest_release(&m);
	free(text);
	return status;
}

static enum oae_status check_out(struct oae_side *side, const char *temporary,
				 const char *name, struct oae_error *err)
{
	const char *argv[] = { "git",	       "worktree", "add",
			       "--detach",     "--quiet",  side->worktree,
			       side->revision, NULL };
	enum oae_status status;

	status = oae_path_join(side->worktree, sizeof(side->worktree),
			       temporary, name, err);
	if (!status)
		status = oae_run_command(argv, side->top, GIT_MS, NULL, err);
	if (status)
		side->worktree[0] = '\0';
	return status;
}

enum oae_status oae_side_build(const struct oae_side_how *how,
			       const char *temporary, const char *name,
			       struct oae_side *side, struct oae_error *err)
{
	const char *shell[] = { "/bin/sh", "-c", how->build, NULL };
	char log[OAE_PATH_BYTES_MAX + 8];
	enum oae_status status;

	if (!side->top[0])
		return OAE_OK;
	status = check_out(side, temporary, name, err);
	if (!status)
		status = adapter_below(side->worktree, how->adapter, side, err);
	(void)snprintf(log, sizeof(log), "%s.log", side->worktree);
	if (!status)
		status = how->build ? run_step(how, shell, side->worktree, log,
					       err) :
				      run_setup(how, side, log, err);
	if (!status) {
		status = oae_path_join(side->programs, sizeof(side->programs),
				       side->worktree, "build", err);
		if (!status && !oae_dir_exists(side->programs))
			side->programs[0] = '\0';
	}
	if (status)
		oae_error_prefix(err, "%.60s", side->word);
	(void)unlink(log);
	return status;
}

void oae_side_release(struct oae_side *side)
{
	const char *argv[] = { "git",	  "worktree",	  "remove",
			       "--force", side->worktree, NULL };
	struct oae_error ignored = { OAE_OK, 0, "" };

	if (side->worktree[0])
		(void)oae_run_command(argv, side->top, GIT_MS, NULL, &ignored);
	side->worktree[0] = '\0';
}
