/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a machine can measure, what stands in the way, and how far its
 * results can be trusted. Everything that decides is a table:
 * doctor_remedies.c says what helps, doctor_verdict.c from where on a fact
 * costs a grade.
 */
#ifndef OAE_HARNESS_DOCTOR_H
#define OAE_HARNESS_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/status.h"
#include "harness/machine.h"
#include "harness/machine_watch.h"
#include "schema/energy.h"

#define OAE_DOCTOR_VERSION 1
#define OAE_DOCTOR_ROWS_MAX 256u
#define OAE_DOCTOR_FINDINGS_MAX 12u
#define OAE_DOCTOR_ASK_MS 2000u	    /* one source may take */
#define OAE_DOCTOR_SOURCES_MS 3000u /* all of them together */
#define OAE_DOCTOR_WATCH_MS 1000u

enum oae_source_state {
	OAE_SOURCE_WORKS,
	OAE_SOURCE_REFUSED, /* there, but not for this user */
	OAE_SOURCE_ABSENT,  /* not there, or what reads it is not */
	OAE_SOURCE_PHANTOM, /* can be read and counts nothing */
};

/* Why it does not work; finer than the state, for the remedies. */
enum oae_cause {
	OAE_CAUSE_NONE,
	OAE_CAUSE_REFUSED,
	OAE_CAUSE_NOT_INSTALLED,
	OAE_CAUSE_NO_DEVICE,
	OAE_CAUSE_PHANTOM,
	OAE_CAUSE_SPARE,  /* it could, but another serves or it rests */
	OAE_CAUSE_FAILED, /* it crashed or did not answer */
};

/* One channel, or a whole sensor that has none. */
struct oae_source_row {
	char source[64]; /* "powercap.package-0_uj", or the sensor's name */
	char sensor[32];
	char unit[12], evidence[16]; /* "" when it does not work */
	enum oae_covers covers;
	enum oae_source_state state;
	enum oae_cause cause;
	char reason[240];	     /* "" when there is nothing to say */
	const char *remedy, *advice; /* a command; a sentence; NULL */
};

enum oae_grade {
	OAE_GRADE_GOOD,
	OAE_GRADE_FAIR,
	OAE_GRADE_POOR,
	OAE_GRADE_NONE, /* cannot be measured at all */
};

struct oae_finding {
	enum oae_grade grade; /* what it leaves of its topic */
	char text[240];
	char remedy[200]; /* a command, or "" */
};

enum oae_topic {
	OAE_TOPIC_TIME,
	OAE_TOPIC_ISOLATION,
	OAE_TOPIC_COUNTERS,
	OAE_TOPIC_ENERGY,
	OAE_TOPICS
};

struct oae_verdict {
	enum oae_grade grade;
	char text[320];
	struct oae_finding findings[OAE_DOCTOR_FINDINGS_MAX]; /* worst first */
	size_t count;
};

struct oae_doctor {
	const char *sysroot; /* "" is this machine */
	char utc[32];
	double seconds; /* that all of it took */
	struct oae_source_row rows[OAE_DOCTOR_ROWS_MAX];
	size_t row_count;
	struct oae_machine machine;
	bool watched; /* not with a sysroot */
	struct oae_watch watch;
	struct oae_verdict verdicts[OAE_TOPICS];
	enum oae_grade grade; /* of time and isolation together */
	char overall[900];
};

/* The sources' names in the table's order; NULL after the last. */
const char *oae_doctor_source(size_t i);
/* What a source is, in one line. */
const char *oae_doctor_about(const char *source);
/*
 * Asks one source in this process and appends its rows (without remedies);
 * false when no source has that name. It may crash or hang: a library of
 * somebody else's, a broken driver.
 */
bool oae_doctor_ask(const char *source, const char *sysroot,
		    struct oae_source_row *rows, size_t *count);
/* `oae doctor --ask SOURCE` prints them as an array and reads them again. */
void oae_doctor_write_rows(const struct oae_source_row *rows, size_t count,
			   struct oae_jw *w);

/*
 * All sources, each asked by a child of `program` with a time limit, so that
 * one which crashes or hangs becomes a row of its own; the machine; a second
 * of watching; remedies; verdicts. Under five seconds.
 */
enum oae_status oae_doctor_examine(struct oae_doctor *d, const char *program,
				   const char *sysroot, struct oae_error *err);

/* Fills in remedy and advice of each row. */
void oae_doctor_remedies(struct oae_doctor *d);
/* Fills in the verdicts and the overall one from everything else. */
void oae_doctor_judge(struct oae_doctor *d);
/* The whole document (schema/documents/doctor-1.schema.json). */
void oae_doctor_write(const struct oae_doctor *d, struct oae_jw *w);

const char *oae_source_state_name(enum oae_source_state s);
const char *oae_grade_name(enum oae_grade g);
const char *oae_topic_name(enum oae_topic t);

#endif
