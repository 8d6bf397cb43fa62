#define _GNU_SOURCE
#include "CSampler.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

static uintptr_t *samples;
static size_t room;
static atomic_size_t taken;
static struct sigaction former;

// Asks the kernel to copy: a register that holds no frame's address is an error then, not a trap.
static int read_frame(uintptr_t address, uintptr_t frame[2]) {
    struct iovec here = {frame, 2 * sizeof(uintptr_t)};
    struct iovec there = {(void *)address, 2 * sizeof(uintptr_t)};
    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)here.iov_len;
}

static void take(int signal, siginfo_t *information, void *context) {
    (void)signal;
    (void)information;
    int error = errno;
    size_t index = atomic_fetch_add(&taken, 1);
    if (index >= room) return;
    const ucontext_t *machine = context;
#if defined(__x86_64__)
    uintptr_t place = (uintptr_t)machine->uc_mcontext.gregs[REG_RIP];
    uintptr_t base = (uintptr_t)machine->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
    uintptr_t place = machine->uc_mcontext.pc;
    uintptr_t base = machine->uc_mcontext.regs[29];
#else
#error "no registers are known for this processor"
#endif
    uintptr_t *sample = samples + index * SAMPLER_WORDS;
    size_t count = 0;
    sample[++count] = place;
    while (count < SAMPLER_WORDS - 1) {
        // Swift marks the frames of asynchronous functions in a bit that no address has.
        base &= ~((uintptr_t)1 << 60);
        uintptr_t frame[2];
        if (base == 0 || base % sizeof(uintptr_t) != 0 || !read_frame(base, frame)) break;
        if (frame[1] == 0) break;
        // The call stands before the address that it returns to.
        sample[++count] = frame[1] - 1;
        uintptr_t next = frame[0] & ~((uintptr_t)1 << 60);
        if (next <= base) break;
        base = next;
    }
    sample[0] = count;
    errno = error;
}

int sampler_start(int hertz, uintptr_t *buffer, size_t capacity) {
    samples = buffer;
    room = capacity;
    atomic_store(&taken, 0);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = take;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    if (sigaction(SIGPROF, &action, &former) != 0) return errno;
    struct timeval tick = {0, 1000000 / hertz};
    struct itimerval timer = {tick, tick};
    return setitimer(ITIMER_PROF, &timer, NULL) == 0 ? 0 : errno;
}

size_t sampler_stop(void) {
    struct itimerval never;
    memset(&never, 0, sizeof never);
    setitimer(ITIMER_PROF, &never, NULL);
    sigaction(SIGPROF, &former, NULL);
    return atomic_load(&taken);
}

// Part of the Swift runtime (swift/Demangling/Demangle.h).
char *swift_demangle(const char *name, size_t length, char *out, size_t *size, uint32_t flags);

char *sampler_demangle(const char *symbol) {
    return swift_demangle(symbol, strlen(symbol), NULL, NULL, 0);
}

static int note_first(struct dl_phdr_info *information, size_t size, void *slide) {
    (void)size;
    *(uintptr_t *)slide = information->dlpi_addr;
    return 1;
}

uintptr_t sampler_slide(void) {
    uintptr_t slide = 0;
    // The first that is visited is the program itself.
    dl_iterate_phdr(note_first, &slide);
    return slide;
}

int sampler_library(uintptr_t address, const char **path, const char **function) {
    Dl_info place;
    if (dladdr((void *)address, &place) == 0) return 0;
    *path = place.dli_fname;
    *function = place.dli_sname;
    return 1;
}
