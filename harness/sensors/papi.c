/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hardware's events as PAPI's presets (https://icl.utk.edu/papi/): the
 * same names on every processor. One event set, attached to the held child
 * and inherited by its children, started at once: what the held child does
 * before its exec is a few microseconds, and windows are differences. An
 * event takes part when it was proved on a busy loop and PAPI can add it
 * beside those before it; so nothing is multiplexed by PAPI. Attaching is
 * proved too: PAPI refuses it where the hardware cannot count instructions,
 * even for software events.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/spawn.h"
#include "harness/sensors/choice.h"
#include "harness/sensors/papi_lib.h"
#include "harness/sensors/sensor.h"

static const struct {
	const char *event, *name;
} presets[] = {
	{ "PAPI_TOT_CYC", "papi.tot_cyc" }, { "PAPI_TOT_INS", "papi.tot_ins" },
	{ "PAPI_L3_TCM", "papi.l3_tcm" },   { "PAPI_TLB_DM", "papi.tlb_dm" },
	{ "PAPI_BR_MSP", "papi.br_msp" },   { "PAPI_BR_INS", "papi.br_ins" },
	{ "PAPI_RES_STL", "papi.res_stl" },
};

#define N_PRESETS (sizeof(presets) / sizeof(presets[0]))

struct papi_state {
	struct oae_papi lib;
	int code[N_PRESETS];
	bool usable[N_PRESETS];
	int set;
};

/* PAPI_inherit_option_t, in a room as large as any other option. */
union inherit_option {
	struct {
		int set, inherit;
	} option;
	char room[256];
};

static enum oae_status attach(struct papi_state *p, pid_t pid,
			      struct oae_error *err)
{
	union inherit_option o = { .room = { 0 } };
	const struct oae_papi *lib = &p->lib;
	enum oae_status status;

	oae_papi_drop(lib, &p->set);
	status = oae_papi_check(lib, "PAPI_create_eventset",
				lib->create_eventset(&p->set), err);
	if (!status)
		status = oae_papi_check(
			lib, "PAPI_assign_eventset_component",
			lib->assign_eventset_component(p->set, 0), err);
	if (!status)
		status = oae_papi_check(lib, "PAPI_attach",
					lib->attach(p->set, (unsigned long)pid),
					err);
	o.option.set = p->set;
	o.option.inherit = OAE_PAPI_INHERIT_ALL;
	if (!status)
		status = oae_papi_check(lib, "PAPI_set_opt(PAPI_INHERIT)",
					lib->set_opt(OAE_PAPI_INHERIT, &o),
					err);
	return status;
}

/* Adds what is usable; the set counts from here on. */
static enum oae_status start(struct papi_state *p, struct oae_error *err)
{
	size_t i;
	int code;

	for (i = 0; i < N_PRESETS; i++) {
		if (!p->usable[i])
			continue;
		code = p->lib.add_event(p->set, p->code[i]);
		if (code != OAE_PAPI_OK)
			return oae_papi_check(&p->lib, presets[i].event, code,
					      err);
	}
	return oae_papi_check(&p->lib, "PAPI_start", p->lib.start(p->set), err);
}

static enum oae_status try_child(struct papi_state *p, pid_t pid,
				 struct oae_error *err)
{
	enum oae_status status = attach(p, pid, err);
	struct oae_error why = { 0 };
	size_t i, n = 0;

	/* One that does not fit beside those before it is left out. */
	for (i = 0; i < N_PRESETS && !status; i++) {
		if (!p->usable[i])
			continue;
		if (p->lib.add_event(p->set, p->code[i]) != OAE_PAPI_OK)
			p->usable[i] = false;
		n += p->usable[i];
	}
	oae_papi_drop(&p->lib, &p->set);
	if (!status && n > 0) {
		status = attach(p, pid, &why);
		if (!status)
			status = start(p, &why);
		if (status)
			oae_fail(err, why.status, 0, "%s", why.text);
		oae_papi_drop(&p->lib, &p->set);
	}
	return status;
}

/* On a child that is held as the adapter will be. */
static enum oae_status prove_attach(struct papi_state *p, struct oae_error *err)
{
	static const char *const argv[] = { "true", NULL };
	struct oae_spawn how = { .argv = argv, .hold = true };
	enum oae_status status;
	struct oae_child c;

	status = oae_child_spawn(&c, &how, err);
	if (status)
		return status;
	status = try_child(p, c.pid, err);
	oae_child_release(&c);
	return status;
}

static void add_channels(struct oae_sensor *s, char why[N_PRESETS][160])
{
	const struct papi_state *p = s->state;
	struct oae_channel *c;
	size_t i;

	for (i = 0; i < N_PRESETS; i++) {
		c = oae_sensor_add(s, presets[i].name, "count");
		c->scope = OAE_SCOPE_TREE;
		if (p->usable[i])
			continue;
		c->evidence = OAE_ABSENT;
		(void)snprintf(c->reason, sizeof(c->reason), "%.159s",
			       why[i][0] ? why[i] :
					   "PAPI has no counter left beside"
					   " the events before it");
	}
}

static enum oae_status papi_open(struct oae_sensor *s, const char *sysroot,
				 struct oae_error *err)
{
	struct papi_state *p = calloc(1, sizeof(*p));
	char why[N_PRESETS][160] = { "" };
	struct oae_error first = { 0 };
	enum oae_status status;
	const char *other;
	size_t i, n = 0;

	s->state = p;
	if (!p)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "PAPI sensor");
	p->set = OAE_PAPI_NULL;
	if (!oae_counters_may("papi", &other))
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "%s", other);
	status = oae_papi_load(&p->lib, sysroot, err);
	for (i = 0; i < N_PRESETS && !status; i++) {
		struct oae_error e = { 0 };

		p->usable[i] = !oae_papi_prove(&p->lib, presets[i].event,
					       &p->code[i], &e);
		(void)snprintf(why[i], sizeof(why[i]), "%.159s", e.text);
		n += p->usable[i];
		if (!p->usable[i] && !first.status)
			first = e;
	}
	if (!status && n == 0)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"PAPI %s counts none of its %zu presets: %s",
				p->lib.version, N_PRESETS, first.text);
	if (!status) {
		status = prove_attach(p, err);
		oae_error_prefix(err, "PAPI %s", p->lib.version);
	}
	if (!status)
		add_channels(s, why);
	return status;
}

static void papi_detach(struct oae_sensor *s)
{
	struct papi_state *p = s->state;

	if (p && p->lib.initialised)
		oae_papi_drop(&p->lib, &p->set);
}

static enum oae_status papi_attach(struct oae_sensor *s,
				   const struct oae_target *t,
				   struct oae_error *err)
{
	struct papi_state *p = s->state;
	enum oae_status status;

	if (t->pid == 0)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"PAPI cannot count a control group");
	status = attach(p, t->pid, err);
	if (!status)
		status = start(p, err);
	if (status)
		papi_detach(s);
	return status;
}

static void papi_read(struct oae_sensor *s, struct oae_channel_value *out)
{
	const struct papi_state *p = s->state;
	long long v[N_PRESETS];
	size_t i, at = 0;

	if (p->set == OAE_PAPI_NULL || p->lib.read(p->set, v) != OAE_PAPI_OK)
		return;
	for (i = 0; i < N_PRESETS; i++) {
		if (!p->usable[i])
			continue;
		out[i].ok = v[at] >= 0;
		out[i].raw = v[at] >= 0 ? (uint64_t)v[at] : 0;
		at++;
	}
}

static void papi_close(struct oae_sensor *s)
{
	struct papi_state *p = s->state;

	if (p) {
		papi_detach(s);
		oae_papi_unload(&p->lib);
	}
	free(p);
	s->state = NULL;
}

const struct oae_sensor_type oae_sensor_papi = {
	.name = "papi",
	.about = "hardware events of the adapter's process tree, through PAPI",
	.open = papi_open,
	.attach = papi_attach,
	.detach = papi_detach,
	.read = papi_read,
	.close = papi_close,
};
