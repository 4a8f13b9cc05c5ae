/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between a process and the metal: hypervisor and container. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "harness/machine_internal.h"

struct name {
	const char *sign, *means;
};

/* CPUID leaf 0x40000000, as each hypervisor documents it. */
static const struct name signatures[] = {
	{ "KVMKVMKVM", "kvm" },	      { "Microsoft Hv", "hyperv" },
	{ "VMwareVMware", "vmware" }, { "XenVMMXenVMM", "xen" },
	{ "TCGTCGTCGTCG", "qemu" },   { "VBoxVBoxVBox", "virtualbox" },
	{ "bhyve bhyve ", "bhyve" },  { "ACRNACRNACRN", "acrn" },
};

/* Beginnings of the firmware's names of the machine and its maker. */
static const struct name makers[] = {
	{ "QEMU", "qemu" },
	{ "KVM", "kvm" },
	{ "Amazon EC2", "amazon" },
	{ "Google", "google" },
	{ "VMware", "vmware" },
	{ "innotek", "virtualbox" },
	{ "VirtualBox", "virtualbox" },
	{ "Xen", "xen" },
	{ "Virtual Machine", "hyperv" },
	{ "OpenStack", "openstack" },
	{ "Parallels", "parallels" },
	{ "BHYVE", "bhyve" },
	{ "Apple Virtualization", "apple" },
};

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const char *meaning(const struct name *names, size_t n, const char *text)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strncmp(text, names[i].sign, strlen(names[i].sign)))
			return names[i].means;
	return NULL;
}

/* The twelve bytes by which a hypervisor names itself; "" without one. */
static void ask_cpu(char out[13])
{
	memset(out, 0, 13);
#if defined(__x86_64__) || defined(__i386__)
	unsigned int a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 31))
		return;
	__cpuid(0x40000000, a, b, c, d);
	memcpy(out, &b, 4);
	memcpy(out + 4, &c, 4);
	memcpy(out + 8, &d, 4);
#endif
}

static void name_hypervisor(struct oae_machine *m, const char *sysroot)
{
	static const char *const files[] = {
		"/sys/class/dmi/id/product_name",
		"/sys/class/dmi/id/sys_vendor",
	};
	char text[OAE_MACHINE_TEXT] = "", sign[13] = "";
	const char *means = NULL;
	size_t i;

	if (oae_machine_text(sysroot, "/sys/hypervisor/type", text,
			     sizeof(text)))
		means = text;
	if (!means && !*sysroot) {
		ask_cpu(sign);
		means = meaning(signatures, N(signatures), sign);
	}
	for (i = 0; i < N(files) && !means; i++)
		if (oae_machine_text(sysroot, files[i], text, sizeof(text)))
			means = meaning(makers, N(makers), text);
	(void)snprintf(m->hypervisor, sizeof(m->hypervisor), "%.31s",
		       means ? means : "");
}

/* On x86 the CPU says it; elsewhere a hypervisor's name is the only sign. */
static void see_virtual(struct oae_machine *m, const char *sysroot)
{
	char *info = malloc(OAE_MACHINE_FILE_BYTES_MAX), flags[4096];

	m->virtual = OAE_UNKNOWN;
	name_hypervisor(m, sysroot);
	if (!info)
		return;
	if (oae_machine_text(sysroot, "/proc/cpuinfo", info,
			     OAE_MACHINE_FILE_BYTES_MAX) &&
	    oae_machine_value(info, "flags", flags, sizeof(flags)))
		m->virtual = oae_machine_has_word(flags, "hypervisor");
	else if (m->hypervisor[0])
		m->virtual = 1;
	/* A whole machine of a cloud has the maker's name as well. */
	if (m->virtual == 0)
		m->hypervisor[0] = '\0';
	free(info);
}

static void see_container(struct oae_machine *m, const char *sysroot)
{
	static const struct {
		const char *file, *holds, *name;
	} signs[] = {
		{ "/run/systemd/container", "", NULL }, /* names it itself */
		{ "/run/.containerenv", NULL, "podman" },
		{ "/.dockerenv", NULL, "docker" },
		{ "/proc/self/cgroup", "kubepods", "kubernetes" },
		{ "/proc/self/cgroup", "/docker", "docker" },
		{ "/proc/self/cgroup", "/lxc", "lxc" },
		{ "/proc/sys/kernel/osrelease", "icrosoft", "wsl" },
	};
	char text[4096];
	size_t i;

	for (i = 0; i < N(signs); i++) {
		text[0] = '\0';
		if (signs[i].holds ?
			    !oae_machine_text(sysroot, signs[i].file, text,
					      sizeof(text)) ||
				    !strstr(text, signs[i].holds) :
			    !oae_machine_exists(sysroot, signs[i].file))
			continue;
		(void)snprintf(m->container, sizeof(m->container), "%.31s",
			       signs[i].name ? signs[i].name : text);
		(void)snprintf(m->container_hint, sizeof(m->container_hint),
			       "%s", signs[i].file);
		return;
	}
}

void oae_machine_read_host(struct oae_machine *m, const char *sysroot)
{
	see_virtual(m, sysroot);
	see_container(m, sysroot);
}
