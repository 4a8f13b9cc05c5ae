/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/sensors/papi_lib.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/limits.h"

#define PROVE_NS 3000000u
#define PROVE_BYTES ((size_t)4 << 20)
#define LINE_BYTES 64

static const struct {
	const char *soname;
	int major, minor;
} versions[] = {
	{ "libpapi.so.7.2", 7, 2 },
	{ "libpapi.so.7.1", 7, 1 },
	{ "libpapi.so.7.0", 7, 0 },
	{ "libpapi.so.6.0", 6, 0 },
};

#define N_VERSIONS (sizeof(versions) / sizeof(versions[0]))
#define FAKE_VERSION 2 /* of a sysroot */

#define SYMBOL(member)                                             \
	{                                                          \
		"PAPI_" #member, offsetof(struct oae_papi, member) \
	}

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
	SYMBOL(library_init),
	SYMBOL(shutdown),
	SYMBOL(strerror),
	SYMBOL(event_name_to_code),
	SYMBOL(event_code_to_name),
	SYMBOL(get_component_index),
	SYMBOL(enum_cmp_event),
	SYMBOL(create_eventset),
	SYMBOL(assign_eventset_component),
	SYMBOL(set_opt),
	SYMBOL(attach),
	SYMBOL(add_event),
	SYMBOL(start),
	SYMBOL(read),
	SYMBOL(stop),
	SYMBOL(cleanup_eventset),
	SYMBOL(destroy_eventset),
};

static unsigned users; /* of the library, which has one state for all */

static enum oae_status find_symbols(struct oae_papi *p, struct oae_error *err)
{
	size_t i;
	void *at;

	for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		at = dlsym(p->handle, symbols[i].name);
		if (!at)
			return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
					"PAPI %s has no %s", p->version,
					symbols[i].name);
		memcpy((char *)p + symbols[i].offset, &at, sizeof(at));
	}
	return OAE_OK;
}

enum oae_status oae_papi_load(struct oae_papi *p, const char *sysroot,
			      struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;
	int want, got;
	size_t v = 0;

	memset(p, 0, sizeof(*p));
	if (sysroot[0]) {
		(void)snprintf(path, sizeof(path), "%s/usr/lib/libpapi.so",
			       sysroot);
		p->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		v = FAKE_VERSION;
	}
	for (; !sysroot[0] && v < N_VERSIONS; v++) {
		p->handle = dlopen(versions[v].soname, RTLD_NOW | RTLD_LOCAL);
		if (p->handle)
			break;
	}
	if (!p->handle)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "%s",
				sysroot[0] ? "no libpapi.so below the sysroot" :
					     "PAPI is not installed (Debian:"
					     " libpapi-dev)");
	(void)snprintf(p->version, sizeof(p->version), "%d.%d",
		       versions[v].major, versions[v].minor);
	status = find_symbols(p, err);
	if (status) {
		oae_papi_unload(p);
		return status;
	}
	want = versions[v].major << 24 | versions[v].minor << 16;
	got = p->library_init(want);
	if (got == want) {
		p->initialised = true;
		users++;
		return OAE_OK;
	}
	/* Below 0 an error, else the version that it would like. */
	status = oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
			  "PAPI %s, PAPI_library_init: %s", p->version,
			  got < 0 ? p->strerror(got) :
				    "it is of another version than its name");
	oae_papi_unload(p);
	return status;
}

/* It stays mapped: what it registered for the program's end must live. */
void oae_papi_unload(struct oae_papi *p)
{
	if (p->initialised && --users == 0)
		p->shutdown();
	memset(p, 0, sizeof(*p));
}

enum oae_status oae_papi_check(const struct oae_papi *p, const char *step,
			       int code, struct oae_error *err)
{
	const char *words = code == OAE_PAPI_OK ? NULL : p->strerror(code);

	if (code == OAE_PAPI_OK)
		return OAE_OK;
	return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "%s: %s (%d)", step,
			words ? words : "an error without a text", code);
}

void oae_papi_drop(const struct oae_papi *p, int *set)
{
	if (*set == OAE_PAPI_NULL)
		return;
	(void)p->stop(*set, NULL);
	(void)p->cleanup_eventset(*set);
	(void)p->destroy_eventset(set);
	*set = OAE_PAPI_NULL;
}

/* Work in which every event happens: fresh memory, branches at random. */
static void keep_busy(void)
{
	unsigned char *m = mmap(NULL, PROVE_BYTES, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t end = oae_clock_ns() + PROVE_NS;
	volatile uint32_t odd = 0;
	uint32_t x = 1;
	size_t at = 0;

	do {
		x = x * 1664525u + 1013904223u;
		if (x >> 31)
			odd = odd + 1;
		if (m != MAP_FAILED) {
			m[at] = (unsigned char)x;
			at = (at + 97 * (size_t)LINE_BYTES) % PROVE_BYTES;
		}
	} while ((x & 255) || oae_clock_ns() < end);
	if (m != MAP_FAILED)
		(void)munmap(m, PROVE_BYTES);
}

enum oae_status oae_papi_prove(const struct oae_papi *p, const char *event,
			       int *code, struct oae_error *err)
{
	int set = OAE_PAPI_NULL;
	long long value = 0;
	enum oae_status status;

	status = oae_papi_check(p, "look-up",
				p->event_name_to_code(event, code), err);
	if (!status)
		status = oae_papi_check(p, "event set",
					p->create_eventset(&set), err);
	if (!status)
		status =
			oae_papi_check(p, "add", p->add_event(set, *code), err);
	if (!status)
		status = oae_papi_check(p, "start", p->start(set), err);
	if (!status) {
		keep_busy();
		status = oae_papi_check(p, "read", p->read(set, &value), err);
	}
	if (!status && value <= 0)
		status = oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				  "it read %lld after a busy loop", value);
	oae_papi_drop(p, &set);
	oae_error_prefix(err, "%s", event);
	return status;
}
