/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Rights that later versions of the interface added (landlock(7)). */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ull << 13) /* ABI 2: link, rename */
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ull << 14) /* ABI 3 */
#endif

/* ---- network ---------------------------------------------------------- */

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), sys = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		sys = errno;
	close(fd);
	return sys;
}

/* Without privilege a user namespace of our own gives the right to one. */
static int leave_network(void)
{
	char uid[64], gid[64];
	int sys;

	(void)snprintf(uid, sizeof(uid), "%u %u 1", (unsigned)geteuid(),
		       (unsigned)geteuid());
	(void)snprintf(gid, sizeof(gid), "%u %u 1", (unsigned)getegid(),
		       (unsigned)getegid());
	if (!unshare(CLONE_NEWNET))
		return 0;
	if (errno != EPERM)
		return errno;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return errno;
	sys = write_text("/proc/self/setgroups", "deny");
	if (!sys || sys == ENOENT)
		sys = write_text("/proc/self/uid_map", uid);
	return sys ? sys : write_text("/proc/self/gid_map", gid);
}

/* ---- root ------------------------------------------------------------- */

/* A /proc in it for this process and its children, where that may be had. */
static void mount_proc(const char *root)
{
	char path[4096 + 8];

	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return;
	(void)snprintf(path, sizeof(path), "%s/proc", root);
	(void)mount("proc", path, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		    NULL);
}

/* ---- writing ---------------------------------------------------------- */

static const uint64_t write_rights =
	LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
	LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
	LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
	LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
	LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

static int allow(int rules, const char *path, uint64_t rights, bool needed)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	int sys = 0;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return needed ? errno : 0;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
		    &rule, 0))
		sys = errno;
	close(rule.parent_fd);
	return sys;
}

/* A set of rules that is yet to be put on; *out is its descriptor. */
static int make_rules(const char *const *writable, int *out)
{
	static const char *const devices[] = { "/dev/null", "/dev/zero",
					       "/dev/full", "/dev/tty" };
	struct landlock_ruleset_attr attr = { 0 };
	uint64_t file_rights = LANDLOCK_ACCESS_FS_WRITE_FILE;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);
	int sys = 0;

	if (abi < 1)
		return abi < 0 ? errno : ENOSYS;
	attr.handled_access_fs = write_rights;
	if (abi >= 2)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3) {
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
		file_rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
	}
	*out = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr),
			    0);
	if (*out < 0)
		return errno;
	for (int i = 0; !sys && writable[i]; i++)
		sys = i < OAE_CONFINE_FOLDERS_MAX ?
			      allow(*out, writable[i], attr.handled_access_fs,
				    true) :
			      E2BIG;
	for (size_t i = 0; !sys && i < sizeof(devices) / sizeof(*devices); i++)
		sys = allow(*out, devices[i], file_rights, false);
	return sys;
}

static int put_on(int rules)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return errno;
	return syscall(SYS_landlock_restrict_self, rules, 0) ? errno : 0;
}

int oae_confine_enter(const struct oae_confine *c, const char **what)
{
	int rules = -1, sys = 0;

	*what = "a list of folders to write to";
	if (c->writable)
		sys = make_rules(c->writable, &rules);
	if (!sys && c->no_network) {
		*what = "a network namespace";
		sys = leave_network();
	}
	if (!sys && c->root) {
		*what = "another root folder";
		mount_proc(c->root);
		if (chroot(c->root) || chdir("/"))
			sys = errno;
	}
	if (!sys && rules >= 0) {
		*what = "a list of folders to write to";
		sys = put_on(rules);
	}
	if (rules >= 0)
		close(rules);
	return sys;
}

int oae_confine_try(const struct oae_confine *c)
{
	const char *what;
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (pid == 0) {
		int sys = oae_confine_enter(c, &what);

		_exit(sys > 255 ? 255 : sys);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : ECANCELED;
}
