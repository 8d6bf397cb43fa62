#include <stddef.h>
#include <stdint.h>

/// Words of a sample: how many frames it has, then their addresses from the innermost on.
#define SAMPLER_WORDS 33

/// Interrupts whatever runs, so many times a second of processor time, and notes where it was.
///
/// `buffer` has room for `capacity` samples of SAMPLER_WORDS words each, and is used until
/// `sampler_stop`. Answers 0, or the error number of the call that failed.
int sampler_start(int hertz, uintptr_t *buffer, size_t capacity);

/// Ends it; answers how many samples were taken, which may be more than there was room for.
size_t sampler_stop(void);

/// The name in Swift of a mangled symbol, to be freed; null for any other symbol.
char *sampler_demangle(const char *symbol);

/// How far from the addresses in its file the program was loaded.
uintptr_t sampler_slide(void);

/// The shared library that an address is in and the function there, null where it is not known;
/// answers 0 if it is in none.
int sampler_library(uintptr_t address, const char **path, const char **function);
