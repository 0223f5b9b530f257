// Counts the 256 corner patterns that a binary mask shows to marching cubes, and sums the positions of the cubes.
//
// Area and volume of the mesh at level 0.5 depend on each cube only through its pattern (and, for the volume, its position),
// so integer counts are all that has to be gathered from the voxels: one pass, exact, the same at every SIMD level.
// Cost: about one load and one add per voxel; a row of four neighbours gives the pattern, the next step reuses half of it.
#include "levels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

// mask: uint8 (0 or 1), C order, shape (I, J, K), K fastest. The cube at (i, j, k) has its corners at i..i+1, j..j+1, k..k+1, from -1.
// Corner bit order: bit 0 (i,j,k), 1 (i+1,j,k), 2 (i+1,j+1,k), 3 (i,j+1,k), then the same four at k+1.
static void cube_patterns(const uint8_t* mask, const int64_t shape[3], int64_t counts[256], int64_t sums[256 * 3]) {
    const int64_t I = shape[0], J = shape[1], K = shape[2];
    for (int p = 0; p < 256; ++p) {
        counts[p] = 0;
        sums[3 * p] = sums[3 * p + 1] = sums[3 * p + 2] = 0;
    }
    const auto row = [&](int64_t i, int64_t j) -> const uint8_t* {
        return (i < 0 || i >= I || j < 0 || j >= J) ? nullptr : mask + (i * J + j) * K;
    };
    for (int64_t i = -1; i < I; ++i) {
        for (int64_t j = -1; j < J; ++j) {
            const uint8_t* a = row(i, j);
            const uint8_t* b = row(i + 1, j);
            const uint8_t* c = row(i + 1, j + 1);
            const uint8_t* d = row(i, j + 1);
            unsigned low = 0;
            for (int64_t k = -1; k < K; ++k) {
                const int64_t n = k + 1;
                unsigned high = 0;
                if (n < K) {
                    high = (a ? a[n] : 0u) | (b ? b[n] : 0u) << 1 | (c ? c[n] : 0u) << 2 | (d ? d[n] : 0u) << 3;
                }
                const unsigned pattern = low | high << 4;
                if (pattern != 0 && pattern != 255) {
                    counts[pattern] += 1;
                    sums[3 * pattern] += i;
                    sums[3 * pattern + 1] += j;
                    sums[3 * pattern + 2] += k;
                }
                low = high;
            }
        }
    }
}

Kernels kernels() {
    Kernels table{};
#define RADIOTYPE_TEXT(x) #x
#define RADIOTYPE_NAME(x) RADIOTYPE_TEXT(x)
    table.level = RADIOTYPE_NAME(RADIOTYPE_LEVEL);
    table.cube_patterns = cube_patterns;
    return table;
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
