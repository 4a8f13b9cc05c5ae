/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few functions of PAPI (libpapi, versions 6 and 7) that are used here,
 * loaded at run time: the program neither needs its headers nor fails where
 * it is missing. Its structures are not used, so that only these prototypes
 * and numbers of papi.h must hold.
 */
#ifndef OAE_HARNESS_SENSORS_PAPI_LIB_H
#define OAE_HARNESS_SENSORS_PAPI_LIB_H

#include <stdbool.h>

#include "base/status.h"

#define OAE_PAPI_OK 0
#define OAE_PAPI_NULL (-1)  /* "no event set yet" */
#define OAE_PAPI_INHERIT 28 /* PAPI_set_opt(): children too */
#define OAE_PAPI_INHERIT_ALL 1
#define OAE_PAPI_NATIVE_MASK 0x40000000
#define OAE_PAPI_ENUM_EVENTS 0
#define OAE_PAPI_ENUM_FIRST 1
#define OAE_PAPI_NAME_BYTES_MAX 1024 /* PAPI_HUGE_STR_LEN */

struct oae_papi {
	void *handle;
	bool initialised;
	char version[32]; /* "7.0" */
	int (*library_init)(int version);
	void (*shutdown)(void);
	const char *(*strerror)(int code);
	int (*event_name_to_code)(const char *name, int *code);
	int (*event_code_to_name)(int code, char *name);
	int (*get_component_index)(const char *name);
	int (*enum_cmp_event)(int *code, int modifier, int component);
	int (*create_eventset)(int *set);
	int (*assign_eventset_component)(int set, int component);
	int (*set_opt)(int option, void *value);
	int (*attach)(int set, unsigned long tid);
	int (*add_event)(int set, int code);
	int (*start)(int set);
	int (*read)(int set, long long *values);
	int (*stop)(int set, long long *values);
	int (*cleanup_eventset)(int set);
	int (*destroy_eventset)(int *set);
};

/*
 * Loads and initialises it; sysroot "" or a folder whose usr/lib/libpapi.so
 * is loaded instead. OAE_ERR_UNSUPPORTED with the loader's or PAPI's words.
 */
enum oae_status oae_papi_load(struct oae_papi *p, const char *sysroot,
			      struct oae_error *err);
void oae_papi_unload(struct oae_papi *p); /* twice is fine */

/*
 * An event proved: added alone, started, kept busy for some milliseconds,
 * read. OAE_ERR_UNSUPPORTED with the step that failed and PAPI's words: its
 * look-up of a name succeeds for events that it cannot count.
 */
enum oae_status oae_papi_prove(const struct oae_papi *p, const char *event,
			       int *code, struct oae_error *err);

/* Stops, empties and destroys a set; OAE_PAPI_NULL is fine. */
void oae_papi_drop(const struct oae_papi *p, int *set);

/* Fails with "step: PAPI's words" unless code is OAE_PAPI_OK. */
enum oae_status oae_papi_check(const struct oae_papi *p, const char *step,
			       int code, struct oae_error *err);

#endif
