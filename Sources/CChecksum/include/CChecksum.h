#pragma once
#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli) of `bytes`, going on from `seed`: the checksum of what came before, or 0.
uint32_t wavetank_crc32c(uint32_t seed, const void *bytes, size_t count);

/// The same by the table that machines without the instruction use; for tests.
uint32_t wavetank_crc32c_table(uint32_t seed, const void *bytes, size_t count);

/// CRC-32 of zlib, gzip and PNG, going on from `seed`.
uint32_t wavetank_crc32(uint32_t seed, const void *bytes, size_t count);

/// SHA-256 (FIPS 180-4) of `bytes`.
void wavetank_sha256(const void *bytes, size_t count, uint8_t digest[32]);
