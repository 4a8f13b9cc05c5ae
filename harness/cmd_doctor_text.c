/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/cmd_doctor_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reports/sheet.h"
#include "reports/text.h"

#define LINE_BYTES_MAX (64u << 10)
#define LABEL_COLUMNS 11   /* before the names of sources */
#define FACT_COLUMNS 16	   /* before facts of the machine */
#define VERDICT_COLUMNS 19 /* before what a grade means */

struct page {
	struct oae_buf *b;
	struct oae_buf line; /* the paragraph in work */
	int columns;
};

static void start(struct page *p)
{
	oae_buf_clear(&p->line);
}

/*
 * The paragraph after a label: "  label    words", its next lines below the
 * words.
 */
static void put(struct page *p, const char *label, int indent)
{
	struct oae_buf text;
	const char *s;

	oae_buf_init(&text, LINE_BYTES_MAX);
	oae_wrap_text(&text, oae_buf_str(&p->line), indent, p->columns);
	s = oae_buf_str(&text);
	/* The label stands where the first line is indented. */
	oae_buf_printf(p->b, "  %-*s", indent - 2, label);
	oae_buf_puts(p->b, strlen(s) > (size_t)indent ? s + indent : "\n");
	oae_buf_release(&text);
}

__attribute__((format(printf, 3, 4))) static void
fact(struct page *p, const char *label, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	start(p);
	oae_buf_puts(&p->line, text);
	put(p, label, FACT_COLUMNS);
}

static void heading(struct page *p, const char *text)
{
	oae_buf_printf(p->b, "\n%s\n", text);
}

/* ---- sources ---------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The same reason, or refused things that the same command opens. */
static bool alike(const struct oae_source_row *a,
		  const struct oae_source_row *b)
{
	return !strcmp(a->sensor, b->sensor) && a->state == b->state &&
	       same_text(a->remedy, b->remedy) &&
	       (!strcmp(a->reason, b->reason) ||
		(a->cause == OAE_CAUSE_REFUSED && b->cause == a->cause));
}

/* "perf.cycles" of perf is "cycles". */
static const char *short_name(const struct oae_source_row *r)
{
	size_t n = strlen(r->sensor);

	if (!strncmp(r->source, r->sensor, n) && r->source[n] == '.')
		return r->source + n + 1;
	return strcmp(r->source, r->sensor) ? r->source : "all of it";
}

/* Without what the state beside it says already. */
static const char *short_reason(const struct oae_source_row *r)
{
	static const char phantom[] = "phantom: ";
	size_t n = sizeof(phantom) - 1;

	return r->reason + (strncmp(r->reason, phantom, n) ? 0 : n);
}

/* Rows i.. of one sensor that say the same, as one paragraph. */
static void put_alike(struct page *p, const struct oae_doctor *d, size_t i,
		      bool *shown)
{
	const struct oae_source_row *r = &d->rows[i];
	bool differ = false;
	size_t k, n = 0;

	start(p);
	for (k = i; k < d->row_count; k++) {
		if (shown[k] || !alike(r, &d->rows[k]))
			continue;
		shown[k] = true;
		differ |= strcmp(r->reason, d->rows[k].reason) != 0;
		oae_buf_printf(&p->line, "%s%s", n++ ? ", " : "",
			       short_name(&d->rows[k]));
	}
	if (r->state == OAE_SOURCE_WORKS && r->reason[0])
		oae_buf_printf(&p->line, " (%s)", r->reason);
	put(p, oae_source_state_name(r->state), LABEL_COLUMNS);
	if (r->state != OAE_SOURCE_WORKS) {
		start(p);
		oae_buf_printf(&p->line, "%s%s", short_reason(r),
			       differ ? "; the others likewise" : "");
		put(p, "", LABEL_COLUMNS);
	}
	if (r->remedy)
		oae_buf_printf(p->b, "%*s$ %s\n", LABEL_COLUMNS, "", r->remedy);
	if (r->advice) {
		start(p);
		oae_buf_printf(&p->line, "%s%s", r->remedy ? "" : "-> ",
			       r->advice);
		put(p, "", LABEL_COLUMNS);
	}
}

static void put_sources(struct page *p, const struct oae_doctor *d)
{
	bool shown[OAE_DOCTOR_ROWS_MAX] = { false };
	const char *source;
	size_t i, k;

	heading(p, "WHAT CAN BE MEASURED");
	for (i = 0; (source = oae_doctor_source(i)); i++) {
		start(p);
		oae_buf_printf(&p->line, "%s: %s", source,
			       oae_doctor_about(source));
		oae_wrap_text(p->b, oae_buf_str(&p->line), 0, p->columns);
		for (k = 0; k < d->row_count; k++)
			if (!shown[k] && !strcmp(d->rows[k].sensor, source))
				put_alike(p, d, k, shown);
	}
}

/* ---- machine ---------------------------------------------------------- */

static const char *or_unknown(const char *s)
{
	return *s ? s : "not known";
}

static const char *on_off(oae_tri v)
{
	return v < 0 ? "not known" : v ? "on" : "off";
}

static const char *bytes(char out[OAE_NUMBER_TEXT], int64_t v)
{
	if (v < 0)
		return "not known";
	oae_number_bytes(out, (double)v);
	return out;
}

/* "L1d 32 KiB, L2 1 MiB" */
static void put_caches(struct page *p, const struct oae_machine_cpu *c)
{
	char size[OAE_NUMBER_TEXT];
	size_t i;

	if (!c->cache_count)
		return;
	start(p);
	for (i = 0; i < c->cache_count; i++) {
		const struct oae_machine_cache *k = &c->caches[i];

		oae_buf_printf(&p->line, "%sL%lld%s %s", i ? ", " : "",
			       (long long)k->level,
			       *k->type == 'D' ? "d" :
			       *k->type == 'I' ? "i" :
						 "",
			       bytes(size, k->bytes));
	}
	put(p, "caches", FACT_COLUMNS);
}

static void put_model(struct page *p, const struct oae_machine_cpu *c)
{
	start(p);
	oae_buf_printf(&p->line, "%s (%s", or_unknown(c->model),
		       or_unknown(c->vendor));
	if (c->family >= 0)
		oae_buf_printf(&p->line,
			       ", family %lld, model %lld, stepping"
			       " %lld",
			       (long long)c->family, (long long)c->model_number,
			       (long long)c->stepping);
	oae_buf_printf(&p->line, ", microcode %s)", or_unknown(c->microcode));
	put(p, "processor", FACT_COLUMNS);
}

static void put_cpu(struct page *p, const struct oae_machine_cpu *c)
{
	char mhz[32] = "not known", most[48] = "";

	put_model(p, c);
	start(p);
	if (c->logical > 0)
		oae_buf_printf(&p->line, "%lld CPUs", (long long)c->logical);
	else
		oae_buf_puts(&p->line, "not known");
	if (c->cores > 0)
		oae_buf_printf(&p->line, " on %lld cores in %lld socket%s",
			       (long long)c->cores, (long long)c->sockets,
			       c->sockets == 1 ? "" : "s");
	if (c->allowed > 0 && c->allowed != c->logical)
		oae_buf_printf(&p->line, ", %lld for us",
			       (long long)c->allowed);
	oae_buf_printf(&p->line, "; SMT %s",
		       !strcmp(c->smt, "notsupported") ? "not there" :
							 or_unknown(c->smt));
	put(p, "CPUs", FACT_COLUMNS);
	if (c->flags[0])
		fact(p, "instructions", "%s", c->flags);
	put_caches(p, c);
	if (!isnan(c->mhz))
		(void)snprintf(mhz, sizeof(mhz), "%.0f MHz now", c->mhz);
	if (!isnan(c->mhz_max))
		(void)snprintf(most, sizeof(most), ", %.0f at most",
			       c->mhz_max);
	fact(p, "frequency", "%s%s; governor %s, turbo %s", mhz, most,
	     or_unknown(c->governor), on_off(c->turbo));
}

static void put_memory(struct page *p, const struct oae_machine *m)
{
	char a[OAE_NUMBER_TEXT], b[OAE_NUMBER_TEXT];

	start(p);
	if (m->memory_bytes < 0)
		oae_buf_puts(&p->line, "not known; ");
	else
		oae_buf_printf(&p->line, "%s, %s available; ",
			       bytes(a, m->memory_bytes),
			       bytes(b, m->memory_available_bytes));
	if (m->swap_bytes <= 0)
		oae_buf_puts(&p->line,
			     m->swap_bytes ? "swap not known" : "no swap");
	else
		oae_buf_printf(&p->line, "swap %s, %s in use",
			       bytes(a, m->swap_bytes),
			       bytes(b, m->swap_used_bytes));
	put(p, "memory", FACT_COLUMNS);
	start(p);
	if (m->numa_nodes > 0)
		oae_buf_printf(&p->line, "%lld node%s",
			       (long long)m->numa_nodes,
			       m->numa_nodes == 1 ? "" : "s");
	else
		oae_buf_puts(&p->line, "not known");
	oae_buf_printf(&p->line, "; transparent huge pages %s",
		       or_unknown(m->huge_pages));
	put(p, "NUMA", FACT_COLUMNS);
	if (m->disk_free_bytes >= 0)
		fact(p, "disk", "%s free in this folder",
		     bytes(a, m->disk_free_bytes));
}

static void put_cgroups(struct page *p, const struct oae_machine *m)
{
	char size[OAE_NUMBER_TEXT];
	size_t i;

	start(p);
	oae_buf_puts(&p->line, or_unknown(m->cgroup_layout));
	for (i = 0; i < m->cgroup_count; i++)
		oae_buf_printf(&p->line, "%s%s", i ? " " : ": ",
			       m->cgroups[i].name);
	if (!isnan(m->cgroup_cpus))
		oae_buf_printf(&p->line, "; we may use %.3g CPUs",
			       m->cgroup_cpus);
	if (m->cgroup_memory_bytes > 0)
		oae_buf_printf(&p->line, "; we may use %s of memory",
			       bytes(size, m->cgroup_memory_bytes));
	put(p, "cgroups", FACT_COLUMNS);
}

static void put_system(struct page *p, const struct oae_machine *m)
{
	char paranoid[32] = "not known", slack[48] = "";

	if (m->perf_event_paranoid != OAE_MACHINE_NO_PARANOID)
		(void)snprintf(paranoid, sizeof(paranoid), "%lld",
			       (long long)m->perf_event_paranoid);
	if (m->timer_slack_ns >= 0)
		(void)snprintf(slack, sizeof(slack), "; timer slack %lld us",
			       (long long)m->timer_slack_ns / 1000);
	fact(p, "kernel", "%s%s%s; perf_event_paranoid %s",
	     or_unknown(m->kernel), *m->arch ? " " : "", m->arch, paranoid);
	fact(p, "virtual", "%s%s%s%s%s",
	     m->virtual < 0 ? "not known" :
	     m->virtual	    ? "yes, " :
			      "no",
	     m->virtual == 1 ? or_unknown(m->hypervisor) : "",
	     m->container[0] ? "; container: " : "", m->container,
	     m->container[0] ? " by its mark" : "");
	if (m->vulnerability_count)
		fact(p, "mitigations", "%zu on, %zu vulnerable, %zu not needed",
		     oae_machine_count_vulnerable(m, "Mitigation"),
		     oae_machine_count_vulnerable(m, "Vulnerable"),
		     oae_machine_count_vulnerable(m, "Not affected"));
	fact(p, "clock", "%s%s", or_unknown(m->clock_source), slack);
	if (m->on_battery >= 0)
		fact(p, "power", "%s", m->on_battery ? "battery" : "mains");
	put_cgroups(p, m);
	if (!isnan(m->time.load_1min))
		fact(p, "load", "%.2f over a minute", m->time.load_1min);
	if (!isnan(m->time.uptime_s))
		fact(p, "up for", "%.1f h", m->time.uptime_s / 3600);
}

static void put_watch(struct page *p, const struct oae_doctor *d)
{
	const struct oae_watch *w = &d->watch;
	char title[80];

	if (!d->watched)
		return;
	(void)snprintf(title, sizeof(title), "WATCHED FOR %.1f S", w->seconds);
	heading(p, title);
	if (!isnan(w->busy_share)) {
		fact(p, "CPU time", "%.0f %% in use, %.0f %% by others%s",
		     100 * w->busy_share, 100 * w->others_share,
		     w->busiest[0] && w->busiest_cores >= 0.01 ? "; most by" :
								 "");
		if (w->busiest[0] && w->busiest_cores >= 0.01)
			fact(p, "", "%s (pid %lld): %.2f CPUs", w->busiest,
			     (long long)w->busiest_pid, w->busiest_cores);
		if (d->machine.virtual != 0)
			fact(p, "stolen", "%.1f %% went to others on the host",
			     100 * w->steal_share);
	}
	if (w->sleeps)
		fact(p, "wake-ups",
		     "%.2f ms late (median of %u), %.2f ms (99 %%), %.1f ms"
		     " (worst)",
		     (double)w->late_p50_ns / 1e6, w->sleeps,
		     (double)w->late_p99_ns / 1e6,
		     (double)w->late_max_ns / 1e6);
}

/* ---- verdicts --------------------------------------------------------- */

static void put_verdicts(struct page *p, const struct oae_doctor *d)
{
	char label[40];
	size_t i;
	int t;

	heading(p, "HOW FAR TO TRUST IT");
	for (t = 0; t < OAE_TOPICS; t++) {
		const struct oae_verdict *v = &d->verdicts[t];

		(void)snprintf(label, sizeof(label), "%-10s %s",
			       oae_topic_name((enum oae_topic)t),
			       oae_grade_name(v->grade));
		start(p);
		oae_buf_puts(&p->line, v->text);
		put(p, label, VERDICT_COLUMNS);
		for (i = 0; i < v->count; i++) {
			start(p);
			oae_buf_puts(&p->line, v->findings[i].text);
			put(p, "               -", VERDICT_COLUMNS);
			if (v->findings[i].remedy[0])
				oae_buf_printf(p->b, "%*s$ %s\n",
					       VERDICT_COLUMNS, "",
					       v->findings[i].remedy);
		}
	}
	oae_buf_putc(p->b, '\n');
	oae_wrap_text(p->b, d->overall, 0, p->columns);
}

void oae_doctor_print(const struct oae_doctor *d, struct oae_buf *b,
		      int columns)
{
	struct page p = { .b = b, .columns = columns };

	oae_buf_init(&p.line, LINE_BYTES_MAX);
	start(&p);
	oae_buf_printf(&p.line, "oae doctor: %s, %s, %.1f s",
		       *d->sysroot ? d->sysroot : "this machine", d->utc,
		       d->seconds);
	if (*d->sysroot)
		oae_buf_puts(&p.line,
			     "; what asks the running kernel (proc, perf, ..)"
			     " is about this machine all the same");
	oae_wrap_text(b, oae_buf_str(&p.line), 0, columns);
	put_sources(&p, d);
	heading(&p, "THE MACHINE");
	put_cpu(&p, &d->machine.cpu);
	put_memory(&p, &d->machine);
	put_system(&p, &d->machine);
	put_watch(&p, d);
	put_verdicts(&p, d);
	oae_buf_release(&p.line);
}
