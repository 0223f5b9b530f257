// For every voxel: how far its grey level is from the mean of its neighbours (NGTDM), and how many of them it resembles (NGLDM).
//
// One pass for both: sum, number and resembling number of the 26 (8 within a slice) neighbours of as many voxels as a register holds,
// then two increments per voxel. Sums of voxels in even and odd lanes stand in vectors of twice the width. Differences are summed as
// integers, |level x number - sum|, apart for each number of neighbours, and divided only at the end: the result does not depend on
// any order. 3 ns per voxel.
#include "texture.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {
namespace {

template <class V, bool PLANAR>
void compare(const TextureVolume& volume, int64_t alpha, uint64_t* differences, uint32_t* dependences) {
    typedef typename Of<V>::Vector Vector;
    typedef typename Of<V>::Wide Wide;
    typedef typename Of<V>::Sum Sum;
    constexpr int N = PLANAR ? 4 : 13, COLUMNS = 2 * N + 1;
    const V* levels = static_cast<const V*>(volume.levels);
    const V* values = static_cast<const V*>(volume.values);
    int64_t to[2 * N];
    for (int d = 0; d < N; ++d) {
        to[2 * d] = step(volume, d);
        to[2 * d + 1] = -to[2 * d];
    }
    const int64_t table = (volume.n_levels + 1) * COLUMNS;
    for (int64_t l = 0; l < volume.n_lines; ++l) {
        const Line line(volume, l);
        uint64_t* difference = differences + group(volume, line) * table;
        uint32_t* dependence = dependences + group(volume, line) * table;
        for (int64_t x = 0; x < line.n; x += lanes<V>()) {
            const V* voxels = values + line.begin + x;
            const Vector value = *reinterpret_cast<const Vector*>(voxels);
            Wide even = {}, odd = {};
            Vector number = {}, alike = {};
            for (int d = 0; d < 2 * N; ++d) {
                const Vector other = *reinterpret_cast<const Vector*>(voxels + to[d]);
                const Wide both = Wide(other);
                even += both & V(~V(0));
                odd += both >> int(8 * sizeof(V));
                number -= Vector(other != 0);
                if (alpha == 0) {
                    alike -= Vector(other == value);
                } else {
                    const Vector apart = other > value ? other - value : value - other;
                    alike -= Vector((apart <= V(alpha)) & (other != 0));
                }
            }
            Sum sums[2][lanes<V>() / 2];
            V numbers[lanes<V>()], likes[lanes<V>()];
            __builtin_memcpy(sums[0], &even, sizeof even);
            __builtin_memcpy(sums[1], &odd, sizeof odd);
            __builtin_memcpy(numbers, &number, sizeof numbers);
            __builtin_memcpy(likes, &alike, sizeof likes);
            const V* level = levels + line.begin + x;
            const int64_t count = line.n - x < lanes<V>() ? line.n - x : lanes<V>();
            for (int64_t t = 0; t < count; ++t) {
                const int64_t apart = int64_t(voxels[t]) * numbers[t] - int64_t(sums[t & 1][t >> 1]);
                const int64_t row = int64_t(level[t]) * COLUMNS;
                // Without neighbours there is no difference; that cell counts such voxels.
                difference[row + numbers[t]] += numbers[t] ? uint64_t(apart < 0 ? -apart : apart) : 1;
                dependence[row + likes[t]] += 1;
            }
        }
    }
}

}  // namespace

// differences, dependences: zeros, (groups, n_levels + 1, 27 or 9 if planar).
void texture_neighbours(const TextureVolume& volume, int64_t alpha, uint64_t* differences, uint32_t* dependences) {
    if (volume.bytes == 1 && volume.planar) compare<uint8_t, true>(volume, alpha, differences, dependences);
    else if (volume.bytes == 1) compare<uint8_t, false>(volume, alpha, differences, dependences);
    else if (volume.planar) compare<uint16_t, true>(volume, alpha, differences, dependences);
    else compare<uint16_t, false>(volume, alpha, differences, dependences);
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
