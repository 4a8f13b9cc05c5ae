/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of a machine's energy: what meters cover, and how the joules
 * of a window are shared out. Pure arithmetic (spec section 2, "Energy").
 */
#ifndef OAE_SCHEMA_ENERGY_H
#define OAE_SCHEMA_ENERGY_H

/*
 * What an energy channel meters. A machine's energy is package + dram + gpu
 * where the packages are metered, else wall, which holds them all. Two
 * sources that cover the same thing are compared and never summed.
 */
enum oae_covers {
	OAE_COVERS_NOTHING = 0, /* no energy channel */
	OAE_COVERS_INSIDE,	/* energy that another channel holds, or unknown
			    * what: reported, never summed */
	OAE_COVERS_PACKAGE,	/* processors: cores, caches, integrated GPU */
	OAE_COVERS_DRAM,	/* memory beside the packages */
	OAE_COVERS_GPU,		/* graphics boards, their memory included */
	OAE_COVERS_WALL,	/* the whole machine */
	OAE_COVERS_COUNT,
};

/* "package", ...; NULL for OAE_COVERS_NOTHING. */
const char *oae_covers_name(enum oae_covers c);
/* OAE_COVERS_NOTHING when the name is none of them; name may be NULL. */
enum oae_covers oae_covers_parse(const char *name);

#endif
