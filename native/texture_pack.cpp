// Makes the volume that the texture kernels read: slices of rows, one empty voxel on every side, levels counted from 1.
//
// Two passes over the box that came in, in whatever order its axes lie in memory: the first finds the levels that occur and the box
// of the region, the second copies that box, 32 x 64 voxels at a time so that neither side jumps through memory. Cost: 1 ns per voxel
// of the box each.
#include "texture.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

// Whether 16 bytes of a line are zero.
template <class V> inline bool empty(const V* voxels) {
    uint64_t some[2];
    __builtin_memcpy(some, voxels, sizeof some);
    return (some[0] | some[1]) == 0;
}

}  // namespace

// counts: zeros, one for every level up to the highest; box: first and last + 1 along each axis.
void texture_scan(const LevelBox& source, int64_t* counts, int64_t box[6]) {
    // Axes from the widest to the narrowest step, so that the inner loop runs along memory.
    int order[3] = {0, 1, 2};
    for (int a = 0; a < 2; ++a)
        for (int b = 0; b < 2 - a; ++b)
            if (source.steps[order[b]] < source.steps[order[b + 1]]) {
                const int swapped = order[b];
                order[b] = order[b + 1];
                order[b + 1] = swapped;
            }
    for (int a = 0; a < 3; ++a) {
        box[2 * a] = source.shape[a];
        box[2 * a + 1] = 0;
    }
    const auto grow = [&](int axis, int64_t low, int64_t high) {
        if (low < box[2 * axis]) box[2 * axis] = low;
        if (high > box[2 * axis + 1]) box[2 * axis + 1] = high;
    };
    const int outer = order[0], middle = order[1], inner = order[2];
    const int64_t n = source.shape[inner], by = source.steps[inner];
    for (int64_t a = 0; a < source.shape[outer]; ++a) {
        for (int64_t b = 0; b < source.shape[middle]; ++b) {
            const uint16_t* line = source.levels + a * source.steps[outer] + b * source.steps[middle];
            int64_t low = 0, high = n;
            if (by == 1) {
                while (low + 8 <= n && empty(line + low)) low += 8;
                while (high - 8 >= low && empty(line + high - 8)) high -= 8;
            }
            while (low < n && !line[low * by]) ++low;
            if (low == n) continue;
            while (!line[(high - 1) * by]) --high;
            for (int64_t c = low; c < high; ++c) counts[line[c * by]] += 1;
            grow(outer, a, a + 1);
            grow(middle, b, b + 1);
            grow(inner, low, high);
        }
    }
}

namespace {

template <class V> void copy(const LevelBox& source, const uint16_t* map, V* out, int64_t n_rows, int64_t stride) {
    for (int64_t row = 0; row < source.shape[1]; ++row)
        for (int64_t slices = 0; slices < source.shape[0]; slices += 32)
            for (int64_t columns = 0; columns < source.shape[2]; columns += 64) {
                const int64_t slice_end = slices + 32 < source.shape[0] ? slices + 32 : source.shape[0];
                const int64_t column_end = columns + 64 < source.shape[2] ? columns + 64 : source.shape[2];
                for (int64_t slice = slices; slice < slice_end; ++slice) {
                    const uint16_t* in = source.levels + slice * source.steps[0] + row * source.steps[1];
                    V* to = out + ((slice + 1) * n_rows + row + 1) * stride + 1;
                    const int64_t by = source.steps[2];
                    if (map)
                        for (int64_t column = columns; column < column_end; ++column) to[column] = V(map[in[column * by]]);
                    else if (by == 1)
                        for (int64_t column = columns; column < column_end; ++column) to[column] = V(in[column]);
                    else
                        for (int64_t column = columns; column < column_end; ++column) to[column] = V(in[column * by]);
                }
            }
}

template <class V> int64_t find_lines(const LevelBox& source, const V* volume, int64_t n_rows, int64_t stride, int32_t* lines) {
    constexpr int64_t PIECE = 16 / int64_t(sizeof(V));
    int64_t count = 0;
    for (int64_t slice = 1; slice <= source.shape[0]; ++slice)
        for (int64_t row = 1; row <= source.shape[1]; ++row) {
            const V* voxels = volume + (slice * n_rows + row) * stride;
            int64_t first = 1, end = source.shape[2] + 1;
            while (first + PIECE <= end && empty(voxels + first)) first += PIECE;
            while (first < end && !voxels[first]) ++first;
            if (first == end) continue;
            while (end - PIECE >= first && empty(voxels + end - PIECE)) end -= PIECE;
            while (!voxels[end - 1]) --end;
            int32_t* line = lines + 4 * count++;
            line[0] = int32_t(slice);
            line[1] = int32_t(row);
            line[2] = int32_t(first);
            line[3] = int32_t(end);
        }
    return count;
}

}  // namespace

// map: what is written for each level; null for the level itself. out: zeros, (n_slices + 2, n_rows + 2, n_columns + 2) of `bytes` each, and 64 more.
int64_t texture_pack(const LevelBox& source, const uint16_t* map, void* out, int64_t bytes, int32_t* lines) {
    const int64_t n_rows = source.shape[1] + 2, stride = source.shape[2] + 2;
    if (bytes == 1) {
        copy(source, map, static_cast<uint8_t*>(out), n_rows, stride);
        return find_lines(source, static_cast<const uint8_t*>(out), n_rows, stride, lines);
    }
    copy(source, map, static_cast<uint16_t*>(out), n_rows, stride);
    return find_lines(source, static_cast<const uint16_t*>(out), n_rows, stride, lines);
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
