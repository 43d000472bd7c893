/* build_info.c: what was built, as the Makefile says it. */
#include "host.h"
#include "version.h" /* made by the Makefile */

#if defined __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

const char tmk_version[] = TMK_VERSION;
const char tmk_git_revision[] = TMK_GIT_REVISION;
const char tmk_build_text[] = COMPILER "; " TMK_BUILD_FEATURES;
