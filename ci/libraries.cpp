// The pieces of 'wavetank bench micro' that libraries have too: NAME, processor seconds, how much.
// libraries FOLDER ROUNDS. The work of each piece is that of MicroBenchmark.swift, its best round.
#include <hnswlib/hnswlib.h>
#include <nmmintrin.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <sys/resource.h>
#include <zstd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

static double processorSeconds() {
    rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec +
           (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void measure(const char *name, int rounds, const std::function<long()> &work) {
    double best = 1e9;
    long count = 0;
    for (int round = 0; round < rounds; round++) {
        double before = processorSeconds();
        count = work();
        best = std::min(best, std::max(processorSeconds() - before, 1e-6));
    }
    std::printf("%s\t%.9f\t%ld\n", name, best, count);
}

static std::string text(size_t size) {
    std::mt19937 random(1);
    std::string bytes;
    while (bytes.size() < size) {
        bytes += "customer " + std::to_string(random() % 5000) + " ordered ";
        bytes += std::to_string(random() % 90) + " of product ";
        bytes += std::to_string(random() % 400) + ";";
    }
    bytes.resize(size);
    return bytes;
}

static std::string key(unsigned number) {
    std::string bytes(8, '\0');
    for (int place = 0; place < 4; place++) bytes[7 - place] = char(number >> (8 * place));
    return bytes;
}

// 200 batches of 100 rows of 100 bytes into 20,000 keys; tables of half a megabyte, no log, no
// compression, as the engine's rows have it.
static rocksdb::DB *putRows(const std::string &folder) {
    std::filesystem::remove_all(folder);
    rocksdb::Options options;
    options.create_if_missing = true;
    options.write_buffer_size = 512 * 1024;
    options.compression = rocksdb::kNoCompression;
    rocksdb::BlockBasedTableOptions table;
    table.checksum = rocksdb::kCRC32c;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::DB *store = nullptr;
    if (!rocksdb::DB::Open(options, folder, &store).ok()) std::exit(1);
    rocksdb::WriteOptions unlogged;
    unlogged.disableWAL = true;
    std::mt19937 random(3);
    std::string value(100, '\7');
    for (int round = 0; round < 200; round++) {
        rocksdb::WriteBatch batch;
        for (int row = 0; row < 100; row++) batch.Put(key(random() % 20000), value);
        if (!store->Write(unlogged, &batch).ok()) std::exit(1);
    }
    return store;
}

static std::vector<float> vectorOf(unsigned number) {
    std::mt19937 random(number);
    std::vector<float> vector(32);
    for (float &element : vector) element = (int(random() % 2001) - 1000) / 1000.0f;
    return vector;
}

static hnswlib::HierarchicalNSW<float> *fillVectors(hnswlib::L2Space &space) {
    auto *index = new hnswlib::HierarchicalNSW<float>(&space, 4000, 16, 100);
    for (unsigned number = 0; number < 2000; number++)
        index->addPoint(vectorOf(number).data(), number);
    return index;
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    std::string folder = std::string(arguments[1]) + "/rows";
    int rounds = std::atoi(arguments[2]);
    std::string bytes = text(1 << 20);
    unsigned long sink = 0;
    measure("CRC-32C", rounds, [&] {
        for (unsigned seed = 0; seed < 64; seed++) {
            unsigned long sum = seed;
            for (size_t place = 0; place < bytes.size(); place += 8)
                sum = _mm_crc32_u64(sum, *reinterpret_cast<const unsigned long *>(&bytes[place]));
            sink ^= sum;
        }
        return long(bytes.size() * 64);
    });
    std::string packed(ZSTD_compressBound(bytes.size()), '\0');
    size_t size = 0;
    measure("zstd compress", rounds, [&] {
        size = ZSTD_compress(&packed[0], packed.size(), bytes.data(), bytes.size(), 3);
        return long(bytes.size());
    });
    std::string unpacked(bytes.size(), '\0');
    measure("zstd decompress", rounds, [&] {
        return long(ZSTD_decompress(&unpacked[0], unpacked.size(), packed.data(), size));
    });
    measure("rows put", rounds, [&] {
        delete putRows(folder);
        return 20000L;
    });
    measure("rows put and get", rounds, [&] {
        rocksdb::DB *store = putRows(folder);
        std::mt19937 random(4);
        std::string value;
        for (int row = 0; row < 20000; row++)
            sink += store->Get(rocksdb::ReadOptions(), key(random() % 20000), &value).ok();
        delete store;
        return 40000L;
    });
    hnswlib::L2Space space(32);
    measure("vector insert", rounds, [&] {
        delete fillVectors(space);
        return 2000L;
    });
    measure("vector insert and search", rounds, [&] {
        auto *index = fillVectors(space);
        index->setEf(100);
        for (unsigned number = 0; number < 1000; number++)
            sink += index->searchKnn(vectorOf(number + 9999).data(), 10).size();
        delete index;
        return 3000L;
    });
    std::fprintf(stderr, "%lu\n", sink);
    return 0;
}
