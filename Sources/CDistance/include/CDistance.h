#pragma once

#include <stdint.h>

// Sums over eight lanes in a fixed order, then a fixed tree: the same bits whichever instructions
// the processor has. No multiplication is fused with an addition.

// The sum of the products of two vectors of `count` elements, a multiple of eight.
float wavetank_products(const float *left, const float *right, int64_t count);

// The sum of their squared differences.
float wavetank_squares(const float *left, const float *right, int64_t count);

// Either sum for `node_count` of the vectors that lie `count` elements apart from `vectors` on,
// with one query; the next vectors are fetched into the cache while some are measured.
void wavetank_sums(int squares, const float *query, const float *vectors, int64_t count,
                   const int32_t *nodes, int64_t node_count, float *sums);

// The sums of the products of a query of whole numbers, of at most 2047, with `node_count` of the
// vectors that lie `count` numbers apart from `codes` on.
void wavetank_code_sums(const int16_t *query, const int8_t *codes, int64_t count,
                        const int32_t *nodes, int64_t node_count, int64_t *sums);
