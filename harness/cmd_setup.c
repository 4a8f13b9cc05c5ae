/* SPDX-License-Identifier: Apache-2.0 */
/* `oae setup`: an adapter's set-up steps, in a clean place, recorded. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "harness/cmd_setup_text.h"
#include "harness/commands.h"
#include "harness/interrupt.h"
#include "harness/setup.h"

static const char help[] =
	"usage: oae setup ADAPTER[/SYSTEM[:knob=value,...]] [options]\n"
	"       oae setup --replay FILE [--yes] [options]\n\n"
	"Measures adoption: makes the set-up steps of adapter.json again in a"
	" clean place\n(a fresh copy of the sources, a fresh HOME, a fixed"
	" environment), then starts the\nadapter there and asks one item until"
	" its first token. Every step is recorded:\ncommand, time, CPU, bytes"
	" over the network and on disk, files, edits, packages.\n\n"
	"A step may write only below the place and has no network unless it"
	" says that it\nneeds one, as far as the kernel can keep it to that;"
	" the transcript says what held.\n\n"
	"  --out FILE     the transcript (default setup-transcript.jsonl)\n"
	"  --force        write over an existing transcript\n"
	"  --adapter DIR  an adapter from elsewhere\n"
	"  --root DIR     run in this root folder (chroot; as root): packages"
	" are installed\n                 in it. Make one with `debootstrap"
	" --variant=minbase bookworm DIR`\n"
	"  --in DIR       make the place in this folder (default $TMPDIR, or"
	" /tmp)\n"
	"  --limit S      seconds that a step may take (3600)\n"
	"  --keep         leave the place there\n"
	"  --replay FILE  make a transcript's steps again and compare\n"
	"  --yes          do not ask before a replay\n"
	"  --dry-run      print the steps; run nothing\n"
	"  --json         print JSON instead of tables\n"
	"  --quiet        no progress\n\n"
	"examples:\n"
	"  oae setup reference/dense\n"
	"  oae setup reference/dense --root /srv/bookworm --out"
	" dense.jsonl\n"
	"  oae setup --replay setup-transcript.jsonl\n"
	"  oae run --setup setup-transcript.jsonl    its time enters the"
	" score\n\n"
	"exit codes: 0 a first valid token came; 1 cannot be done here; 2 a"
	" step failed or\nno token came (the transcript says why, and is void"
	" for a score); 64 usage;\n130 interrupted\n";

struct args {
	struct oae_setup_options options;
	const char *out, *replay;
	bool force, yes, dry_run, json, quiet, help;
};

/* ---- the words -------------------------------------------------------- */

static bool take_flag(struct args *a, const char *word)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "--force", &a->force },     { "--yes", &a->yes },
		{ "--dry-run", &a->dry_run }, { "--json", &a->json },
		{ "--quiet", &a->quiet },     { "--keep", &a->options.keep },
		{ "--help", &a->help },	      { "-h", &a->help },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (strcmp(word, flags[i].name) == 0) {
			*flags[i].flag = true;
			return true;
		}
	return false;
}

static const char **take_text(struct args *a, const char *word,
			      const char **limit)
{
	const struct {
		const char *name;
		const char **value;
	} texts[] = {
		{ "--out", &a->out },
		{ "--replay", &a->replay },
		{ "--adapter", &a->options.adapter },
		{ "--root", &a->options.root },
		{ "--in", &a->options.parent },
		{ "--limit", limit },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(word, texts[i].name) == 0)
			return texts[i].value;
	return NULL;
}

static enum oae_status read_limit(struct args *a, const char *text,
				  struct oae_error *err)
{
	char *end;
	unsigned long v;

	if (!text)
		return OAE_OK;
	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || v < 1 ||
	    v > OAE_SETUP_LIMIT_S_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--limit '%.40s': must be seconds from 1 to %u",
				text, OAE_SETUP_LIMIT_S_MAX);
	a->options.limit_s = (uint32_t)v;
	return OAE_OK;
}

static enum oae_status read_args(struct args *a, int argc, char **argv,
				 struct oae_error *err)
{
	const char *limit = NULL, **value;

	for (int i = 1; i < argc; i++) {
		if (take_flag(a, argv[i]))
			continue;
		value = take_text(a, argv[i], &limit);
		if (value && (i + 1 >= argc || !*argv[i + 1]))
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"%s needs a value", argv[i]);
		if (value)
			*value = argv[++i];
		else if (argv[i][0] == '-' || a->options.spec)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"unexpected '%.60s'; `oae setup"
					" --help` lists what there is",
					argv[i]);
		else
			a->options.spec = argv[i];
	}
	if (a->help)
		return OAE_OK;
	if ((a->options.spec != NULL) == (a->replay != NULL))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"give an adapter, such as reference/dense, or"
				" --replay FILE");
	if (a->options.parent && a->options.root)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--in does not go with --root: the place is in"
				" the root folder");
	return read_limit(a, limit, err);
}

/* ---- a replay's questions --------------------------------------------- */

/* "adapter/system:a=1" of a transcript's head: its knobs that were set. */
static enum oae_status spec_of(const struct oae_transcript *t,
			       struct oae_buf *out, struct oae_error *err)
{
	const cJSON *knobs = cJSON_GetObjectItemCaseSensitive(t->head, "knobs");
	const cJSON *set = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(t->head, "parameters"), "set");
	const cJSON *name, *v;
	char number[32], mark = ':';

	oae_buf_puts(out, t->system);
	cJSON_ArrayForEach(name, set) {
		v = cJSON_GetObjectItemCaseSensitive(
			knobs, cJSON_IsString(name) ? name->valuestring : "");
		if (!v)
			continue;
		oae_buf_printf(out, "%c%s=", mark, name->valuestring);
		mark = ',';
		if (cJSON_IsString(v)) {
			oae_buf_puts(out, v->valuestring);
		} else if (cJSON_IsNumber(v)) {
			oae_json_format_double(number, v->valuedouble);
			oae_buf_puts(out, number);
		} else {
			oae_buf_puts(out, cJSON_IsTrue(v) ? "true" : "false");
		}
	}
	return oae_buf_check(out, "the system's name", err);
}

/* What a stranger's file wants to run is read before it is run. */
static enum oae_status ask(const struct args *a, const struct oae_setup *s,
			   struct oae_error *err)
{
	char answer[16] = "";

	oae_setup_print_steps(s, stderr);
	if (a->yes)
		return OAE_OK;
	if (!isatty(STDIN_FILENO))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s: read the commands above, then add --yes to"
				" run them; nothing was run",
				a->replay);
	fputs("run these commands? [y/N] ", stderr);
	if (!fgets(answer, sizeof(answer), stdin) ||
	    (answer[0] != 'y' && answer[0] != 'Y'))
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "nothing was run");
	return OAE_OK;
}

/* ---- doing it --------------------------------------------------------- */

static void progress(void *ctx, size_t step, size_t of, const char *what,
		     double elapsed_s)
{
	(void)ctx;
	if (step)
		oae_progress("step %zu/%zu: %.100s: %.0f s", step, of, what,
			     elapsed_s);
	else
		oae_progress("%.100s: %.0f s", what, elapsed_s);
}

static enum oae_status check_out(const struct args *a, struct oae_error *err)
{
	char dir[OAE_PATH_BYTES_MAX], *slash;

	if (!a->out)
		return OAE_OK;
	if (!a->force && oae_file_exists(a->out))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s: is there already; name another file with"
				" --out, or add --force",
				a->out);
	(void)snprintf(dir, sizeof(dir), "%.4000s", a->out);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	if (access(slash ? dir : ".", W_OK))
		return oae_fail(err, OAE_ERR_USAGE, errno,
				"%s: cannot be written there; name another file"
				" with --out",
				a->out);
	return OAE_OK;
}

/* Writes the transcript and reads it back as anybody would. */
static enum oae_status write_out(const struct args *a,
				 const struct oae_setup *s,
				 struct oae_transcript *is,
				 struct oae_error *err)
{
	char scratch[OAE_PATH_BYTES_MAX];
	const char *path = a->out;
	enum oae_status status;

	if (!path) { /* a replay that nobody wants to keep */
		(void)snprintf(scratch, sizeof(scratch), "%.2000s/transcript",
			       s->place);
		path = scratch;
	}
	status = oae_file_write(path, s->out.out.data, s->out.out.len, err);
	if (!status)
		status = oae_transcript_read(path, is, err);
	return status;
}

static int conclude(const struct args *a, const struct oae_setup *s,
		    const struct oae_transcript *was,
		    const struct oae_transcript *is, struct oae_error *err)
{
	struct oae_buf text;
	enum oae_status status;

	oae_buf_init(&text, OAE_JSON_FILE_BYTES_MAX);
	if (a->json)
		oae_setup_json(s, was, is, a->out, &text);
	else
		oae_setup_text(was, is, &text);
	status = oae_buf_check(&text, "table", err);
	if (!status &&
	    (fputs(oae_buf_str(&text), stdout) < 0 || fflush(stdout) < 0))
		status = oae_fail(err, OAE_ERR_IO, errno, "standard output");
	oae_buf_release(&text);
	if (status)
		return oae_die_code("oae setup", err);
	if (a->out)
		oae_info("transcript: %s", a->out);
	if (s->options.keep)
		oae_info("the place was kept: %s", s->place);
	if (s->interrupted) {
		oae_warn("interrupted; the transcript is void");
		return OAE_EXIT_INTERRUPTED;
	}
	if (!s->failed)
		return OAE_EXIT_OK;
	fprintf(stderr, "oae setup: %s: %s\n", s->system, s->why);
	return OAE_EXIT_CHECK;
}

static int set_up(struct args *a, struct oae_setup *s,
		  const struct oae_transcript *was, struct oae_error *err)
{
	struct oae_transcript is = { 0 };
	enum oae_status status;
	int code;

	status = oae_setup_open(s, &a->options, err);
	if (!status && !a->dry_run)
		status = check_out(a, err);
	if (!status && a->dry_run) {
		oae_setup_print_steps(s, stdout);
		return OAE_EXIT_OK;
	}
	if (!status && was && was->in_root != (a->options.root != NULL))
		status = oae_fail(
			err, OAE_ERR_USAGE, 0, "%s: was made %s; %s", a->replay,
			was->in_root ? "in a root folder" :
				       "without a root folder",
			was->in_root ? "give --root DIR" : "leave --root out");
	if (!status && was)
		status = ask(a, s, err);
	if (status)
		return oae_die_code("oae setup", err);
	oae_interrupt_catch();
	status = oae_setup_run(s, err);
	oae_progress_end();
	if (!status)
		status = write_out(a, s, &is, err);
	code = status ? oae_die_code("oae setup", err) :
			conclude(a, s, was, &is, err);
	oae_transcript_release(&is);
	return code;
}

int oae_cmd_setup(int argc, char **argv)
{
	struct args a = { .options = { .stop = &oae_interrupted,
				       .progress = progress } };
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_setup *s = calloc(1, sizeof(*s));
	struct oae_transcript was = { 0 };
	struct oae_buf spec;
	enum oae_status status = OAE_ERR_NOMEM;
	int code;

	oae_buf_init(&spec, OAE_LINE_BYTES_MAX);
	if (s)
		status = read_args(&a, argc, argv, &err);
	if (!status && a.help) {
		fputs(help, stdout);
		free(s);
		return OAE_EXIT_OK;
	}
	if (!status && !a.replay && !a.out)
		a.out = OAE_TRANSCRIPT_NAME;
	if (!status && a.replay)
		status = oae_transcript_read(a.replay, &was, &err);
	if (!status && a.replay)
		status = spec_of(&was, &spec, &err);
	if (a.replay && !status) {
		a.options.spec = oae_buf_str(&spec);
		a.options.replay = &was;
	}
	oae_log_quiet(a.quiet);
	code = status ? oae_die_code("oae setup", &err) :
			set_up(&a, s, a.replay ? &was : NULL, &err);
	if (s)
		oae_setup_close(s);
	free(s);
	oae_transcript_release(&was);
	oae_buf_release(&spec);
	return code;
}
