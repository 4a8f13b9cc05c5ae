/* SPDX-License-Identifier: Apache-2.0 */
/* Which compiler made this program, for everything that has to say so. */
#ifndef OAE_BASE_COMPILER_H
#define OAE_BASE_COMPILER_H

#ifdef __clang__
#define OAE_COMPILER __VERSION__ /* names itself */
#else
#define OAE_COMPILER "gcc " __VERSION__
#endif

#endif
