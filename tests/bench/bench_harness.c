/* SPDX-License-Identifier: Apache-2.0 */
/* What the harness itself costs: `make bench-harness`. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "harness/probe.h"
#include "harness/sensors/proc.h"
#include "schema/harness_cost.h"
#include "tests/bench/bench.h"

#define TOKEN_TARGET_NS 5000
#define DISPATCH_TARGET_NS 1e6
#define SENSORS_TARGET_PERCENT 0.5
#define GROWTH_TARGET_KIB 1024 /* over the whole of the memory part */
#define SENSORS_PER_S 10
#define HOLD_BYTES ((size_t)256 << 20)

static const char help[] =
	"usage: bench-harness [--json] [-o FILE] [--adapter PROGRAM]"
	" [--requests N]\n"
	"                     [--scale PART] [--only PART]\n\n"
	"Measures what the harness itself costs, through the code of `oae run`"
	" and\nthe null adapter, which has no model: CPU time and wall time"
	" of a request,\nCPU time of a token event, events a second, lateness"
	" of sending at several\nrates, the sensors' share of a core, and"
	" memory over many requests. Prints a\ntable of figures with their"
	" targets. When something else ran on the machine\nit says so: then"
	" figures are upper bounds.\nThe memory part keeps its"
	" journal, 500 MB, in $TMPDIR\nor /tmp until it is over.\n\n"
	"  --json             print JSON instead of the table\n"
	"  -o, --out FILE     write the JSON there as well\n"
	"  --adapter PROGRAM  the null adapter (default: adapters/null beside"
	" this program)\n"
	"  --requests N       requests of the memory part (default 1000000)\n"
	"  --scale PART       share of the other parts' length, 0.01 to 1\n"
	"  --only PART        events, saturation, dispatch, sensors, waiting or"
	" memory\n\n"
	"exit codes: 0 done, whether or not targets were met; 1 failed; 64"
	" usage\n";

struct job {
	char adapter[OAE_PATH_BYTES_MAX];
	const char *out, *only;
	bool json, help;
	double scale;
	uint32_t requests;
	char dir[64];
	struct oae_sensors sensors;
	struct report report;
	/* of the memory part */
	double rss_first_kib, rss_last_kib, rss_max_kib;
};

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	stop = signal;
}

static uint32_t scaled(const struct job *j, double n, uint32_t least)
{
	double v = n * j->scale;

	return v < least ? least : (uint32_t)v;
}

/* ---- probes ------------------------------------------------------------- */

static double rss_kib(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%*s %ld", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static void watch_memory(void *ctx, const struct oae_run *r, size_t finished)
{
	struct job *j = ctx;
	double kib = rss_kib();

	/* What the first of a hundred parts needs is the working set. */
	if (finished < r->count / 100 || !finished)
		return;
	if (j->rss_first_kib == 0)
		j->rss_first_kib = kib;
	j->rss_last_kib = kib;
	if (kib > j->rss_max_kib)
		j->rss_max_kib = kib;
}

/*
 * Runs probes into a journal of their own; *cost is what it says, or NULL
 * for a journal that is too long to be read back.
 */
static enum oae_status probes(struct job *j, const struct oae_probe *p,
			      size_t n, struct oae_run_result *result,
			      struct oae_harness_cost *cost,
			      struct oae_error *err)
{
	struct oae_journal journal;
	struct oae_records records = { 0 };
	struct oae_bench b = {
		.journal = &journal,
		.sensors = &j->sensors,
		.limits = &oae_session_limits_default,
		.stop = &stop,
		.progress = cost ? NULL : watch_memory,
		.progress_ctx = j,
	};
	char path[sizeof(j->dir) + 32];
	enum oae_status status;
	struct oae_jw *w;
	size_t i;

	(void)snprintf(path, sizeof(path), "%s/%s", j->dir, OAE_JOURNAL_NAME);
	status = oae_journal_create(&journal, path, err);
	if (status)
		return status;
	w = oae_journal_begin(&journal, "campaign");
	oae_jw_int(w, "journal", OAE_JOURNAL_VERSION);
	oae_jw_str(w, "spec", OAE_SPEC_VERSION);
	status = oae_journal_commit(&journal, err);
	for (i = 0; i < n && !status; i++) {
		status = oae_probe_run(&b, j->adapter, i, &p[i], result, err);
		if (!status && result->status != OAE_RUN_OK)
			status = oae_fail(err, OAE_ERR_TARGET, 0, "%s: %s",
					  p[i].name, result->reason);
	}
	oae_journal_close(&journal);
	if (!status && cost)
		status = oae_records_read(path, &records, err);
	if (!status && cost)
		status = oae_harness_cost(&records, cost, err);
	oae_records_release(&records);
	unlink(path);
	return status;
}

static enum oae_status events(struct job *j, struct oae_error *err)
{
	const struct oae_probe p[] = {
		{ .name = OAE_PROBE_REQUESTS,
		  .requests = scaled(j, 20000, 200),
		  .tokens = 1,
		  .in_flight = 1 },
		{ .name = OAE_PROBE_TOKENS,
		  .requests = scaled(j, 100, 5),
		  .tokens = 41,
		  .delay_us = 1500,
		  .in_flight = 1 },
	};
	struct oae_run_result result;
	struct oae_harness_cost c;
	enum oae_status status = probes(j, p, 2, &result, &c, err);

	if (status)
		return status;
	report_add(&j->report, "request_cpu", "ns", c.request_cpu, NAN,
		   "CPU of a request with one token");
	report_add(&j->report, "request_wall", "ns", c.request_wall, NAN,
		   "wall time of the same, adapter included");
	report_add(&j->report, "token_cpu", "ns", c.token_cpu, TOKEN_TARGET_NS,
		   "CPU of a token event that comes alone");
	report_add(&j->report, "wakeup_cpu", "ns",
		   bench_wakeup_ns(scaled(j, 1000, 50), 1500), NAN,
		   "the kernel's part of that: to wake up and read");
	return OAE_OK;
}

/* As fast as it goes: 64 requests in flight, three lines of tokens each. */
static enum oae_status saturation(struct job *j, struct oae_error *err)
{
	const struct oae_probe p = {
		.name = "saturation",
		.requests = scaled(j, 60000, 500),
		.tokens = 3,
		.in_flight = 64,
	};
	struct oae_run_result result;
	struct oae_harness_cost c;
	enum oae_status status = probes(j, &p, 1, &result, &c, err);
	double n = (double)result.events;

	if (status)
		return status;
	report_add(&j->report, "event_cpu", "ns", (double)result.harness_ns / n,
		   TOKEN_TARGET_NS,
		   "CPU of an event at saturation, requests included");
	report_add(&j->report, "events_per_s", "1/s",
		   n / (1e-9 * (double)result.measure_ns), NAN,
		   "events at saturation");
	return OAE_OK;
}

static enum oae_status dispatch(struct job *j, double per_s, double seconds,
				const char *const names[3], double target,
				struct oae_error *err)
{
	const struct oae_probe p = {
		.name = OAE_PROBE_DISPATCH,
		.requests = scaled(j, per_s * seconds, 3),
		.tokens = 1,
		.in_flight = 64,
		.per_s = per_s,
	};
	struct oae_run_result result;
	struct oae_harness_cost c;
	enum oae_status status = probes(j, &p, 1, &result, &c, err);
	struct row *row;

	if (status)
		return status;
	report_add(&j->report, names[0], "ns", c.dispatch_p50, NAN,
		   "median of sent - due");
	row = report_add(&j->report, names[1], "ns", c.dispatch_p99, target,
			 "p99 of sent - due");
	if (isnan(c.dispatch_p99))
		(void)snprintf(row->reason, sizeof(row->reason),
			       "%zu requests are too few for it", c.dispatches);
	report_add(&j->report, names[2], "ns", c.dispatch_max, NAN,
		   "latest of sent - due");
	return OAE_OK;
}

static enum oae_status dispatches(struct job *j, struct oae_error *err)
{
	static const struct {
		double per_s, seconds, target;
		const char *names[3];
	} parts[] = {
		{ 1,
		  12,
		  NAN,
		  { "dispatch_1_p50", "dispatch_1_p99", "dispatch_1_max" } },
		{ 10,
		  12,
		  NAN,
		  { "dispatch_10_p50", "dispatch_10_p99", "dispatch_10_max" } },
		{ 100,
		  10,
		  NAN,
		  { "dispatch_100_p50", "dispatch_100_p99",
		    "dispatch_100_max" } },
		{ 1000,
		  10,
		  DISPATCH_TARGET_NS,
		  { "dispatch_1000_p50", "dispatch_1000_p99",
		    "dispatch_1000_max" } },
	};
	enum oae_status status = OAE_OK;
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]) && !status; i++)
		status = dispatch(j, parts[i].per_s, parts[i].seconds,
				  parts[i].names, parts[i].target, err);
	return status;
}

/* One run of very many requests: what is kept of each of them? */
static enum oae_status memory(struct job *j, struct oae_error *err)
{
	const struct oae_probe p = {
		.name = "memory",
		.requests = j->requests,
		.tokens = 1,
		.in_flight = 64,
	};
	double before = rss_kib();
	struct oae_run_result result;
	enum oae_status status = probes(j, &p, 1, &result, NULL, err);
	struct row *row;

	if (status)
		return status;
	report_add(&j->report, "memory_requests", "count", j->requests, NAN,
		   "requests of the memory part, one run");
	report_add(&j->report, "memory_seconds", "s",
		   1e-9 * (double)result.measure_ns, NAN, "its wall time");
	if (j->rss_first_kib == 0)
		j->rss_first_kib = j->rss_last_kib = j->rss_max_kib = NAN;
	report_add(&j->report, "memory_plan", "bytes",
		   (j->rss_first_kib - before) * 1024 / j->requests, NAN,
		   "memory of the plan, each request");
	report_add(&j->report, "memory_rss", "KiB", j->rss_max_kib, NAN,
		   "most that was resident");
	row = report_add(&j->report, "memory_growth", "KiB",
			 j->rss_max_kib - j->rss_first_kib, GROWTH_TARGET_KIB,
			 "growth from the first per cent to the last");
	if (isnan(j->rss_first_kib))
		(void)snprintf(row->reason, sizeof(row->reason),
			       "too few requests to see it grow");
	return OAE_OK;
}

/* ---- sensors ------------------------------------------------------------ */

/* A child that holds memory and does nothing. */
static pid_t hold(size_t bytes)
{
	char *at;
	pid_t pid = fork();

	if (pid)
		return pid;
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		_exit(1);
	memset(at, 1, bytes);
	for (;;)
		pause();
}

/* All sensors and the tree's memory, ten times a second. */
static enum oae_status sensors(struct job *j, struct oae_error *err)
{
	struct oae_channel_value v[OAE_CHANNELS_MAX];
	static struct oae_tree tree;
	struct oae_target target = { .pid = hold(HOLD_BYTES) };
	pid_t pid = target.pid;
	uint32_t n = scaled(j, 100, 10), i;
	double read_ns = 0, memory_ns = 0, begin_ns, start, wall_ns;
	uint64_t due, memory_due = 0, bytes, looks = 0;

	if (pid < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "fork");
	oae_sensors_attach(&j->sensors, &target);
	due = oae_clock_ns() + 300000000u; /* it fills its memory */
	begin_ns = (double)due;
	for (i = 0; i < n; i++) {
		oae_clock_sleep_until(due);
		due += 1000000000u / SENSORS_PER_S;
		start = bench_cpu_ns();
		oae_sensors_read(&j->sensors, v);
		read_ns += bench_cpu_ns() - start;
		if (oae_clock_ns() < memory_due)
			continue;
		start = bench_cpu_ns();
		(void)oae_tree_pss_bytes(&tree, pid, &bytes);
		memory_ns += bench_cpu_ns() - start;
		memory_due =
			oae_clock_ns() +
			oae_tree_pause_ns((uint64_t)(bench_cpu_ns() - start));
		looks++;
	}
	wall_ns = (double)oae_clock_ns() - begin_ns;
	oae_sensors_detach(&j->sensors);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	report_add(&j->report, "sensors_share", "%",
		   100 * (read_ns + memory_ns) / wall_ns,
		   SENSORS_TARGET_PERCENT,
		   "of a core, all sensors ten times a second, with memory");
	report_add(&j->report, "sensors_reading", "ns", read_ns / n, NAN,
		   "to read all sensors once");
	report_add(&j->report, "memory_reading", "ns",
		   memory_ns / (double)looks, NAN,
		   "to read the memory of a process of 256 MiB");
	return OAE_OK;
}

/* A run that waits for a slow system: everything that the harness does. */
static enum oae_status waiting(struct job *j, struct oae_error *err)
{
	const struct oae_probe p = {
		.name = "waiting",
		.requests = 1,
		.tokens = scaled(j, 10, 2),
		.delay_us = 1000000,
		.in_flight = 1,
	};
	struct oae_run_result result;
	struct oae_harness_cost c;
	enum oae_status status = probes(j, &p, 1, &result, &c, err);

	if (status)
		return status;
	report_add(&j->report, "waiting_share", "%",
		   100 * (double)result.harness_ns / (double)result.measure_ns,
		   SENSORS_TARGET_PERCENT,
		   "of a core, while an adapter is slow; sensors included");
	return OAE_OK;
}

/* ---- main --------------------------------------------------------------- */

static enum oae_status measure(struct job *j, struct oae_error *err)
{
	static const struct {
		const char *name;
		enum oae_status (*run)(struct job *j, struct oae_error *err);
	} parts[] = {
		{ "events", events },	    { "saturation", saturation },
		{ "dispatch", dispatches }, { "sensors", sensors },
		{ "waiting", waiting },	    { "memory", memory },
	};
	enum oae_status status = oae_sensors_open(&j->sensors, "", 0, err);
	size_t i;

	machine_begin(&j->report.machine);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]) && !status; i++)
		if (!j->only || strcmp(j->only, parts[i].name) == 0)
			status = parts[i].run(j, err);
	if (!status && !j->report.count)
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "--only %s: no such part; see --help",
				  j->only);
	machine_end(&j->report.machine);
	oae_sensors_close(&j->sensors);
	return status;
}

static enum oae_status write_report(const struct job *j, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_buf json, text;

	oae_buf_init(&json, OAE_TEXT_FILE_BYTES_MAX);
	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	report_json(&j->report, &json);
	report_table(&j->report, &text);
	status = oae_buf_check(&json, "report", err);
	if (!status)
		status = oae_buf_check(&text, "report", err);
	if (!status && j->out)
		status = oae_file_write(j->out, json.data, json.len, err);
	if (!status &&
	    (fputs(oae_buf_str(j->json ? &json : &text), stdout) < 0 ||
	     fflush(stdout) < 0))
		status = oae_fail(err, OAE_ERR_IO, errno, "standard output");
	oae_buf_release(&json);
	oae_buf_release(&text);
	return status;
}

static enum oae_status usage(struct oae_error *err, const char *what)
{
	return oae_fail(err, OAE_ERR_USAGE, 0, "%s; see --help", what);
}

static enum oae_status read_args(struct job *j, int argc, char **argv,
				 struct oae_error *err)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "out", required_argument, NULL, 'o' },
		{ "adapter", required_argument, NULL, 'a' },
		{ "only", required_argument, NULL, 'n' },
		{ "requests", required_argument, NULL, 'r' },
		{ "scale", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	char *end = NULL;
	double n;
	int c;

	opterr = 0; /* our words, one line */
	while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		if (c == 'j')
			j->json = true;
		else if (c == 'o')
			j->out = optarg;
		else if (c == 'a')
			(void)snprintf(j->adapter, sizeof(j->adapter), "%s",
				       optarg);
		else if (c == 'n')
			j->only = optarg;
		else if (c == 'h')
			j->help = true;
		else if (c != 'r' && c != 's')
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"%.60s: no such option, or without its"
					" value; see --help",
					argv[optind - 1]);
		if (c != 'r' && c != 's')
			continue;
		n = strtod(optarg, &end);
		if (*end || end == optarg)
			return usage(err, "a number is expected");
		if (c == 's' && !(n >= 0.01 && n <= 1))
			return usage(err, "--scale: 0.01 to 1");
		if (c == 'r' && !(n >= 1 && n <= OAE_REQUESTS_PER_RUN_MAX))
			return usage(err, "--requests: 1 to 1000000");
		if (c == 's')
			j->scale = n;
		else
			j->requests = (uint32_t)n;
	}
	return optind < argc ? usage(err, "too many words") : OAE_OK;
}

/* The adapter beside this program, and a place for journals. */
static enum oae_status prepare(struct job *j, struct oae_error *err)
{
	const char *tmp = getenv("TMPDIR");
	char *slash;
	ssize_t n;

	n = readlink("/proc/self/exe", j->adapter, sizeof(j->adapter) - 32);
	slash = n > 0 ? strrchr(j->adapter, '/') : NULL;
	if (!slash)
		return oae_fail(err, OAE_ERR_IO, errno, "/proc/self/exe");
	(void)snprintf(slash, 32, "/adapters/null");
	if (!tmp || !*tmp || strlen(tmp) > sizeof(j->dir) - 32)
		tmp = "/tmp";
	(void)snprintf(j->dir, sizeof(j->dir), "%s/oae-bench-XXXXXX", tmp);
	return OAE_OK;
}

static int work(struct job *j, struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	if (access(j->adapter, X_OK) < 0)
		status = oae_fail(err, OAE_ERR_USAGE, errno,
				  "%s: no null adapter there; build it with"
				  " `make`",
				  j->adapter);
	if (!status && !mkdtemp(j->dir))
		return oae_fail(err, OAE_ERR_IO, errno, "%s", j->dir);
	if (status)
		return status;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	status = measure(j, err);
	rmdir(j->dir);
	if (stop && !status)
		status = oae_fail(err, OAE_ERR_IO, 0, "interrupted");
	return status ? status : write_report(j, err);
}

int main(int argc, char **argv)
{
	static struct job job = { .scale = 1, .requests = 1000000 };
	struct oae_error err = { 0 };
	enum oae_status status = prepare(&job, &err);

	signal(SIGPIPE, SIG_IGN);
	if (!status)
		status = read_args(&job, argc, argv, &err);
	if (!status && job.help) {
		fputs(help, stdout);
		return OAE_EXIT_OK;
	}
	if (!status)
		status = work(&job, &err);
	return status ? oae_die_code("bench-harness", &err) : OAE_EXIT_OK;
}
