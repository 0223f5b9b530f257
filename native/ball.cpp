// Sums of the values in a ball around each voxel of a region.
//
// A ball is a bundle of columns along the fastest axis. Running sums along each line of the box turn the sum over a column into one
// difference, and columns of equal length share it: their running sums are added first. So a voxel costs one addition per column
// instead of one per voxel of the ball: at 1 mm 121 instead of 925. Values are whole numbers, made so by a scale that the caller
// chooses: their sums are exact in any order, 16 stand in a register, and running sums may wrap around since only that of a ball has
// to fit into 32 bits. Cost: about 8 ns per voxel at 1 mm.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

typedef uint32_t Sums __attribute__((vector_size(64), aligned(4), may_alias));
constexpr int64_t LANES = 16, BLOCK = 4 * LANES;
constexpr int32_t OUTSIDE = INT32_MIN;

inline Sums load(const uint32_t* from) { return *reinterpret_cast<const Sums*>(from); }

// Running sums of a line, with `reach` cells before it that hold 0 and `reach` after it that hold the total. A value that is not finite
// counts as 0, and with `ones` any other as 1.
void running_sums(const BallProblem& problem, const double* line, uint32_t* __restrict sums) {
    const int64_t n = problem.shape[2], reach = problem.reach;
    const double scale = problem.scale, middle = problem.middle;
    for (int64_t k = 0; k <= reach; ++k) sums[k] = 0;
    uint32_t* own = sums + reach + 1;
    for (int64_t k = 0; k < n; ++k) {
        const bool finite = line[k] - line[k] == 0.0;
        const double value = finite ? problem.ones ? 1.0 : (line[k] - middle) * scale : 0.0;
        own[k] = uint32_t(int32_t(value + (value < 0 ? -0.5 : 0.5)));
    }
    uint32_t total = 0;
    for (int64_t k = 0; k < n; ++k) own[k] = total += own[k];
    for (int64_t k = 0; k < reach; ++k) own[n + k] = total;
}

}  // namespace

void ball_sums(const BallProblem& problem, uint32_t* scratch, const uint32_t** lines, int32_t* sums) {
    const int64_t n_j = problem.shape[1], n_k = problem.shape[2], n_lines = problem.shape[0] * n_j, reach = problem.reach;
    const int64_t stride = n_k + 2 * reach + 1;
    uint32_t* nothing = scratch + n_lines * stride;  // a line outside the box
    uint32_t* together = nothing + stride + BLOCK;   // blocks reach beyond the end of a line
    for (int64_t line = 0; line < n_lines; ++line)
        running_sums(problem, problem.values + line * n_k, scratch + line * stride);
    for (int64_t k = 0; k < stride + BLOCK; ++k) nothing[k] = 0;

    for (int64_t row = 0; row < problem.own[0] * problem.own[1]; ++row) {
        const uint8_t* inside = problem.mask + row * problem.own[2];
        int32_t* __restrict out = sums + row * problem.own[2];
        int64_t begin = 0, end = problem.own[2];
        while (begin < end && !inside[begin]) ++begin;
        while (begin < end && !inside[end - 1]) --end;
        for (int64_t k = 0; k < problem.own[2]; ++k) out[k] = inside[k] ? 0 : OUTSIDE;
        if (begin == end) continue;
        const int64_t i = problem.first[0] + row / problem.own[1], j = problem.first[1] + row % problem.own[1];
        for (int64_t c = 0; c < problem.n_columns; ++c) {
            const int64_t a = i + problem.columns[3 * c], b = j + problem.columns[3 * c + 1];
            const bool there = a >= 0 && a < problem.shape[0] && b >= 0 && b < n_j;
            lines[c] = there ? scratch + (a * n_j + b) * stride : nothing;
        }
        const int64_t shift = problem.first[2] + reach;  // of the middle of a column in its line
        for (int64_t c = 0, next = 0; c < problem.n_columns; c = next) {
            const int64_t half = problem.columns[3 * c + 2];
            while (next < problem.n_columns && problem.columns[3 * next + 2] == half) ++next;
            const int64_t low = begin + shift - half, high = end + shift + half + 1;
            for (int64_t k = low; k < high; k += BLOCK) {
                Sums p = {}, q = {}, r = {}, s = {};
                for (int64_t column = c; column < next; ++column) {
                    const uint32_t* line = lines[column] + k;
                    p += load(line);
                    q += load(line + LANES);
                    r += load(line + 2 * LANES);
                    s += load(line + 3 * LANES);
                }
                Sums* to = reinterpret_cast<Sums*>(together + k);
                to[0] = p;
                to[1] = q;
                to[2] = r;
                to[3] = s;
            }
            const uint32_t *above = together + shift + half + 1, *below = together + shift - half;
            for (int64_t k = begin; k < end; ++k) out[k] = int32_t(uint32_t(out[k]) + (above[k] - below[k]));
        }
        for (int64_t k = begin; k < end; ++k) out[k] = inside[k] ? out[k] : OUTSIDE;
    }
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
