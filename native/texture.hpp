// What the texture kernels share: rows of voxels as vectors, and the directions to a voxel's neighbours.
//
// The vectors are those of the compiler, as wide as a register, so one source serves every level; a lane that lies beyond the end of a
// line is computed and thrown away. Volumes have one empty voxel on every side, and 64 more at the end of the buffer, so no neighbour
// needs a check.
#pragma once
#include "kernels.hpp"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace radiotype {
namespace RADIOTYPE_LEVEL {
namespace {

#if defined(__AVX2__)
constexpr int64_t REGISTER = 32;
#else
constexpr int64_t REGISTER = 16;
#endif
typedef uint8_t Bytes __attribute__((vector_size(REGISTER), aligned(1), may_alias));
typedef uint16_t Words __attribute__((vector_size(REGISTER), aligned(2), may_alias));
typedef uint32_t Longs __attribute__((vector_size(REGISTER), aligned(4), may_alias));

// The vector of an element, and that of elements twice as wide, for sums.
template <class V> struct Of;
template <> struct Of<uint8_t> {
    typedef Bytes Vector;
    typedef Words Wide;
    typedef uint16_t Sum;
};
template <> struct Of<uint16_t> {
    typedef Words Vector;
    typedef Longs Wide;
    typedef uint32_t Sum;
};
template <class V> constexpr int64_t lanes() { return REGISTER / int64_t(sizeof(V)); }

// One bit per lane of a comparison: bit sizeof(V) x lane.
template <class V, class Comparison> inline uint32_t bits_where(const Comparison& comparison) {
    const uint32_t first_bytes = sizeof(V) == 1 ? ~uint32_t(0) : 0x55555555u;
#if defined(__AVX2__)
    __m256i all;
    __builtin_memcpy(&all, &comparison, sizeof all);
    return uint32_t(_mm256_movemask_epi8(all)) & first_bytes;
#elif defined(__SSE2__)
    __m128i all;
    __builtin_memcpy(&all, &comparison, sizeof all);
    return uint32_t(_mm_movemask_epi8(all)) & first_bytes;
#else
    uint8_t bytes[REGISTER];
    __builtin_memcpy(bytes, &comparison, sizeof bytes);
    uint32_t bits = 0;
    for (int64_t byte = 0; byte < REGISTER; ++byte) bits |= uint32_t(bytes[byte] & 1) << byte;
    return bits & first_bytes;
#endif
}

// The lowest lane of such bits.
template <class V> inline int64_t lowest(uint32_t bits) { return __builtin_ctz(bits) / int64_t(sizeof(V)); }

// The lanes that lie before the end of a line.
template <class V> inline uint32_t lanes_within(int64_t left) {
    return left * int64_t(sizeof(V)) >= 32 ? ~uint32_t(0) : (uint32_t(1) << (left * sizeof(V))) - 1;
}

// Steps (slice, row, column) to half of the neighbours; the other half are their opposites. The first four stay in the slice.
constexpr int8_t STEPS[13][3] = {{0, 0, 1},  {0, 1, -1}, {0, 1, 0},  {0, 1, 1},  {1, -1, -1}, {1, -1, 0}, {1, -1, 1},
                                 {1, 0, -1}, {1, 0, 0},  {1, 0, 1},  {1, 1, -1}, {1, 1, 0},   {1, 1, 1}};

inline int64_t step(const TextureVolume& volume, int n) {
    return (STEPS[n][0] * volume.n_rows + STEPS[n][1]) * volume.stride + STEPS[n][2];
}

// A line: the voxels of one row from the first to the last inside the region.
struct Line {
    int64_t slice, row, begin, n;  // `begin`: position of the first in the buffer

    Line(const TextureVolume& volume, int64_t index) {
        const int32_t* line = volume.lines + 4 * index;
        slice = line[0];
        row = line[1];
        begin = (slice * volume.n_rows + row) * volume.stride + line[2];
        n = line[3] - line[2];
    }
};

// Which set of tables a line belongs to: that of its slice, or the only one.
inline int64_t group(const TextureVolume& volume, const Line& line) {
    return volume.by_slice ? line.slice - volume.lines[0] : 0;
}

}  // namespace
}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
