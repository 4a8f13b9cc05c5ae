/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What helps, by sensor and by the kind of reason: one table, read from the
 * top; the first row that fits is taken. A remedy is a command to paste, or
 * there is none and the advice says so.
 *
 * Sources: Documentation/admin-guide/sysctl/kernel.rst (perf_event_paranoid),
 * Documentation/power/powercap/powercap.rst, Intel-SA-00389 (CVE-2020-8694),
 * perf_event_open(2), systemd.resource-control(5).
 */
#include <string.h>

#include "harness/doctor.h"

/* Of the machine; a row wants all of its own. */
enum {
	ANY = 0,
	BARE = 1,
	VIRTUAL = 2,
	X86 = 4,
	NVIDIA = 8,
	PLAIN_GPU = 16, /* no NVIDIA device on the bus */
	CONTAINER = 32,
};

static const struct remedy {
	const char *sensor; /* "*": every one */
	enum oae_cause cause;
	unsigned machine;
	const char *command, *advice;
} remedies[] = {
	/* ---- energy of the packages */
	{ "powercap", OAE_CAUSE_REFUSED, CONTAINER,
	  "sudo chmod -R a+r /sys/class/powercap/intel-rapl*/",
	  "on the host, and give /sys/class/powercap to the container: the"
	  " counters are root-only since CVE-2020-8694, for they can betray"
	  " what other users compute; until the next boot" },
	{ "powercap", OAE_CAUSE_REFUSED, ANY,
	  "sudo chmod -R a+r /sys/class/powercap/intel-rapl*/",
	  "they are root-only since CVE-2020-8694, for they can betray what"
	  " other users compute: do it where you trust them, or run oae as"
	  " root; until the next boot" },
	{ "powercap", OAE_CAUSE_NO_DEVICE, VIRTUAL, NULL,
	  "nothing to do here: a virtual machine has no such counter; ask the"
	  " host for the machine's watts, or measure on bare metal" },
	{ "powercap", OAE_CAUSE_NO_DEVICE, BARE | X86,
	  "sudo modprobe -a intel_rapl_common intel_rapl_msr",
	  "Intel since Sandy Bridge, AMD since Zen (its packages only); without"
	  " effect the kernel is too old or built without CONFIG_POWERCAP" },
	{ "powercap", OAE_CAUSE_NO_DEVICE, ANY, NULL,
	  "nothing to do: RAPL is a feature of x86; put a meter at the plug,"
	  " or use hwmon where the board has a power sensor" },
	{ "perf-power", OAE_CAUSE_REFUSED, ANY,
	  "sudo sysctl kernel.perf_event_paranoid=0",
	  "counters of the whole machine want 0 or less, or CAP_PERFMON" },
	{ "perf-power", OAE_CAUSE_NO_DEVICE, VIRTUAL, NULL,
	  "nothing to do here: the host keeps its power counters to itself" },
	{ "perf-power", OAE_CAUSE_NO_DEVICE, BARE | X86, "sudo modprobe rapl",
	  "the kernel's power PMU; without effect it is not built"
	  " (CONFIG_PERF_EVENTS_INTEL_RAPL, which serves AMD as well)" },
	{ "papi-energy", OAE_CAUSE_NOT_INSTALLED, ANY,
	  "sudo apt-get install libpapi-dev", NULL },
	{ "papi-energy", OAE_CAUSE_NO_DEVICE, VIRTUAL, NULL,
	  "nothing to do here: a virtual machine has no such counter" },
	{ "papi-energy", OAE_CAUSE_NO_DEVICE, ANY, NULL,
	  "powercap above reads the same counters; Debian's PAPI is built"
	  " without these components, one built with --with-components=\"rapl"
	  " powercap\" has them" },
	/* ---- graphics boards */
	{ "nvml", OAE_CAUSE_NOT_INSTALLED, PLAIN_GPU, NULL,
	  "nothing to do: this machine has no NVIDIA board" },
	{ "nvml", OAE_CAUSE_NO_DEVICE, PLAIN_GPU, NULL,
	  "nothing to do: this machine has no NVIDIA board" },
	{ "nvml", OAE_CAUSE_NOT_INSTALLED, NVIDIA,
	  "sudo apt-get install nvidia-driver",
	  "from Debian's non-free section; in a container start it with"
	  " --gpus all instead" },
	{ "nvml", OAE_CAUSE_NO_DEVICE, NVIDIA, "sudo modprobe nvidia",
	  "the library is there and finds no board; in a container start it"
	  " with --gpus all" },
	{ "nvml", OAE_CAUSE_NOT_INSTALLED, ANY, NULL,
	  "only of use with an NVIDIA board: then install its driver" },
	/* ---- other meters */
	{ "hwmon", OAE_CAUSE_REFUSED, ANY,
	  "sudo chmod a+r /sys/class/hwmon/hwmon*/{energy,power}*_*",
	  "until the next boot" },
	{ "hwmon", OAE_CAUSE_NO_DEVICE, VIRTUAL, NULL,
	  "nothing to do here: a virtual machine has no sensors" },
	{ "hwmon", OAE_CAUSE_NO_DEVICE, ANY,
	  "sudo apt-get install lm-sensors && sudo sensors-detect --auto",
	  "finds the driver if the board has a power sensor; most have none" },
	{ "battery", OAE_CAUSE_SPARE, ANY, NULL,
	  "unplugged it is a meter of the whole machine, but the frequency"
	  " then falls: for joules only, not for times" },
	{ "battery", OAE_CAUSE_NO_DEVICE, ANY, NULL,
	  "nothing to do: only a laptop off its charger is metered so" },
	/* ---- counters */
	{ "perf", OAE_CAUSE_REFUSED, CONTAINER,
	  "sudo sysctl kernel.perf_event_paranoid=1",
	  "on the host; and start the container with --cap-add PERFMON (or"
	  " its own seccomp profile: docker's forbids perf_event_open)" },
	{ "perf", OAE_CAUSE_REFUSED, ANY,
	  "sudo sysctl kernel.perf_event_paranoid=1",
	  "1 lets a user count own processes, the kernel's part included; for"
	  " good: put it into /etc/sysctl.d/" },
	{ "perf", OAE_CAUSE_NO_DEVICE, VIRTUAL, NULL,
	  "nothing to do inside a virtual machine; ask the host to pass its"
	  " counters on (KVM: -cpu host,pmu=on), or take a whole machine" },
	{ "perf", OAE_CAUSE_NO_DEVICE, ANY, NULL,
	  "this processor or this kernel does not count it; a newer kernel"
	  " may" },
	{ "papi", OAE_CAUSE_NOT_INSTALLED, ANY,
	  "sudo apt-get install libpapi-dev", NULL },
	{ "papi", OAE_CAUSE_REFUSED, ANY,
	  "sudo sysctl kernel.perf_event_paranoid=1",
	  "PAPI counts through the kernel's perf_event_open" },
	{ "papi", OAE_CAUSE_NO_DEVICE, VIRTUAL, NULL,
	  "nothing to do inside a virtual machine: PAPI needs the counters"
	  " that its host keeps" },
	{ "papi", OAE_CAUSE_SPARE, ANY, NULL,
	  "nothing to mend: one sensor at a time counts; with"
	  " OAE_COUNTERS=papi before the command PAPI does" },
	{ "papi", OAE_CAUSE_NO_DEVICE, ANY, NULL,
	  "PAPI does not know this processor, or the kernel does not let it"
	  " count; perf above says which" },
	{ "likwid", OAE_CAUSE_NOT_INSTALLED, ANY, "sudo apt-get install likwid",
	  NULL },
	{ "likwid", OAE_CAUSE_SPARE, ANY, NULL,
	  "nothing to mend: one sensor at a time counts; with"
	  " OAE_COUNTERS=likwid before the command likwid does" },
	{ "likwid", OAE_CAUSE_NO_DEVICE, VIRTUAL, NULL,
	  "nothing to do inside a virtual machine: likwid needs the"
	  " processor's own registers" },
	{ "likwid", OAE_CAUSE_REFUSED, ANY, "sudo modprobe msr",
	  "and run oae as root, or with perf_event_paranoid at 0 or less" },
	{ "likwid", OAE_CAUSE_NO_DEVICE, BARE | X86, "sudo modprobe msr",
	  "likwid reads the processor's registers through /dev/cpu/*/msr" },
	{ "uncore", OAE_CAUSE_REFUSED, ANY,
	  "sudo sysctl kernel.perf_event_paranoid=0",
	  "counters of the whole machine want 0 or less, or CAP_PERFMON" },
	{ "uncore", OAE_CAUSE_NO_DEVICE, VIRTUAL, NULL,
	  "nothing to do here: memory controllers belong to the host" },
	{ "uncore", OAE_CAUSE_NO_DEVICE, BARE | X86,
	  "sudo modprobe intel_uncore",
	  "servers have them, most desktops do not" },
	/* ---- limits and accounts */
	{ "cgroup", OAE_CAUSE_REFUSED, CONTAINER, NULL,
	  "the container's cgroup file system is read-only: start it with"
	  " --privileged, or --cgroupns=host -v /sys/fs/cgroup:/sys/fs/cgroup"
	  ":rw" },
	{ "cgroup", OAE_CAUSE_REFUSED, ANY,
	  "systemd-run --user --scope -p Delegate=yes oae run",
	  "or run oae as root; without it limits are refused and memory is"
	  " sampled" },
	{ "cgroup", OAE_CAUSE_NOT_INSTALLED, ANY,
	  "sudo mount -t cgroup2 none /sys/fs/cgroup", NULL },
	{ "cgroup", OAE_CAUSE_NO_DEVICE, ANY, NULL,
	  "run oae as root, or where the reason's folder is mounted" },
	/* ---- whatever comes later */
	{ "*", OAE_CAUSE_REFUSED, ANY, NULL, "run oae as root to see it" },
	{ "*", OAE_CAUSE_PHANTOM, VIRTUAL, NULL,
	  "nothing to do here: the counter is a facade that the host does not"
	  " feed; it is never taken for 0 J" },
	{ "*", OAE_CAUSE_PHANTOM, ANY, NULL,
	  "it can be read but does not count: firmware or driver; it is never"
	  " taken for 0 J" },
	{ "*", OAE_CAUSE_SPARE, ANY, NULL, "nothing to mend" },
	{ "*", OAE_CAUSE_FAILED, ANY, NULL,
	  "its library or driver is broken here; `oae run` asks the same, so"
	  " mend or remove it first" },
	{ "*", OAE_CAUSE_NO_DEVICE, VIRTUAL, NULL,
	  "nothing to do here: a virtual machine has none; ask the host" },
	{ "*", OAE_CAUSE_NO_DEVICE, ANY, NULL,
	  "nothing to do: this machine has none" },
	{ "*", OAE_CAUSE_NOT_INSTALLED, ANY, NULL,
	  "install what its reason names" },
	/* works, for the user's part only */
	{ "perf", OAE_CAUSE_NONE, ANY,
	  "sudo sysctl kernel.perf_event_paranoid=1",
	  "to count the kernel's part as well" },
};

static unsigned kind_of(const struct oae_machine *m)
{
	unsigned k = 0;

	k |= m->virtual == 1 ? VIRTUAL : m->virtual == 0 ? BARE : 0;
	k |= !strcmp(m->arch, "x86_64") ? X86 : 0;
	k |= m->nvidia == 1 ? NVIDIA : m->nvidia == 0 ? PLAIN_GPU : 0;
	/* A virtual machine may carry a container's mark from its image. */
	k |= m->container[0] && m->virtual != 1 ? CONTAINER : 0;
	return k;
}

void oae_doctor_remedies(struct oae_doctor *d)
{
	unsigned kind = kind_of(&d->machine);
	size_t i, k;

	for (i = 0; i < d->row_count; i++) {
		struct oae_source_row *r = &d->rows[i];

		r->remedy = r->advice = NULL;
		if (r->cause == OAE_CAUSE_NONE &&
		    !strstr(r->reason, "user part only"))
			continue;
		for (k = 0; k < sizeof(remedies) / sizeof(remedies[0]); k++) {
			const struct remedy *y = &remedies[k];

			if (y->cause != r->cause ||
			    (y->machine & kind) != y->machine ||
			    (strcmp(y->sensor, "*") &&
			     strcmp(y->sensor, r->sensor)))
				continue;
			r->remedy = y->command;
			r->advice = y->advice;
			break;
		}
	}
}
