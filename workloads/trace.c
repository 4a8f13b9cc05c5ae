/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/trace.h"

#include <csv.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/buf.h"

#define BLOCK_BYTES 65536u
#define NS_PER_S 1000000000ull
/* The largest time in seconds whose nanoseconds fit. */
#define SECONDS_MAX (UINT64_MAX / NS_PER_S - 1)
#define TOKEN_DIGITS_MAX 9

enum column {
	TIME,
	TOKENS_IN,
	TOKENS_OUT,
	COLUMNS
};

static bool date_time(const char *text, uint64_t *ns);
static bool seconds(const char *text, uint64_t *ns);

static const struct layout {
	const char *name, *column[COLUMNS];
	bool (*time)(const char *text, uint64_t *ns);
	const char *time_is;
} layouts[] = {
	{ "azure",
	  { "TIMESTAMP", "ContextTokens", "GeneratedTokens" },
	  date_time,
	  "a date and time (2023-11-16 18:15:46.6805900)" },
	{ "burstgpt",
	  { "Timestamp", "Request tokens", "Response tokens" },
	  seconds,
	  "seconds from the start, 0 or more" },
};

struct reader {
	struct oae_trace *trace;
	const char *path;
	struct oae_error *err;
	enum oae_status status;
	size_t row, alloc;
	uint64_t first_ns;
	const struct layout *layout;
	int where[COLUMNS]; /* which column holds it; -1 unknown */
	int width, column;
	/* of the row going on; the header's names while layout is NULL */
	char field[OAE_TRACE_COLUMNS_MAX][OAE_TRACE_FIELD_BYTES_MAX + 1];
};

static void bad(struct reader *r, enum oae_status status, const char *why)
{
	r->status = oae_fail(r->err, status, 0, "%s row %zu: %s", r->path,
			     r->row + 1, why);
}

/* ---- times -------------------------------------------------------------- */

/* Exactly n digits at *at, which goes on behind them. */
static bool digits(const char **at, int n, uint64_t *out)
{
	for (*out = 0; n > 0; n--, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return false;
		*out = *out * 10 + (uint64_t)(**at - '0');
	}
	return true;
}

/* ".123" as nanoseconds; what is finer is dropped; none is 0. */
static bool fraction(const char **at, uint64_t *ns)
{
	uint64_t unit = NS_PER_S / 10;

	*ns = 0;
	if (**at != '.')
		return true;
	(*at)++;
	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); (*at)++, unit /= 10)
		*ns += unit * (uint64_t)(**at - '0');
	return true;
}

static bool seconds(const char *text, uint64_t *ns)
{
	uint64_t s = 0, part;
	const char *at = text;

	for (; isdigit((unsigned char)*at); at++) {
		s = s * 10 + (uint64_t)(*at - '0');
		if (s > SECONDS_MAX)
			return false;
	}
	if (at == text || !fraction(&at, &part) || *at)
		return false;
	*ns = s * NS_PER_S + part;
	return true;
}

/* Days from 1970-01-01 in the Gregorian calendar, y >= 1970. */
static uint64_t days_of(uint64_t y, uint64_t m, uint64_t d)
{
	static const unsigned before[] = { 0,	31,  59,  90,  120, 151,
					   181, 212, 243, 273, 304, 334 };
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	uint64_t leaps = (y - 1) / 4 - (y - 1) / 100 + (y - 1) / 400 - 477;

	return (y - 1970) * 365 + leaps + before[m - 1] + (leap && m > 2) + d -
	       1;
}

/* "", "Z" or "+01:00": the seconds that the zone is ahead of UTC. */
static bool zone(const char *at, int64_t *ahead_s)
{
	uint64_t h, m = 0;
	bool east = *at == '+';

	*ahead_s = 0;
	if (*at == '\0' || strcmp(at, "Z") == 0)
		return true;
	if (*at != '+' && *at != '-')
		return false;
	at++;
	if (!digits(&at, 2, &h) || (*at == ':' && (at++, !digits(&at, 2, &m))))
		return false;
	*ahead_s = (int64_t)(h * 3600 + m * 60) * (east ? 1 : -1);
	return *at == '\0' && h <= 14 && m < 60;
}

static bool date_time(const char *text, uint64_t *ns)
{
	uint64_t y, mo, d, h, mi, s, part;
	const char *at = text;
	int64_t ahead_s;

	if (!digits(&at, 4, &y) || *at++ != '-' || !digits(&at, 2, &mo) ||
	    *at++ != '-' || !digits(&at, 2, &d) || (*at != ' ' && *at != 'T'))
		return false;
	at++;
	if (!digits(&at, 2, &h) || *at++ != ':' || !digits(&at, 2, &mi) ||
	    *at++ != ':' || !digits(&at, 2, &s) || !fraction(&at, &part) ||
	    !zone(at, &ahead_s))
		return false;
	if (y < 1971 || y > 2500 || mo < 1 || mo > 12 || d < 1 || d > 31 ||
	    h > 23 || mi > 59 || s > 60)
		return false;
	s += days_of(y, mo, d) * 86400 + h * 3600 + mi * 60;
	*ns = (uint64_t)((int64_t)s - ahead_s) * NS_PER_S + part;
	return true;
}

/* ---- rows --------------------------------------------------------------- */

static void on_field(void *data, size_t len, void *ctx)
{
	struct reader *r = ctx;

	if (r->status)
		return;
	if (r->column == (int)OAE_TRACE_COLUMNS_MAX)
		bad(r, OAE_ERR_LIMIT, "more than 64 columns");
	else if (len > OAE_TRACE_FIELD_BYTES_MAX)
		bad(r, OAE_ERR_LIMIT, "a field of more than 256 bytes");
	else if (len && memchr(data, '\0', len))
		bad(r, OAE_ERR_FORMAT, "a NUL byte; is it a CSV file?");
	if (r->status)
		return;
	if (len)
		memcpy(r->field[r->column], data, len);
	r->field[r->column++][len] = '\0';
}

static int find(const struct reader *r, const char *name)
{
	for (int i = 0; i < r->column; i++)
		if (strcmp(r->field[i], name) == 0)
			return i;
	return -1;
}

static void take_header(struct reader *r)
{
	/* A byte order mark is no part of a name. */
	if (strncmp(r->field[0], "\xef\xbb\xbf", 3) == 0)
		memmove(r->field[0], r->field[0] + 3,
			strlen(r->field[0] + 3) + 1);
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		bool all = true;

		for (int c = 0; c < COLUMNS; c++) {
			r->where[c] = find(r, layouts[i].column[c]);
			all = all && r->where[c] >= 0;
		}
		if (!all)
			continue;
		r->layout = &layouts[i];
		r->trace->layout = layouts[i].name;
		r->width = r->column;
		return;
	}
	bad(r, OAE_ERR_FORMAT,
	    "the header is of no known trace: TIMESTAMP,ContextTokens,"
	    "GeneratedTokens (Azure) or Timestamp,...,Request tokens,"
	    "Response tokens,... (BurstGPT)");
}

static bool is_count(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n <= TOKEN_DIGITS_MAX && s[n] == '\0';
}

static void add_time(struct reader *r, uint64_t ns)
{
	struct oae_trace *t = r->trace;

	if (t->count == 0)
		r->first_ns = ns;
	if (ns < r->first_ns ||
	    (t->count && ns - r->first_ns < t->due_ns[t->count - 1])) {
		bad(r, OAE_ERR_FORMAT,
		    "is earlier than the row before it; sort the trace by"
		    " time");
		return;
	}
	if (t->count == OAE_TRACE_ROWS_MAX) {
		bad(r, OAE_ERR_LIMIT,
		    "more than 1000000 requests; cut the trace");
		return;
	}
	if (t->count == r->alloc) {
		size_t n = r->alloc ? 2 * r->alloc : 1024;
		uint64_t *more = reallocarray(t->due_ns, n, sizeof(*more));

		if (!more) {
			r->status = oae_fail(r->err, OAE_ERR_NOMEM, 0,
					     "%s: out of memory", r->path);
			return;
		}
		t->due_ns = more;
		r->alloc = n;
	}
	t->due_ns[t->count++] = ns - r->first_ns;
}

static void take_row(struct reader *r)
{
	char why[160];
	uint64_t ns;

	if (r->column != r->width)
		bad(r, OAE_ERR_FORMAT, "has not as many fields as the header");
	else if (!is_count(r->field[r->where[TOKENS_IN]]) ||
		 !is_count(r->field[r->where[TOKENS_OUT]]))
		bad(r, OAE_ERR_FORMAT,
		    "its tokens must be whole numbers, 0 or more");
	else if (!r->layout->time(r->field[r->where[TIME]], &ns)) {
		(void)snprintf(why, sizeof(why), "its time is not %s",
			       r->layout->time_is);
		bad(r, OAE_ERR_FORMAT, why);
	} else {
		add_time(r, ns);
	}
}

static void on_row(int terminator, void *ctx)
{
	struct reader *r = ctx;

	(void)terminator;
	if (r->status)
		return;
	if (!r->layout)
		take_header(r);
	else
		take_row(r);
	r->row++;
	r->column = 0;
}

static void parse(struct reader *r, const struct oae_buf *text)
{
	struct csv_parser csv;
	size_t at = 0, n;
	bool fine = true;

	if (csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI)) {
		r->status = oae_fail(r->err, OAE_ERR_NOMEM, 0,
				     "%s: out of memory", r->path);
		return;
	}
	for (; fine && !r->status && at < text->len; at += n) {
		n = text->len - at < BLOCK_BYTES ? text->len - at : BLOCK_BYTES;
		fine = csv_parse(&csv, text->data + at, n, on_field, on_row,
				 r) == n;
	}
	if (fine && !r->status)
		fine = csv_fini(&csv, on_field, on_row, r) == 0;
	if (!fine && !r->status)
		bad(r, OAE_ERR_FORMAT, csv_strerror(csv_error(&csv)));
	csv_free(&csv);
	if (!r->status && !r->trace->count)
		r->status = oae_fail(r->err, OAE_ERR_FORMAT, 0,
				     "%s: holds no request", r->path);
}

enum oae_status oae_trace_read(const char *path, struct oae_trace *t,
			       struct oae_error *err)
{
	struct reader *r;
	struct oae_buf text;
	enum oae_status status;
	struct stat st;

	memset(t, 0, sizeof(*t));
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s: is no file; name a trace in CSV", path);
	r = calloc(1, sizeof(*r));
	if (!r)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "%s: out of memory",
				path);
	r->trace = t;
	r->path = path;
	r->err = err;
	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_file_read(path, &text, err);
	if (!status) {
		parse(r, &text);
		status = r->status;
	}
	oae_buf_release(&text);
	free(r);
	return status;
}

void oae_trace_release(struct oae_trace *t)
{
	free(t->due_ns);
	memset(t, 0, sizeof(*t));
}
