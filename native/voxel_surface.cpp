// The boundary squares of a voxel solid as a mesh: corners of the grid as vertices, x fastest; squares seen from outside run
// counter-clockwise, sorted by the side they face (+x, +y, +z, -x, -y, -z), then by voxel, x fastest. Two layers of corner numbers are
// all that is kept, so the memory is that of the mesh. Cost: about 2 ns per voxel of the box.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

// voxels: (K, J, I) 0 or 1, I fastest, its outermost layers empty. layers: 2 J I integers of scratch. The sizes of vertices (x, y, z,
// counted from the corner between the empty border and the first voxel) and squares come from surface_counts.
void voxel_surface(const uint8_t* voxels, const int64_t shape[3], int32_t* layers, int32_t* vertices, int32_t* squares) {
    const int64_t K = shape[0], J = shape[1], I = shape[2];
    const int64_t steps[6] = {1, I, J * I, -1, -I, -J * I};
    int64_t next[6] = {};
    for (int64_t v = J * I; v < (K - 1) * J * I; ++v) {
        if (!voxels[v]) continue;
        for (int side = 0; side < 6; ++side) next[side] += !voxels[v + steps[side]];
    }
    int64_t before = 0;
    for (int side = 0; side < 6; ++side) {
        const int64_t count = next[side];
        next[side] = before;
        before += count;
    }
    int32_t n = 0;
    for (int64_t k = 1; k < K; ++k) {  // the corner (k, j, i) lies between the voxels k - 1 and k, j - 1 and j, i - 1 and i
        int32_t* layer = layers + (k & 1) * J * I;
        for (int64_t j = 1; j < J; ++j) {
            const uint8_t *d = voxels + (k * J + j) * I, *c = d - I, *b = d - J * I, *a = b - I;
            int low = 0;
            for (int64_t i = 1; i < I; ++i) {
                const int high = a[i] + b[i] + c[i] + d[i], sum = low + high;
                low = high;
                if (sum == 0 || sum == 8) continue;
                layer[j * I + i] = n;
                vertices[3 * n] = int32_t(i - 1);
                vertices[3 * n + 1] = int32_t(j - 1);
                vertices[3 * n + 2] = int32_t(k - 1);
                ++n;
            }
        }
        if (k == 1) continue;
        const int32_t* below = layers + ((k - 1) & 1) * J * I;
        for (int64_t j = 1; j + 1 < J; ++j) {
            for (int64_t i = 1; i + 1 < I; ++i) {
                const int64_t v = ((k - 1) * J + j) * I + i;
                if (!voxels[v]) continue;
                const auto corner = [&](int x, int y, int z) { return (z ? layer : below)[(j + y) * I + i + x]; };
                const auto emit = [&](int side, int32_t p, int32_t q, int32_t r, int32_t s) {
                    int32_t* to = squares + 4 * next[side]++;
                    to[0] = p;
                    to[1] = q;
                    to[2] = r;
                    to[3] = s;
                };
                if (!voxels[v + 1]) emit(0, corner(1, 0, 0), corner(1, 1, 0), corner(1, 1, 1), corner(1, 0, 1));
                if (!voxels[v + I]) emit(1, corner(0, 1, 0), corner(0, 1, 1), corner(1, 1, 1), corner(1, 1, 0));
                if (!voxels[v + J * I]) emit(2, corner(0, 0, 1), corner(1, 0, 1), corner(1, 1, 1), corner(0, 1, 1));
                if (!voxels[v - 1]) emit(3, corner(0, 0, 1), corner(0, 1, 1), corner(0, 1, 0), corner(0, 0, 0));
                if (!voxels[v - I]) emit(4, corner(1, 0, 0), corner(1, 0, 1), corner(0, 0, 1), corner(0, 0, 0));
                if (!voxels[v - J * I]) emit(5, corner(0, 1, 0), corner(1, 1, 0), corner(1, 0, 0), corner(0, 0, 0));
            }
        }
    }
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
