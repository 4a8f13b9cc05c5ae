/* SPDX-License-Identifier: Apache-2.0 */
/* The site's style sheet and script, put into the program by the assembler. */
#include "reports/board_internal.h"

#define ASSET(symbol, path)                                \
	__asm__(".pushsection .rodata\n"                   \
		".global " symbol "\n"                     \
		".type " symbol ", %object\n" symbol ":\n" \
		".incbin \"" path "\"\n"                   \
		".byte 0\n"                                \
		".popsection\n")

ASSET("oae_board_css", "reports/templates/board.css");
ASSET("oae_board_js", "reports/templates/board.js");
