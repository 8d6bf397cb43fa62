#include "CBuild.h"

// ci/setup writes this file, which is not part of the repository, and touches this one.
#if __has_include("commit.generated.h")
#include "commit.generated.h"
#else
#define WAVETANK_COMMIT ""
#endif

const char *wavetank_commit(void) { return WAVETANK_COMMIT; }
