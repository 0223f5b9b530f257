// What the texture kernels share: rows of voxels as vectors of 32 lanes, and the directions to a voxel's neighbours.
//
// The vectors are those of the compiler, so one source serves every level; a lane that lies beyond the end of a line is computed and
// thrown away. Volumes have one empty voxel on every side, and 64 more at the end of the buffer, so no neighbour needs a check.
#pragma once
#include "kernels.hpp"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace radiotype {
namespace RADIOTYPE_LEVEL {
namespace {

constexpr int64_t LANES = 32;
typedef uint8_t Bytes __attribute__((vector_size(LANES), aligned(1), may_alias));
typedef int8_t ByteMask __attribute__((vector_size(LANES)));
typedef uint16_t Words __attribute__((vector_size(2 * LANES), aligned(2), may_alias));
typedef uint32_t Longs __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

template <class V> struct LanesOf;
template <> struct LanesOf<uint8_t> {
    typedef Bytes Vector;
    typedef Words Sum;
    typedef uint16_t SumOf;
};
template <> struct LanesOf<uint16_t> {
    typedef Words Vector;
    typedef Longs Sum;
    typedef uint32_t SumOf;
};

// One bit per lane of a comparison, lane 0 lowest.
inline uint32_t bits_of(const ByteMask& mask) {
#if defined(__AVX2__)
    __m256i all;
    __builtin_memcpy(&all, &mask, sizeof all);
    return uint32_t(_mm256_movemask_epi8(all));
#elif defined(__SSE2__)
    __m128i half[2];
    __builtin_memcpy(half, &mask, sizeof half);
    return uint32_t(_mm_movemask_epi8(half[0])) | uint32_t(_mm_movemask_epi8(half[1])) << 16;
#else
    uint32_t bits = 0;
    for (int lane = 0; lane < LANES; ++lane) bits |= uint32_t(mask[lane] & 1) << lane;
    return bits;
#endif
}

template <class Comparison> inline uint32_t bits_where(const Comparison& comparison) {
    const ByteMask mask = __builtin_convertvector(comparison, ByteMask);
    return bits_of(mask);
}

// The lanes that lie before the end of a line.
inline uint32_t lanes_within(int64_t left) { return left >= LANES ? ~uint32_t(0) : (uint32_t(1) << left) - 1; }

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
