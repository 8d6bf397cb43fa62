#include "CChecksum.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <arm_acle.h>
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#endif

// Slicing by eight: table[k][b] is the remainder of byte b followed by k zero bytes. The tables are
// made before main, so that no thread ever sees them half done.
static uint32_t castagnoli[8][256];
static uint32_t zlib_polynomial[8][256];
static int has_instruction = 0;

static void make_table(uint32_t table[8][256], uint32_t reversed_polynomial) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t remainder = byte;
        for (int bit = 0; bit < 8; bit++)
            remainder = (remainder >> 1) ^ ((remainder & 1) ? reversed_polynomial : 0);
        table[0][byte] = remainder;
    }
    for (int slice = 1; slice < 8; slice++)
        for (uint32_t byte = 0; byte < 256; byte++)
            table[slice][byte] =
                (table[slice - 1][byte] >> 8) ^ table[0][table[slice - 1][byte] & 255];
}

__attribute__((constructor)) static void prepare(void) {
    make_table(castagnoli, 0x82F63B78u);
    make_table(zlib_polynomial, 0xEDB88320u);
#if defined(__x86_64__)
    has_instruction = __builtin_cpu_supports("sse4.2") != 0;
#elif defined(__aarch64__) && defined(__linux__)
    has_instruction = (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#endif
}

static uint32_t by_table(
    const uint32_t table[8][256], uint32_t seed, const uint8_t *bytes, size_t count) {
    uint32_t crc = ~seed;
    while (count >= 8) {
        uint32_t low, high;
        memcpy(&low, bytes, 4);
        memcpy(&high, bytes + 4, 4);
        low ^= crc;
        crc = table[7][low & 255] ^ table[6][(low >> 8) & 255] ^ table[5][(low >> 16) & 255]
            ^ table[4][low >> 24] ^ table[3][high & 255] ^ table[2][(high >> 8) & 255]
            ^ table[1][(high >> 16) & 255] ^ table[0][high >> 24];
        bytes += 8;
        count -= 8;
    }
    while (count--) crc = (crc >> 8) ^ table[0][(crc ^ *bytes++) & 255];
    return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_instruction(
    uint32_t seed, const uint8_t *bytes, size_t count) {
    uint64_t crc = (uint32_t)~seed;
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        crc = _mm_crc32_u64(crc, word);
        bytes += 8;
        count -= 8;
    }
    uint32_t tail = (uint32_t)crc;
    while (count--) tail = _mm_crc32_u8(tail, *bytes++);
    return ~tail;
}
#elif defined(__aarch64__) && defined(__linux__)
__attribute__((target("+crc"))) static uint32_t by_instruction(
    uint32_t seed, const uint8_t *bytes, size_t count) {
    uint32_t crc = ~seed;
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        crc = __crc32cd(crc, word);
        bytes += 8;
        count -= 8;
    }
    while (count--) crc = __crc32cb(crc, *bytes++);
    return ~crc;
}
#else
static uint32_t by_instruction(uint32_t seed, const uint8_t *bytes, size_t count) {
    return by_table((const uint32_t(*)[256])castagnoli, seed, bytes, count);
}
#endif

uint32_t wavetank_crc32c(uint32_t seed, const void *bytes, size_t count) {
    if (has_instruction) return by_instruction(seed, bytes, count);
    return by_table((const uint32_t(*)[256])castagnoli, seed, bytes, count);
}

uint32_t wavetank_crc32c_table(uint32_t seed, const void *bytes, size_t count) {
    return by_table((const uint32_t(*)[256])castagnoli, seed, bytes, count);
}

uint32_t wavetank_crc32(uint32_t seed, const void *bytes, size_t count) {
    return by_table((const uint32_t(*)[256])zlib_polynomial, seed, bytes, count);
}
