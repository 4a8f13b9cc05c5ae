/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy of NVIDIA boards: NVML's counter of mJ since the driver was loaded
 * (nvmlDeviceGetTotalEnergyConsumption, Volta and later), memory included,
 * one channel a board. The library comes with the driver and is loaded when
 * there; below a sysroot it is SYSROOT/usr/lib/libnvidia-ml.so.1. Boards
 * refresh the counter every 20 to 100 ms (Yang et al., "Part-time Power
 * Measurements", arXiv 2312.02741): 100 ms is taken.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sensors/sensor.h"

#define LIBRARY "libnvidia-ml.so.1"
#define BOARDS_MAX 32u
#define WATTS_MAX 2000.0 /* of one board */
#define UPDATE_NS 100000000u

/* nvml.h: nvmlReturn_t is an enum, 0 is success; a device is a pointer. */
typedef int plain_fn(void);
typedef int count_fn(unsigned *count);
typedef int handle_fn(unsigned index, void **device);
typedef int energy_fn(void *device, unsigned long long *mj);
typedef const char *text_fn(int code);

struct nvml {
	void *library;
	plain_fn *init, *shutdown;
	count_fn *count;
	handle_fn *handle;
	energy_fn *energy;
	text_fn *text;
	bool begun;
	void *device[BOARDS_MAX];
};

/* ISO C has no cast from an object to a function; POSIX has the bytes. */
static bool find(const struct nvml *n, const char *name, void *fn, size_t size)
{
	void *symbol = dlsym(n->library, name);

	memcpy(fn, &symbol, size);
	return symbol != NULL;
}

#define FIND(n, member, name) find(n, name, &(n)->member, sizeof((n)->member))

static const char *explain(const struct nvml *n, int code)
{
	const char *text = n->text ? n->text(code) : NULL;

	return text ? text : "NVML failed";
}

static enum oae_status load(struct nvml *n, const char *sysroot,
			    struct oae_error *err)
{
	char path[256];
	int code;

	(void)snprintf(path, sizeof(path), "%.200s%s%s", sysroot,
		       *sysroot ? "/usr/lib/" : "", LIBRARY);
	n->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!n->library)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"no meter: %s is not here (no NVIDIA driver)",
				path);
	(void)FIND(n, text, "nvmlErrorString");
	if (!FIND(n, init, "nvmlInit_v2") ||
	    !FIND(n, shutdown, "nvmlShutdown") ||
	    !FIND(n, count, "nvmlDeviceGetCount_v2") ||
	    !FIND(n, handle, "nvmlDeviceGetHandleByIndex_v2") ||
	    !FIND(n, energy, "nvmlDeviceGetTotalEnergyConsumption"))
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"%s is too old: it has no total-energy counter",
				path);
	code = n->init();
	if (code)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "NVML: %.150s",
				explain(n, code));
	n->begun = true;
	return OAE_OK;
}

static void add_board(struct oae_sensor *s, unsigned index)
{
	struct nvml *n = s->state;
	unsigned long long mj;
	struct oae_channel *c;
	char name[64];
	int code;

	(void)snprintf(name, sizeof(name), "nvml.gpu%u_mj", index);
	c = oae_sensor_add(s, name, "uJ");
	if (!c)
		return;
	c->scale = 1000;
	c->rate_max = WATTS_MAX * 1000;
	c->update_ns = UPDATE_NS;
	c->covers = OAE_COVERS_GPU;
	code = n->handle(index, &n->device[index]);
	if (!code)
		code = n->energy(n->device[index], &mj);
	if (!code)
		return;
	c->evidence = OAE_ABSENT;
	(void)snprintf(c->reason, sizeof(c->reason), "board %u: %.120s", index,
		       explain(n, code));
}

static void nvml_close(struct oae_sensor *s)
{
	struct nvml *n = s->state;

	if (n && n->begun)
		(void)n->shutdown();
	if (n && n->library)
		dlclose(n->library);
	free(n);
	s->state = NULL;
	s->count = 0;
}

static enum oae_status nvml_open(struct oae_sensor *s, const char *sysroot,
				 struct oae_error *err)
{
	struct nvml *n = calloc(1, sizeof(*n));
	unsigned count = 0, i;
	enum oae_status status;
	int code;

	s->state = n;
	if (!n)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "nvml");
	status = load(n, sysroot, err);
	if (!status) {
		code = n->count(&count);
		if (code)
			status = oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
					  "NVML: %.150s", explain(n, code));
		else if (count == 0)
			status = oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
					  "no meter: NVML sees no board");
		else if (count > BOARDS_MAX)
			status = oae_fail(err, OAE_ERR_LIMIT, 0,
					  "more than %u boards", BOARDS_MAX);
	}
	for (i = 0; !status && i < count; i++)
		add_board(s, i);
	if (status)
		nvml_close(s);
	return status;
}

static void nvml_read(struct oae_sensor *s, struct oae_channel_value *out)
{
	const struct nvml *n = s->state;
	unsigned long long mj;
	size_t i;

	for (i = 0; i < s->count; i++) {
		if (!n->device[i] || n->energy(n->device[i], &mj))
			continue;
		out[i].ok = true;
		out[i].raw = mj;
	}
}

const struct oae_sensor_type oae_sensor_nvml = {
	.name = "nvml",
	.about = "energy of NVIDIA boards, from the driver's library",
	.open = nvml_open,
	.read = nvml_read,
	.close = nvml_close,
};
