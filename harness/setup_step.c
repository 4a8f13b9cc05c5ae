/* SPDX-License-Identifier: Apache-2.0 */
/* One step: run it, with limits, and say what it took. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "harness/cgroup.h"
#include "harness/setup_internal.h"

#define POLL_MS 50
#define TAIL_BYTES 400
#define BLOCK_BYTES 65536
#define KILL_MS 2000

/* ---- surroundings ----------------------------------------------------- */

static const char standard_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:"
				    "/usr/bin:/sbin:/bin";

/* What a user behind a proxy needs to reach anything. */
static const char *const proxies[] = {
	"http_proxy", "https_proxy", "no_proxy",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
};

__attribute__((format(printf, 3, 4))) static void
put_env(struct oae_setup_env *e, size_t *n, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(e->memory[*n], sizeof(e->memory[*n]), fmt, args);
	va_end(args);
	e->item[*n] = e->memory[*n];
	(*n)++;
	e->item[*n] = NULL;
}

void oae_setup_env_make(const struct oae_setup *s, bool network,
			struct oae_setup_env *out)
{
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	put_env(out, &n, "PATH=%s", standard_path);
	put_env(out, &n, "HOME=%s/home", s->inside);
	put_env(out, &n, "TMPDIR=%s/tmp", s->inside);
	put_env(out, &n, "LANG=C.UTF-8");
	put_env(out, &n, "TERM=dumb");
	put_env(out, &n, "SHELL=/bin/sh");
	put_env(out, &n, "TZ=UTC");
	put_env(out, &n, "DEBIAN_FRONTEND=noninteractive");
	for (size_t i = 0; network && i < sizeof(proxies) / sizeof(*proxies);
	     i++)
		if (getenv(proxies[i]))
			put_env(out, &n, "%s=%.2000s", proxies[i],
				getenv(proxies[i]));
	out->writable[0] = s->options.root ? s->options.root : s->place;
	out->confine.root = s->options.root;
	out->confine.no_network = !network && s->can_leave_network;
	out->confine.writable = s->can_confine ? out->writable : NULL;
}

enum oae_status oae_setup_expand(const struct oae_setup *s, const char *word,
				 char *out, size_t size, struct oae_error *err)
{
	char build[OAE_PATH_BYTES_MAX], home[OAE_PATH_BYTES_MAX];
	char adapter[2 * OAE_PATH_BYTES_MAX];
	size_t len = strlen(s->home);

	(void)snprintf(home, sizeof(home), "%s/copy", s->inside);
	(void)snprintf(build, sizeof(build), "%s/copy/build", s->inside);
	if (!strncmp(s->adapter, s->home, len) && s->adapter[len] == '/')
		(void)snprintf(adapter, sizeof(adapter), "%s/copy%s", s->inside,
			       s->adapter + len);
	else
		(void)snprintf(adapter, sizeof(adapter), "%s/adapter",
			       s->inside);
	return oae_manifest_expand(word, build, home, adapter, out, size, err);
}

struct oae_amount oae_setup_network(const struct oae_setup *s, bool network,
				    bool known, uint64_t before)
{
	uint64_t after;

	if (!network && s->can_leave_network)
		return (struct oae_amount){ 0, OAE_MEASURED,
					    "it ran in a network namespace of"
					    " its own, without any network" };
	if (!known || !oae_count_network(&after) || after < before)
		return (struct oae_amount){ NAN, OAE_ABSENT,
					    "/proc/net/dev cannot be read, or"
					    " its counters wrapped" };
	return (struct oae_amount){ (double)(after - before), OAE_ESTIMATED,
				    "counters of the machine's interfaces;"
				    " other programs' traffic is in them" };
}

/* ---- running ---------------------------------------------------------- */

struct work {
	struct oae_setup *setup;
	const struct oae_setup_step *step;
	size_t index;
	const char *argv[OAE_MANIFEST_LIST_MAX + 16];
	char *memory[OAE_MANIFEST_LIST_MAX + 16];
	size_t argc;
	bool network;
	const char *outcome;
	char reason[480];
	int exit, signal; /* -1: none */
	double wall_s;
	struct oae_amount cpu_s;
	uint64_t output_bytes;
	char tail[TAIL_BYTES + 1];
	size_t tail_len;
};

static enum oae_status put_word(struct work *k, const char *word,
				struct oae_error *err)
{
	char text[OAE_PATH_BYTES_MAX];
	enum oae_status status =
		oae_setup_expand(k->setup, word, text, sizeof(text), err);

	if (status)
		return status;
	if (k->argc + 1 >= sizeof(k->argv) / sizeof(*k->argv))
		return oae_fail(err, OAE_ERR_LIMIT, 0, "too many words");
	k->memory[k->argc] = strdup(text);
	if (!k->memory[k->argc])
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	k->argv[k->argc] = k->memory[k->argc];
	k->argc++;
	return OAE_OK;
}

static const char apt[] = "apt-get update -q && exec apt-get install -y -q"
			  " --no-install-recommends \"$@\"";
static const char *const install[] = { "/bin/sh", "-c", apt, "apt-get", NULL };
static const char *const apply[] = { "patch",	  "-p1", "--batch",
				     "--forward", "-d",	 "{adapter}",
				     "-i",	  NULL };

static enum oae_status put_words(struct work *k, const char *const *words,
				 struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	for (; !status && *words; words++)
		status = put_word(k, *words, err);
	return status;
}

static enum oae_status make_argv(struct work *k, struct oae_error *err)
{
	const struct oae_setup_step *step = k->step;
	char patch[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	switch (step->kind) {
	case OAE_SETUP_COMMAND:
		return put_words(k, step->argv.item, err);
	case OAE_SETUP_PACKAGES:
		status = put_words(k, install, err);
		return status ? status : put_words(k, step->packages.item, err);
	case OAE_SETUP_PATCH:
		break;
	}
	(void)snprintf(patch, sizeof(patch), "{adapter}/%.2000s", step->patch);
	status = put_words(k, apply, err);
	return status ? status : put_word(k, patch, err);
}

__attribute__((format(printf, 3, 4))) static void
fails(struct work *k, const char *outcome, const char *fmt, ...)
{
	va_list args;

	k->outcome = outcome;
	va_start(args, fmt);
	(void)vsnprintf(k->reason, sizeof(k->reason), fmt, args);
	va_end(args);
}

static void keep_tail(struct work *k, const char *data, size_t len)
{
	size_t keep;

	if (len > TAIL_BYTES) {
		data += len - TAIL_BYTES;
		len = TAIL_BYTES;
	}
	keep = k->tail_len < TAIL_BYTES - len ? k->tail_len : TAIL_BYTES - len;
	memmove(k->tail, k->tail + k->tail_len - keep, keep);
	memcpy(k->tail + keep, data, len);
	k->tail_len = keep + len;
	k->tail[k->tail_len] = '\0';
}

/* Takes what is there; an ended stream becomes -1. */
static void drain(struct work *k, struct pollfd fds[2])
{
	char block[BLOCK_BYTES];
	ssize_t n;

	for (int i = 0; i < 2; i++) {
		n = fds[i].fd < 0 ? -1 : read(fds[i].fd, block, sizeof(block));
		if (n > 0) {
			k->output_bytes += (uint64_t)n;
			keep_tail(k, block, (size_t)n);
		} else if (fds[i].fd >= 0 &&
			   (n == 0 || (errno != EAGAIN && errno != EINTR))) {
			fds[i].fd = -1;
		}
	}
}

static uint32_t limit_of(const struct work *k)
{
	if (k->step->limit_s)
		return k->step->limit_s;
	return k->setup->options.limit_s ? k->setup->options.limit_s :
					   OAE_SETUP_LIMIT_S;
}

static void show(const struct work *k, double elapsed_s)
{
	const struct oae_setup *s = k->setup;
	char text[200];

	oae_setup_step_text(k->step, text, sizeof(text));
	if (s->options.progress)
		s->options.progress(s->options.ctx, k->index + 1, s->step_count,
				    text, elapsed_s);
}

/* Until it ends or breaks a limit. */
static void watch(struct work *k, struct oae_child *c, uint64_t start_ns)
{
	struct pollfd fds[2] = { { .fd = c->out, .events = POLLIN },
				 { .fd = c->err, .events = POLLIN } };
	double elapsed_s;

	while (!oae_child_wait(c,
			       fds[0].fd < 0 && fds[1].fd < 0 ? POLL_MS : 0)) {
		(void)poll(fds, 2, POLL_MS);
		drain(k, fds);
		elapsed_s = (double)(oae_clock_ns() - start_ns) * 1e-9;
		show(k, elapsed_s);
		if (*k->setup->options.stop) {
			k->setup->interrupted = true;
			fails(k, "interrupted", "somebody stopped it");
		} else if (elapsed_s > limit_of(k)) {
			fails(k, "time limit",
			      "not done after %u s; --limit"
			      " SECONDS allows more",
			      limit_of(k));
		} else if (k->output_bytes > OAE_SETUP_OUTPUT_BYTES_MAX) {
			fails(k, "output limit",
			      "wrote more than %u bytes of output",
			      OAE_SETUP_OUTPUT_BYTES_MAX);
		}
		if (k->outcome)
			break;
	}
	oae_child_kill(c, KILL_MS);
	for (int i = 0; i < 64 && (fds[0].fd >= 0 || fds[1].fd >= 0); i++)
		drain(k, fds);
}

/* The last line of its output, without what would move a terminal. */
static const char *last_line(struct work *k)
{
	char *last;

	while (k->tail_len && strchr("\r\n ", k->tail[k->tail_len - 1]))
		k->tail[--k->tail_len] = '\0';
	last = strrchr(k->tail, '\n');
	for (char *p = k->tail; *p; p++)
		if ((unsigned char)*p < 0x20 && *p != '\n')
			*p = ' ';
	return last ? last + 1 : k->tail;
}

static void judge(struct work *k, const struct oae_child *c)
{
	char how[96];
	const char *last = last_line(k);

	if (k->outcome)
		return;
	oae_child_describe(c, how, sizeof(how));
	if (WIFEXITED(c->wait_status)) {
		k->exit = WEXITSTATUS(c->wait_status);
		if (!k->exit) {
			k->outcome = "ok";
			return;
		}
	} else {
		k->signal = WTERMSIG(c->wait_status);
	}
	fails(k, "failed", "%s%s%.300s", how, *last ? ": " : "", last);
}

static void take_cpu(struct work *k, const struct oae_cgroup *g, bool grouped,
		     const struct oae_child *c)
{
	uint64_t ns;

	if (grouped && !oae_cgroup_cpu_ns(g, &ns, NULL))
		k->cpu_s = (struct oae_amount){ (double)ns * 1e-9, OAE_MEASURED,
						"its control group" };
	else
		k->cpu_s = (struct oae_amount){
			c->user_s + c->system_s, OAE_MEASURED,
			"getrusage: processes that were waited for"
		};
}

static enum oae_status run(struct work *k, struct oae_error *err)
{
	struct oae_error why = { OAE_OK, 0, "" };
	struct oae_setup_env *env = malloc(sizeof(*env));
	char dir[OAE_PATH_BYTES_MAX];
	struct oae_spawn how = { .argv = k->argv, .dir = dir, .hold = true };
	enum oae_status status;
	struct oae_cgroup *g = calloc(1, sizeof(*g));
	struct oae_child c;
	uint64_t start_ns;
	bool grouped = false;

	if (!env || !g) {
		free(env);
		free(g);
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	}
	oae_setup_env_make(k->setup, k->network, env);
	(void)snprintf(dir, sizeof(dir), "%s/copy", k->setup->inside);
	how.env = env->item;
	how.confine = &env->confine;
	start_ns = oae_clock_ns();
	status = oae_child_spawn(&c, &how, &why);
	if (!status) {
		grouped = !oae_cgroup_open(g, "", NULL) &&
			  !oae_cgroup_add(g, c.pid, NULL);
		close(c.in);
		c.in = -1;
		start_ns = oae_clock_ns();
		status = oae_child_start(&c, &why);
	}
	if (status) {
		fails(k, "not started", "%.400s", why.text);
		k->cpu_s = (struct oae_amount){ NAN, OAE_ABSENT,
						"it did not start" };
	} else {
		watch(k, &c, start_ns);
		k->wall_s = (double)(oae_clock_ns() - start_ns) * 1e-9;
		judge(k, &c);
		take_cpu(k, g, grouped, &c);
		oae_child_release(&c);
	}
	oae_cgroup_close(g);
	free(g);
	free(env);
	return OAE_OK;
}

/* Outside of a root folder packages are looked for, never installed. */
static void look_for_packages(struct work *k)
{
	bool known;
	const char *missing =
		oae_package_missing("", &k->step->packages, &known);

	k->cpu_s = (struct oae_amount){ 0, OAE_MEASURED, "nothing was run" };
	k->outcome = "ok";
	if (missing)
		fails(k, "failed",
		      "package %s is not installed; install it (apt-get"
		      " install %s), or set up in a root folder of its own"
		      " (--root DIR)",
		      missing, missing);
}

/* ---- recording -------------------------------------------------------- */

static void write_argv(struct oae_jw *w, const struct work *k)
{
	oae_jw_arr(w, "command");
	for (size_t i = 0; i < k->argc; i++)
		oae_jw_str(w, NULL, k->argv[i]);
	oae_jw_end_arr(w);
}

static void write_packages(struct oae_jw *w, const struct work *k,
			   double before, double after)
{
	struct oae_amount there = { after, OAE_MEASURED,
				    "installed in its root folder (dpkg)" };
	bool known;

	oae_jw_obj(w, "packages_seen");
	oae_jw_int(w, "installed",
		   k->setup->options.root && after > before ?
			   (int64_t)(after - before) :
			   0);
	if (!k->setup->options.root) {
		there.value = (double)k->step->packages.count;
		there.source = "named by the step, and installed here (dpkg)";
		(void)oae_package_missing("", &k->step->packages, &known);
		if (k->step->kind != OAE_SETUP_PACKAGES)
			there = (struct oae_amount){
				NAN, OAE_ABSENT, "this step names no packages"
			};
		else if (!known)
			there = (struct oae_amount){ NAN, OAE_ABSENT,
						     "no dpkg here" };
	} else if (isnan(after)) {
		there.source = "no dpkg in the root folder";
	}
	oae_amount_write(w, "there", &there, "packages");
	oae_jw_end_obj(w);
}

static enum oae_status write_edits(struct oae_jw *w, const struct work *k,
				   struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	uint64_t files = 0, lines = 0;
	enum oae_status status = OAE_OK;

	if (k->step->kind == OAE_SETUP_PATCH) {
		status = oae_path_join(path, sizeof(path), k->setup->adapter,
				       k->step->patch, err);
		if (!status)
			status = oae_count_patch(path, &files, &lines, err);
	}
	oae_jw_obj(w, "edits");
	oae_jw_int(w, "files", (int64_t)files);
	oae_jw_int(w, "lines", (int64_t)lines);
	oae_jw_end_obj(w);
	return status;
}

static void write_outcome(struct oae_jw *w, struct work *k)
{
	oae_jw_str(w, "outcome", k->outcome);
	oae_jw_str(w, "reason", k->reason[0] ? k->reason : NULL);
	if (k->exit >= 0)
		oae_jw_int(w, "exit", k->exit);
	else
		oae_jw_null(w, "exit");
	if (k->signal >= 0)
		oae_jw_int(w, "signal", k->signal);
	else
		oae_jw_null(w, "signal");
	oae_jw_num(w, "wall_s", k->wall_s);
	oae_amount_write(w, "cpu_s", &k->cpu_s, "s");
	oae_jw_obj(w, "output");
	oae_jw_int(w, "bytes", (int64_t)k->output_bytes);
	oae_jw_strn(w, "tail", k->tail, k->tail_len);
	oae_jw_end_obj(w);
}

/* What the step changes, seen from its folder or from the whole root. */
struct state {
	struct oae_shot shot;
	double packages;
};

static const char *watched(const struct oae_setup *s)
{
	return s->options.root ? s->options.root : s->place;
}

static enum oae_status take_state(const struct oae_setup *s, struct state *st,
				  struct oae_error *err)
{
	st->packages =
		oae_count_packages(s->options.root ? s->options.root : "");
	return oae_shot_take(watched(s), &st->shot, err);
}

static enum oae_status record(struct work *k, const struct state *before,
			      const struct state *after,
			      const struct oae_amount *network,
			      struct oae_error *err)
{
	struct oae_jw *w = oae_transcript_begin(&k->setup->out, "step");
	struct oae_amount disk = { (double)after->shot.disk_bytes -
					   (double)before->shot.disk_bytes,
				   OAE_MEASURED,
				   "blocks of all that is in the place, after"
				   " less before" };
	enum oae_status status;

	oae_jw_int(w, "step", (int64_t)k->index + 1);
	oae_jw_str(w, "about", k->step->about);
	oae_setup_step_write(w, k->step);
	write_argv(w, k);
	write_outcome(w, k);
	oae_amount_write(w, "network_bytes", network, "bytes");
	oae_amount_write(w, "disk_bytes", &disk, "bytes");
	status = oae_shot_write(w, watched(k->setup), &before->shot,
				&after->shot,
				k->step->kind == OAE_SETUP_PACKAGES ?
					"a package's files are dpkg's to list" :
					NULL,
				err);
	if (!status)
		status = write_edits(w, k, err);
	write_packages(w, k, before->packages, after->packages);
	oae_transcript_commit(&k->setup->out);
	return status;
}

enum oae_status oae_setup_step_run(struct oae_setup *s, size_t i,
				   struct oae_error *err)
{
	struct work *k = calloc(1, sizeof(*k));
	struct state before = { 0 }, after = { 0 };
	struct oae_amount network;
	enum oae_status status;
	uint64_t bytes = 0;
	bool known, look;

	if (!k)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	k->setup = s;
	k->step = &s->steps[i];
	k->index = i;
	k->exit = k->signal = -1;
	look = k->step->kind == OAE_SETUP_PACKAGES && !s->options.root;
	k->network = k->step->network ||
		     (k->step->kind == OAE_SETUP_PACKAGES && s->options.root);
	show(k, 0);
	status = take_state(s, &before, err);
	if (!status && !look)
		status = make_argv(k, err);
	known = oae_count_network(&bytes);
	if (!status && look)
		look_for_packages(k);
	else if (!status)
		status = run(k, err);
	network = oae_setup_network(s, k->network, known, bytes);
	if (look)
		network = (struct oae_amount){ 0, OAE_MEASURED,
					       "nothing was run" };
	if (!status)
		status = take_state(s, &after, err);
	if (!status)
		status = record(k, &before, &after, &network, err);
	if (!status && strcmp(k->outcome, "ok") != 0) {
		s->failed = true;
		(void)snprintf(s->why, sizeof(s->why),
			       "step %zu: %.40s: %.400s", i + 1, k->outcome,
			       k->reason);
	}
	oae_shot_release(&before.shot);
	oae_shot_release(&after.shot);
	for (size_t n = 0; n < k->argc; n++)
		free(k->memory[n]);
	free(k);
	return status;
}
