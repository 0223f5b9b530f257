// Counts pairs of neighbouring grey levels (GLCM) and runs of equal ones (GLRLM), in 13 directions, or 4 within slices.
//
// GLCM: one increment per voxel and direction, 6 ns per voxel for all thirteen while the tables fit the second cache. The pair is
// counted from one side only; the caller adds the transpose. A table holds row and column 0 for voxels outside, so nothing is ever
// tested. The caller keeps tables from starting at the same offset within 4096 bytes, or stores of one voxel would wait for one
// another (6 times slower).
//
// GLRLM: c(g, l), the voxels of level g that are l-th in their run, are the runs of at least l voxels. Only l >= 3 is counted here,
// voxel by voxel of the positions that a whole vector computes at once; the rest follows from what is known: c(g, 1) + c(g, 2) + ...
// are all voxels, and c(g, 2) + c(g, 3) + ... the diagonal of the GLCM. 3 to 10 ns per voxel for thirteen directions.
#include "texture.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {
namespace {

template <class V, int DIRECTIONS> void count_pairs(const TextureVolume& volume, uint32_t* tables, int64_t table) {
    const V* levels = static_cast<const V*>(volume.levels);
    const int64_t width = volume.n_levels + 1;
    int64_t to[DIRECTIONS];
    for (int d = 0; d < DIRECTIONS; ++d) to[d] = step(volume, d);
    for (int64_t l = 0; l < volume.n_lines; ++l) {
        const Line line(volume, l);
        const V* voxel = levels + line.begin;
        uint32_t* first = tables + group(volume, line) * DIRECTIONS * table;
        for (const V* end = voxel + line.n; voxel < end; ++voxel) {
            uint32_t* row = first + int64_t(*voxel) * width;
#pragma GCC unroll 13
            for (int d = 0; d < DIRECTIONS; ++d) row[d * table + voxel[to[d]]] += 1;
        }
    }
}

template <class V> void count_runs(const TextureVolume& volume, uint32_t* tables, int64_t longest, V* scratch) {
    typedef typename Of<V>::Vector Vector;
    const V* levels = static_cast<const V*>(volume.levels);
    const int64_t width = volume.n_levels + 1, table = (longest + 1) * width, n_directions = volume.planar ? 4 : 13;
    const int64_t plane = volume.n_rows * volume.stride + 2 * REGISTER, half = lanes<V>();
    for (int64_t l = 0; l < volume.n_lines; ++l) {
        const Line line(volume, l);
        const V* voxels = levels + line.begin;
        const int64_t where = line.begin - line.slice * volume.n_rows * volume.stride;
        uint32_t* counts = tables + group(volume, line) * n_directions * table;
        // Along the row the position depends on the voxel before. Length 0 keeps the number of voxels of each level.
        int64_t position = 0;
        V before = 0;
        for (int64_t x = 0; x < line.n; ++x) {
            const V level = voxels[x];
            position = level == before ? position + 1 : 1;
            before = level;
            counts[level] += 1;
            if (position >= 3) counts[position * width + level] += 1;
        }
        for (int d = 1; d < n_directions; ++d) {
            counts += table;
            // Positions of the last two slices are kept. Those of other slices are stale, but a run only goes on from a voxel of
            // the region, whose position has been written since.
            V* now = scratch + (2 * d + (line.slice & 1)) * plane + where;
            const int64_t back = STEPS[d][1] * volume.stride + STEPS[d][2];
            const V* last = scratch + (2 * d + ((line.slice - STEPS[d][0]) & 1)) * plane + where - back;
            const V* from = voxels - step(volume, d);
            const auto thirds = [&](int64_t x) -> uint64_t {
                if (x >= line.n) return 0;
                const Vector level = *reinterpret_cast<const Vector*>(voxels + x);
                const Vector other = *reinterpret_cast<const Vector*>(from + x);
                const Vector earlier = *reinterpret_cast<const Vector*>(last + x);
                const Vector next = (earlier & Vector(level == other)) + 1;
                *reinterpret_cast<Vector*>(now + x) = next;
                return bits_where<V>((next > 2) & (level != 0)) & lanes_within<V>(line.n - x);
            };
            for (int64_t x = 0; x < line.n; x += 2 * half) {  // two registers at a time: one loop over bits whose end is not foreseen
                for (uint64_t third = thirds(x) | thirds(x + half) << 32; third; third &= third - 1) {
                    const int64_t bit = __builtin_ctzll(third), at = x + (bit & 31) / int64_t(sizeof(V)) + (bit < 32 ? 0 : half);
                    counts[int64_t(now[at]) * width + voxels[at]] += 1;
                }
            }
        }
    }
}

}  // namespace

void texture_pairs(const TextureVolume& volume, uint32_t* tables, int64_t table) {
    if (volume.bytes == 1 && volume.planar) count_pairs<uint8_t, 4>(volume, tables, table);
    else if (volume.bytes == 1) count_pairs<uint8_t, 13>(volume, tables, table);
    else if (volume.planar) count_pairs<uint16_t, 4>(volume, tables, table);
    else count_pairs<uint16_t, 13>(volume, tables, table);
}

// tables: zeros, (groups, directions, longest + 1, n_levels + 1). scratch: zeros, 26 planes of the volume and 64 elements, each of its
// bytes. A run must be shorter than 256 in a volume of bytes.
void texture_runs(const TextureVolume& volume, uint32_t* tables, int64_t longest, void* scratch) {
    if (volume.bytes == 1) count_runs<uint8_t>(volume, tables, longest, static_cast<uint8_t*>(scratch));
    else count_runs<uint16_t>(volume, tables, longest, static_cast<uint16_t*>(scratch));
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
