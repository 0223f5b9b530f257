// Counts pairs of neighbouring grey levels (GLCM) and runs of equal ones (GLRLM), in 13 directions, or 4 within slices.
//
// GLCM: one increment per voxel and direction, 7 ns per voxel for all thirteen while the tables fit the second cache. The pair is counted
// from one side only; the caller adds the transpose. A table holds row and column 0 for voxels outside, so nothing is ever tested. The
// caller keeps tables from starting at the same offset within 4096 bytes, or stores of one voxel would wait for one another (6 x slower).
//
// GLRLM: c(g, l), the voxels of level g that are l-th in their run, are the runs of at least l voxels. Only l >= 3 is counted here, voxel by
// voxel of the positions that a whole vector computes at once; the rest follows from what is known: c(g, 1) + c(g, 2) + ... are all voxels,
// and c(g, 2) + c(g, 3) + ... the diagonal of the GLCM. 10 ns per voxel for thirteen directions.
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

// P: type of a position within a run.
template <class V, class P> void count_runs(const TextureVolume& volume, uint32_t* tables, int64_t longest, void* scratch) {
    typedef typename LanesOf<V>::Vector Vector;
    typedef typename LanesOf<P>::Vector Positions;
    const V* levels = static_cast<const V*>(volume.levels);
    const int64_t width = volume.n_levels + 1, table = (longest + 1) * width, n_directions = volume.planar ? 4 : 13;
    const int64_t plane = volume.n_rows * volume.stride + 2 * LANES;
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
            // Positions of the last two slices are kept. Those of other slices are stale, but a run only goes on from a voxel of the
            // region, whose position has been written since.
            P* now = static_cast<P*>(scratch) + (2 * d + (line.slice & 1)) * plane + where;
            const int64_t back = (STEPS[d][1] * volume.stride) + STEPS[d][2];
            const P* last = static_cast<P*>(scratch) + (2 * d + ((line.slice - STEPS[d][0]) & 1)) * plane + where - back;
            const V* from = voxels - step(volume, d);
            for (int64_t x = 0; x < line.n; x += LANES) {
                const Vector level = *reinterpret_cast<const Vector*>(voxels + x);
                const Vector other = *reinterpret_cast<const Vector*>(from + x);
                const Positions earlier = *reinterpret_cast<const Positions*>(last + x);
                const Positions same = __builtin_convertvector(level == other, Positions);  // all bits, or none
                const Positions next = (earlier & same) + 1;
                *reinterpret_cast<Positions*>(now + x) = next;
                uint32_t lanes = bits_where(next > 2) & bits_where(level != 0) & lanes_within(line.n - x);
                while (lanes) {
                    const int64_t at = x + __builtin_ctz(lanes);
                    lanes &= lanes - 1;
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

// tables: zeros, (groups, directions, longest + 1, n_levels + 1). scratch: zeros, texture_run_bytes().
void texture_runs(const TextureVolume& volume, uint32_t* tables, int64_t longest, void* scratch) {
    if (volume.bytes == 1 && longest < 256) count_runs<uint8_t, uint8_t>(volume, tables, longest, scratch);
    else if (volume.bytes == 1) count_runs<uint8_t, uint16_t>(volume, tables, longest, scratch);
    else if (longest < 256) count_runs<uint16_t, uint8_t>(volume, tables, longest, scratch);
    else count_runs<uint16_t, uint16_t>(volume, tables, longest, scratch);
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
