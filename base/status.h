/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One error convention for every library: functions return an
 * enum oae_status (0 or negative) and, on failure, describe the first cause
 * in a struct oae_error that the caller owns. Libraries never print or exit.
 */
#ifndef OAE_BASE_STATUS_H
#define OAE_BASE_STATUS_H

enum oae_status {
	OAE_OK = 0,
	OAE_ERR_USAGE = -1,  /* the caller's words are wrong */
	OAE_ERR_IO = -2,     /* the system refused; see .sys */
	OAE_ERR_FORMAT = -3, /* bytes are not what they should be */
	OAE_ERR_LIMIT = -4,  /* larger than a cap in limits.h */
	OAE_ERR_NOMEM = -5,
	OAE_ERR_UNSUPPORTED = -6, /* well-formed, but not for us */
	OAE_ERR_DENIED = -7,	  /* permission */
	OAE_ERR_TARGET = -8,	  /* the system under test failed */
	OAE_ERR_CHECK = -9,	  /* a verification found a difference */
};

/*
 * text is "what: why" or "what: why; what to do": UTF-8 without a newline and
 * other control characters, whatever a file's names hold.
 */
struct oae_error {
	enum oae_status status;
	int sys; /* errno at the failure, or 0 */
	char text[480];
};

/*
 * Records a failure unless err already holds one (the first failure wins);
 * err may be NULL. Returns status, so that "return oae_fail(...)" works.
 * sys is an errno value or 0; when it is not 0 its text is appended.
 */
enum oae_status oae_fail(struct oae_error *err, enum oae_status status, int sys,
			 const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
#ifdef __clang_analyzer__
/* What static analysis cannot see from a call: it returns its status. */
#define oae_fail(err, status, ...) (oae_fail(err, status, __VA_ARGS__), status)
#endif

/* Puts "prefix: " before a recorded text (for context while unwinding). */
void oae_error_prefix(struct oae_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A short name such as "io" or "format"; never NULL. */
const char *oae_status_name(enum oae_status status);

/* Process exit codes, one table for all commands (see `oae --help`). */
enum oae_exit {
	OAE_EXIT_OK = 0,
	OAE_EXIT_ERROR = 1, /* the tool could not do its work */
	OAE_EXIT_CHECK = 2, /* verification or gate failed */
	OAE_EXIT_INCONCLUSIVE = 3,
	OAE_EXIT_NOT_COMPARABLE = 4,
	OAE_EXIT_USAGE = 64,
	OAE_EXIT_INTERRUPTED = 130,
};

/* USAGE -> 64, CHECK -> 2, everything else -> 1, OK -> 0. */
enum oae_exit oae_exit_code(enum oae_status status);

#endif
