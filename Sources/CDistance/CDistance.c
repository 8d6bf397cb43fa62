#include "CDistance.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

typedef float lanes __attribute__((vector_size(32)));
// Where the vectors lie is any multiple of four bytes.
typedef float loose_lanes __attribute__((vector_size(32), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
#define AT(from, place) (*(const loose_lanes *)((from) + (place)))

INLINE float total(const lanes *sum) {
    const lanes s = *sum;
    float a = s[0] + s[4], b = s[1] + s[5], c = s[2] + s[6], d = s[3] + s[7];
    return (a + c) + (b + d);
}

INLINE void add(int is_squares, lanes *sum, const float *left, const float *right, int64_t place) {
    if (is_squares) {
        const lanes difference = AT(left, place) - AT(right, place);
        *sum += difference * difference;
    } else {
        *sum += AT(left, place) * AT(right, place);
    }
}

INLINE float measure(int is_squares, const float *left, const float *right, int64_t count) {
    lanes sum = {0};
    for (int64_t place = 0; place < count; place += 8) add(is_squares, &sum, left, right, place);
    return total(&sum);
}

INLINE void fetch(const float *vector, int64_t count) {
    // Once it sees where it goes, the processor fetches the rest by itself.
    int64_t end = count < 64 ? count : 64;
    for (int64_t place = 0; place < end; place += 16) __builtin_prefetch(vector + place);
}

// Four vectors at a time: each has its own chain of additions, so none waits for another's.
INLINE void measure_all(int is_squares, const float *query, const float *vectors, int64_t count,
                        const int32_t *nodes, int64_t node_count, float *sums) {
    int64_t node = 0;
    for (; node + 4 <= node_count; node += 4) {
        const float *v0 = vectors + nodes[node] * count;
        const float *v1 = vectors + nodes[node + 1] * count;
        const float *v2 = vectors + nodes[node + 2] * count;
        const float *v3 = vectors + nodes[node + 3] * count;
        for (int64_t next = node + 4; next < node + 8 && next < node_count; next++)
            fetch(vectors + nodes[next] * count, count);
        lanes s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
        for (int64_t place = 0; place < count; place += 8) {
            add(is_squares, &s0, query, v0, place);
            add(is_squares, &s1, query, v1, place);
            add(is_squares, &s2, query, v2, place);
            add(is_squares, &s3, query, v3, place);
        }
        sums[node] = total(&s0);
        sums[node + 1] = total(&s1);
        sums[node + 2] = total(&s2);
        sums[node + 3] = total(&s3);
    }
    for (; node < node_count; node++)
        sums[node] = measure(is_squares, query, vectors + nodes[node] * count, count);
}

// One of these is chosen for each sum, so that neither loop asks which one it is.
INLINE void measure_either(int is_squares, const float *query, const float *vectors, int64_t count,
                           const int32_t *nodes, int64_t node_count, float *sums) {
    if (is_squares)
        measure_all(1, query, vectors, count, nodes, node_count, sums);
    else
        measure_all(0, query, vectors, count, nodes, node_count, sums);
}

#if defined(__x86_64__)
// Set before main, so that no thread ever sees it change.
static int has_wide_lanes = 0;

__attribute__((constructor)) static void prepare(void) {
    has_wide_lanes = __builtin_cpu_supports("avx") != 0;
}

#define WIDE __attribute__((target("avx"))) static
#else
#define has_wide_lanes 0
#define WIDE static
#endif

WIDE float wide(int is_squares, const float *left, const float *right, int64_t count) {
    return is_squares ? measure(1, left, right, count) : measure(0, left, right, count);
}

WIDE void wide_all(int is_squares, const float *query, const float *vectors, int64_t count,
                   const int32_t *nodes, int64_t node_count, float *sums) {
    measure_either(is_squares, query, vectors, count, nodes, node_count, sums);
}

float wavetank_products(const float *left, const float *right, int64_t count) {
    return has_wide_lanes ? wide(0, left, right, count) : measure(0, left, right, count);
}

float wavetank_squares(const float *left, const float *right, int64_t count) {
    return has_wide_lanes ? wide(1, left, right, count) : measure(1, left, right, count);
}

void wavetank_sums(int is_squares, const float *query, const float *vectors, int64_t count,
                   const int32_t *nodes, int64_t node_count, float *sums) {
    if (has_wide_lanes)
        wide_all(is_squares, query, vectors, count, nodes, node_count, sums);
    else
        measure_either(is_squares, query, vectors, count, nodes, node_count, sums);
}

// Whole numbers add up to the same in any order: here the compiler may choose the lanes. No sum of
// a block overflows: 2047 x 127 x 4096 is less than 2^31.
INLINE int64_t measure_codes(const int16_t *query, const int8_t *codes, int64_t count) {
    int64_t sum = 0;
    for (int64_t start = 0; start < count; start += 4096) {
        const int64_t end = start + 4096 < count ? start + 4096 : count;
        int32_t part = 0;
        for (int64_t place = start; place < end; place++)
            part += (int32_t)query[place] * (int32_t)codes[place];
        sum += part;
    }
    return sum;
}

INLINE void measure_all_codes(const int16_t *query, const int8_t *codes, int64_t count,
                              const int32_t *nodes, int64_t node_count, int64_t *sums) {
    for (int64_t node = 0; node < node_count; node++) {
        if (node + 2 < node_count) {
            const int8_t *next = codes + nodes[node + 2] * count;
            for (int64_t place = 0; place < count && place < 256; place += 64)
                __builtin_prefetch(next + place);
        }
        sums[node] = measure_codes(query, codes + nodes[node] * count, count);
    }
}

#if defined(__x86_64__)
static int has_wide_integers = 0;

__attribute__((constructor)) static void prepare_integers(void) {
    has_wide_integers = __builtin_cpu_supports("avx2") != 0;
}

#define WIDE_INTEGERS __attribute__((target("avx2"))) static
#else
#define has_wide_integers 0
#define WIDE_INTEGERS static
#endif

WIDE_INTEGERS void wide_code_sums(const int16_t *query, const int8_t *codes, int64_t count,
                                  const int32_t *nodes, int64_t node_count, int64_t *sums) {
    measure_all_codes(query, codes, count, nodes, node_count, sums);
}

void wavetank_code_sums(const int16_t *query, const int8_t *codes, int64_t count,
                        const int32_t *nodes, int64_t node_count, int64_t *sums) {
    if (has_wide_integers)
        wide_code_sums(query, codes, count, nodes, node_count, sums);
    else
        measure_all_codes(query, codes, count, nodes, node_count, sums);
}
