/* SPDX-License-Identifier: Apache-2.0 */
/* For machine*.c only: reading small files below a sysroot. */
#ifndef OAE_HARNESS_MACHINE_INTERNAL_H
#define OAE_HARNESS_MACHINE_INTERNAL_H

#include "harness/machine.h"

/* The first bytes of the largest file that is read: /proc/cpuinfo. */
#define OAE_MACHINE_FILE_BYTES_MAX 16384u
#define OAE_MACHINE_CPUS_MAX 4096u

/*
 * The first size - 1 bytes of sysroot + path, without the newline at their
 * end. False, and "", when there are none.
 */
bool oae_machine_text(const char *sysroot, const char *path, char *out,
		      size_t size);
/* A whole number alone in a file; OAE_UNKNOWN else. */
int64_t oae_machine_int(const char *sysroot, const char *path);
bool oae_machine_exists(const char *sysroot, const char *path);
/* The value after "key<blanks>:" at the start of a line; "" if none. */
bool oae_machine_value(const char *text, const char *key, char *out,
		       size_t size);
/* Calls fn with each CPU of a list such as "0-3,8"; returns their number. */
size_t oae_machine_cpu_list(const char *list, void (*fn)(void *ctx, int cpu),
			    void *ctx);

void oae_machine_read_cpu(struct oae_machine_cpu *c, const char *sysroot);
/* Virtual or not, by whom, and signs of a container. */
void oae_machine_read_host(struct oae_machine *m, const char *sysroot);
void oae_machine_read_cgroups(struct oae_machine *m, const char *sysroot);

#endif
