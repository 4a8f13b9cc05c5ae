/* SPDX-License-Identifier: Apache-2.0 */
/* `oae board`: a static site from a folder of submissions. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "harness/commands.h"
#include "harness/out_folder.h"
#include "harness/submission.h"
#include "reports/board.h"
#include "reports/readme.h"

#define TITLE_DEFAULT "Overhead-Aware Efficiency leaderboard"
#define TITLE_BYTES_MAX 200
#define SHOWN_MAX 20 /* rejected submissions named on the terminal */

static const char help[] =
	"usage: oae board SUBMISSIONS -o SITE [options]\n"
	"\n"
	"Builds a leaderboard: a folder of static pages that need no server,\n"
	"no network and no script. SUBMISSIONS, often a git repository, holds\n"
	"ORGANISATION/NAME/ as `oae submit` packs them, and beside\n"
	"one NAME.review.json, what the operator's own run found (`oae verify\n"
	"--rerun`). Without a review a submission is self-reported.\n"
	"\n"
	"Each submission is checked as `oae verify` does; one that does not\n"
	"pass is listed with the reasons, without its numbers.\n"
	"\n"
	"Each profile has a table for machines on demand and one for owned\n"
	"ones. Ranks are ranges: systems whose intervals overlap are not\n"
	"distinguishable. Only the same division, baseline and class of\n"
	"evidence are ranked together; failed gates, disputed and superseded\n"
	"results are not ranked. The same submissions give the same bytes.\n"
	"SITE is replaced as a whole; it must be new, empty or an older site.\n"
	"\n"
	"  -o, --out SITE   where to write\n"
	"  --allowed-signers FILE\n"
	"                   whose signatures count, as ssh-keygen(1) has it;\n"
	"                   without it signatures are not checked, and the\n"
	"                   pages say so\n"
	"  --no-verify      check nothing: a draft, and the pages say so\n"
	"  --title TEXT     of the site\n"
	"  --files-url URL  where readers find the files of SUBMISSIONS; the\n"
	"                   default is the way from SITE to SUBMISSIONS;\n"
	"                   `none` leaves the links out\n"
	"  --json           print a summary as JSON\n"
	"  --quiet          no progress\n"
	"\n"
	"writes index.html (the fullest table), a page for each table and\n"
	"submission, submissions.html (also what was rejected, and why),\n"
	"board.json and board.csv.\n"
	"\n"
	"examples:\n"
	"  oae board submissions -o site --allowed-signers allowed_signers\n"
	"  oae board submissions -o site --no-verify     # a quick look\n"
	"  oae board . -o site --files-url https://example.org/tree/main\n"
	"  python3 -m http.server --directory site  # or open site/index.html\n"
	"\n"
	"exit codes: 0 done (rejected submissions are listed), 1 cannot read\n"
	"or write, 64 usage\n";

struct options {
	const char *submissions, *out, *title, *files_url, *signers;
	bool json, quiet, no_verify;
};

/* ---- where things are -------------------------------------------------- */

/* The real path of a folder that perhaps is not there yet. */
static enum oae_status real_place(const char *out, char real[PATH_MAX],
				  struct oae_error *err)
{
	char parent[PATH_MAX];
	const char *name;
	size_t n = strlen(out);

	if (realpath(out, real))
		return OAE_OK;
	while (n > 1 && out[n - 1] == '/')
		n--;
	for (name = out + n; name > out && name[-1] != '/';)
		name--;
	snprintf(parent, sizeof(parent), "%.*s/",
		 name == out ? 1 : (int)(name - out), name == out ? "." : out);
	/* A parent that is not there yet cannot be that of SUBMISSIONS. */
	if (!realpath(parent, real))
		snprintf(real, PATH_MAX, "%s", parent);
	if (strlen(real) + n + 2 > PATH_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%.100s...: the path is too long", out);
	snprintf(real + strlen(real), PATH_MAX - strlen(real), "/%.*s",
		 (int)(out + n - name), name);
	return OAE_OK;
}

/* Whether `path` is `folder` or below it; both are real paths. */
static bool is_within(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 &&
	       (path[n] == '\0' || path[n] == '/' || n == 1);
}

static void put_encoded(struct oae_buf *b, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/";

	for (; *path; path++)
		if (strchr(plain, *path))
			oae_buf_putc(b, *path);
		else
			oae_buf_printf(b, "%%%02X", (unsigned char)*path);
}

/* The way from one folder to another, for a link: "../submissions". */
static void put_way(struct oae_buf *b, const char *from, const char *to)
{
	size_t i, same = 0;

	for (i = 0; from[i] == to[i] && from[i]; i++)
		if (from[i] == '/')
			same = i + 1;
	/* One is the other, or lies below it. */
	if ((!from[i] && (to[i] == '/' || !to[i])) ||
	    (!to[i] && from[i] == '/'))
		same = i;
	for (i = same; from[i]; i++)
		if (from[i] != '/' && (i == same || from[i - 1] == '/'))
			oae_buf_puts(b, b->len ? "/.." : "..");
	for (; to[same] == '/'; same++)
		;
	if (to[same]) {
		oae_buf_puts(b, b->len ? "/" : "");
		put_encoded(b, to + same);
	}
	if (b->len == 0)
		oae_buf_putc(b, '.');
}

/* ---- the check ---------------------------------------------------------- */

static void put_findings(const struct oae_findings *f, struct oae_buf *out)
{
	size_t more = oae_findings_total(f) - f->count;

	for (size_t i = 0; i < f->count; i++)
		oae_buf_printf(out, "%s %s%s%s\n", oae_rule_id(f->item[i].rule),
			       f->item[i].file, *f->item[i].file ? ": " : "",
			       f->item[i].text);
	if (more)
		oae_buf_printf(out, "and %zu more\n", more);
}

/* A submission that is right but not where it belongs. */
static void check_place(const struct oae_submission *found,
			const struct oae_board_submission *s,
			struct oae_buf *reasons)
{
	const char *org = oae_json_str_or(found->about, "org", "");
	const char *name = oae_json_str_or(found->about, "name", "");

	if (strcmp(org, s->org) != 0 || strcmp(name, s->name) != 0)
		oae_buf_printf(reasons,
			       "submission.json: is of %.128s/%.128s, and not"
			       " where that belongs\n",
			       org, name);
	if (*found->result_sha256 &&
	    strcmp(found->result_sha256, s->result_sha256) != 0)
		oae_buf_puts(reasons, "result.json: changed while it was"
				      " checked\n");
}

/* What `oae verify` says of it. */
static enum oae_status check(void *ctx, const struct oae_board_submission *s,
			     struct oae_board_checked *out,
			     struct oae_error *err)
{
	const struct options *o = ctx;
	struct oae_submission found = { .allowed_signers = o->signers,
					.readme = oae_report_readme };
	enum oae_status status = oae_submission_check(&found, s->dir, err);

	if (status == OAE_OK) {
		put_findings(&found.found, &out->reasons);
		if (found.other_version)
			oae_buf_puts(&out->reasons,
				     "it is of another version; the program"
				     " that wrote it can check it\n");
		if (out->reasons.len == 0)
			check_place(&found, s, &out->reasons);
		out->state = out->reasons.len	? OAE_BOARD_REJECTED :
			     found.signature_ok ? OAE_BOARD_VERIFIED :
						  OAE_BOARD_UNSIGNED;
		snprintf(out->division, sizeof(out->division), "%s",
			 oae_json_str_or(found.about, "division", ""));
		snprintf(out->adapter_sha256, sizeof(out->adapter_sha256), "%s",
			 found.adapter_sha256);
	}
	oae_submission_release(&found);
	return status;
}

/* ---- the command ------------------------------------------------------- */

static void progress(void *ctx, size_t done, size_t all)
{
	const struct options *o = ctx;

	if (!o->quiet && (!o->no_verify || done % 50 == 0 || done == all))
		oae_progress("%zu of %zu submissions", done, all);
}

static void put_summary(const struct oae_board *b, const char *out,
			struct oae_buf *text)
{
	size_t i, k, ranked = 0, orgs = 0;
	struct oae_jw w;

	for (i = 0; i < b->n_tables; i++)
		ranked += b->tables[i].n_ranked;
	for (i = 0; i < b->n_submissions; i++)
		orgs += i == 0 || strcmp(b->submissions[i].org,
					 b->submissions[i - 1].org) != 0;
	oae_jw_init(&w, text, 1);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "site", out);
	oae_jw_int(&w, "organisations", (int64_t)orgs);
	oae_jw_int(&w, "submissions", (int64_t)b->n_submissions);
	oae_jw_int(&w, "tables", (int64_t)b->n_tables);
	oae_jw_int(&w, "rows", (int64_t)b->n_rows);
	oae_jw_int(&w, "ranked", (int64_t)ranked);
	oae_jw_arr(&w, "rejected");
	for (i = 0; i < b->n_submissions; i++) {
		const struct oae_board_submission *s = &b->submissions[i];

		if (s->check != OAE_BOARD_REJECTED)
			continue;
		oae_jw_obj(&w, NULL);
		oae_jw_str(&w, "org", s->org);
		oae_jw_str(&w, "submission", s->name);
		oae_jw_arr(&w, "reasons");
		for (k = 0; k < s->n_reasons; k++)
			oae_jw_str(&w, NULL, s->reasons[k]);
		oae_jw_end_arr(&w);
		oae_jw_end_obj(&w);
	}
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	oae_buf_putc(text, '\n');
}

static void put_words(const struct oae_board *b, const char *out,
		      struct oae_buf *text)
{
	size_t i, ranked = 0;

	for (i = 0; i < b->n_tables; i++)
		ranked += b->tables[i].n_ranked;
	oae_buf_printf(
		text,
		"%zu submission%s, %zu rejected; %zu of %zu scores ranked"
		" in %zu table%s\nsite: %s/index.html\n",
		b->n_submissions, b->n_submissions == 1 ? "" : "s",
		b->n_rejected, ranked, b->n_rows, b->n_tables,
		b->n_tables == 1 ? "" : "s", out);
}

/* On stderr: what the operator should look at. */
static void warn(const struct oae_board *b)
{
	bool unchecked = false, unsigned_ones = false;
	size_t i, shown = 0;

	for (i = 0; i < b->n_submissions; i++) {
		const struct oae_board_submission *s = &b->submissions[i];

		unchecked |= s->check == OAE_BOARD_UNCHECKED;
		unsigned_ones |= s->check == OAE_BOARD_UNSIGNED;
		if (s->review.bad)
			oae_warn("%s.review.json does not count: %s", s->dir,
				 s->review.bad);
		if (s->check == OAE_BOARD_REJECTED && ++shown <= SHOWN_MAX)
			oae_warn("rejected: %s: %s", s->dir, s->reasons[0]);
	}
	if (shown > SHOWN_MAX)
		oae_warn("rejected: %zu more; submissions.html lists all",
			 shown - SHOWN_MAX);
	if (unsigned_ones)
		oae_warn("signatures were not checked; say whose count with"
			 " --allowed-signers FILE");
	if (unchecked)
		oae_warn("nobody checked these submissions' signatures and"
			 " numbers; the pages say so");
}

static enum oae_status write_site(const struct oae_board *b, const char *out,
				  struct oae_error *err)
{
	struct oae_out_folder f;
	enum oae_status status = oae_out_begin(&f, out, err);

	if (status == OAE_OK)
		status = oae_board_write(b, f.path, err);
	if (status == OAE_OK)
		return oae_out_publish(&f, err);
	oae_out_abandon(&f);
	return status;
}

static enum oae_status print(const struct oae_board *b, const struct options *o,
			     struct oae_error *err)
{
	struct oae_buf text;
	enum oae_status status;

	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	if (o->json)
		put_summary(b, o->out, &text);
	else
		put_words(b, o->out, &text);
	status = oae_buf_check(&text, "the summary", err);
	if (status == OAE_OK &&
	    (fputs(oae_buf_str(&text), stdout) == EOF || fflush(stdout) != 0))
		status = oae_fail(err, OAE_ERR_IO, errno,
				  "standard output: cannot write");
	oae_buf_release(&text);
	return status;
}

static enum oae_status build(const struct options *o, struct oae_error *err)
{
	static const struct oae_out_mark mark = { OAE_BOARD_MARK,
						  "\"schema\": \"board-1\"",
						  "a board's site", "-o" };
	struct oae_board_options how = { .title = o->title,
					 .progress = progress,
					 .ctx = (void *)o };
	char site[PATH_MAX], from[PATH_MAX];
	struct oae_board b = { .n_submissions = 0 };
	struct oae_buf way;
	enum oae_status status;

	oae_buf_init(&way, (size_t)4 * PATH_MAX);
	if (!oae_dir_exists(o->submissions) || !realpath(o->submissions, from))
		return oae_fail(err, OAE_ERR_IO, 0, "%.300s: no such folder",
				o->submissions);
	status = real_place(o->out, site, err);
	if (status == OAE_OK && is_within(from, site))
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%.300s: the submissions are in it, and a"
				  " site is replaced as a whole; name another"
				  " place with -o",
				  o->out);
	if (status == OAE_OK && o->signers && !oae_file_exists(o->signers))
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "--allowed-signers %.200s: no such file",
				  o->signers);
	if (status == OAE_OK)
		status = oae_out_check(o->out, &mark, err);
	if (status != OAE_OK)
		return status;
	put_way(&way, site, from);
	how.skip = site;
	how.check = o->no_verify ? NULL : check;
	how.files_url = o->files_url ? o->files_url : oae_buf_str(&way);
	if (o->files_url && strcmp(o->files_url, "none") == 0)
		how.files_url = NULL;
	status = oae_board_open(&b, o->submissions, &how, err);
	if (!o->quiet)
		oae_progress_end();
	if (status == OAE_OK)
		status = write_site(&b, o->out, err);
	if (status == OAE_OK) {
		warn(&b);
		status = print(&b, o, err);
	}
	oae_board_close(&b);
	oae_buf_release(&way);
	return status;
}

/* ---- words ------------------------------------------------------------- */

/* A link's beginning: http, https or relative; nothing that must be coded. */
static bool is_url(const char *url)
{
	const char *colon = strchr(url, ':');

	if (!*url || strlen(url) > 1000 || strpbrk(url, " \"'<>\\^`{|}"))
		return false;
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f)
			return false;
	return !colon || strncmp(url, "https://", 8) == 0 ||
	       strncmp(url, "http://", 7) == 0;
}

static int usage(const char *what, const char *word)
{
	fprintf(stderr, "oae board: %s%s%.60s%s; try `oae board --help`\n",
		what, *word ? " '" : "", word, *word ? "'" : "");
	return OAE_EXIT_USAGE;
}

/* The option that takes a text, or NULL. */
static const char **option_of(struct options *o, const char *word)
{
	if (strcmp(word, "-o") == 0 || strcmp(word, "--out") == 0)
		return &o->out;
	if (strcmp(word, "--title") == 0)
		return &o->title;
	if (strcmp(word, "--files-url") == 0)
		return &o->files_url;
	if (strcmp(word, "--allowed-signers") == 0)
		return &o->signers;
	return NULL;
}

/* OAE_EXIT_OK: go on. Anything else has been explained. */
static int parse(int argc, char **argv, struct options *o)
{
	bool words_only = false;
	const char **text;

	for (int i = 1; i < argc; i++) {
		text = words_only ? NULL : option_of(o, argv[i]);
		if (text && i + 1 < argc && argv[i + 1][0])
			*text = argv[++i];
		else if (text)
			return usage("something must follow", argv[i]);
		else if (!words_only && strcmp(argv[i], "--") == 0)
			words_only = true;
		else if (!words_only && strcmp(argv[i], "--json") == 0)
			o->json = true;
		else if (!words_only && strcmp(argv[i], "--no-verify") == 0)
			o->no_verify = true;
		else if (!words_only && strcmp(argv[i], "--quiet") == 0)
			o->quiet = true;
		else if (!words_only && argv[i][0] == '-')
			return usage("unknown option", argv[i]);
		else if (o->submissions)
			return usage("one folder of submissions, not also",
				     argv[i]);
		else
			o->submissions = argv[i];
	}
	if (!o->submissions)
		return usage("give the folder of the submissions", "");
	if (!o->out)
		return usage("say where the site goes with -o SITE", "");
	if (strlen(o->title) > TITLE_BYTES_MAX)
		return usage("the title is too long", "");
	if (o->files_url && !is_url(o->files_url))
		return usage("--files-url: no http, https or relative URL",
			     o->files_url);
	return OAE_EXIT_OK;
}

int oae_cmd_board(int argc, char **argv)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct options o = { .title = TITLE_DEFAULT };
	int code;

	if (argc == 2 &&
	    (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(help, stdout);
		return OAE_EXIT_OK;
	}
	code = parse(argc, argv, &o);
	if (code != OAE_EXIT_OK)
		return code;
	if (build(&o, &err) != OAE_OK)
		return oae_die_code("oae board", &err);
	return OAE_EXIT_OK;
}
